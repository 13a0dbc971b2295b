"""Making a node's home folder: keys, secret, settings, database."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sild.language import gettext as _
from sild.node.config import CONFIG_FILE, SECRET_FILE, Config, ConfigError
from sild.trust.errors import TrustError
from sild.trust.identity import NodeKeys
from sild.trust.marks import Marks
from sild.trust.token import obtain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def create(
    home: Path, run: Path, node: str, *, title: str, pages: str, exchange: str, tokens: Mapping[str, str] | None = None
) -> NodeKeys:
    """Make the folder with new keys and settings; the settings are written last, so a cut-off attempt can be repeated.

    Args:
        home: the folder.
        run: where this machine remembers, until it restarts, how far a log was signed.
        node: the node's id.
        title: the name that people see; empty for the id.
        pages: host:port of the pages.
        exchange: host:port for partners.
        tokens: PKCS#11 URIs by role, for Ed25519 keys that are on a token, or are made there.

    Raises:
        ConfigError: there is a node in the folder already, an address has the wrong form, or the name is not allowed.
    """
    config = Config(home=home, node=node, pages=pages, exchange=exchange)
    if config.is_initialised:
        told = _("%(home)s holds a node already. Choose another SILD_HOME, or use it as it is: sild up.")
        raise ConfigError(told % {"home": home})
    config.address("pages")
    config.address("exchange")
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    try:
        on_tokens = {role: obtain(uri) for role, uri in (tokens or {}).items() if uri}
        keys = NodeKeys.generate(node, now=datetime.now(UTC), tokens=on_tokens)
        # New keys begin a new log: what this machine remembers is of a node that was in the same folder before.
        Marks.of(home, run).fleeting.unlink(missing_ok=True)
        keys.save(config.keys, os.environ.get("SILD_KEY_PASSPHRASE", "").encode() or None)
    except TrustError as error:
        raise ConfigError(str(error)) from error
    _write(home / SECRET_FILE, secrets.token_urlsafe(50) + "\n")
    settings = {"node": node, "title": title or node.capitalize(), "pages": pages, "exchange": exchange}
    _write(home / CONFIG_FILE, "".join(f"{name} = {_quote(value)}\n" for name, value in settings.items()))
    return keys


def _quote(value: str) -> str:
    """A TOML basic string."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _write(path: Path, text: str) -> None:
    """Write a private file so that it is whole or absent, even after a power cut."""
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
