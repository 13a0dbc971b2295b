"""The words `sild backup` and `sild restore`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from sild.exchange.terminal import Json, say
from sild.language import gettext as _
from sild.language import ngettext

if TYPE_CHECKING:
    from sild.node.restore import Verified
    from sild.trust.escrow import Lock, Opener

console = Console(highlight=False, markup=False, soft_wrap=True)
PASSPHRASE = "SILD_BACKUP_PASSPHRASE"  # noqa: S105 -- the name of a variable


def backup_command(
    target: Annotated[Path, typer.Argument(help="The folder to make.")],
    to: Annotated[
        Path | None, typer.Option(help="Seal the keys for this recovery key (the .pub of sild trust recovery-key).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Back up this node while it runs: database, log and files; its keys are sealed apart."""
    from sild.node import backup
    from sild.people.actor import Actor

    manifest = backup.make(Actor.operator(), target, _lock(to))
    facts = {"files": len(manifest.files), "bytes": manifest.size, "damaged": manifest.damaged}
    facts |= {"made": manifest.made, "log_size": manifest.log_size}
    told = ngettext(
        "Wrote %(target)s: %(files)d file, %(bytes)d bytes, log of %(log_size)d.",
        "Wrote %(target)s: %(files)d files, %(bytes)d bytes, log of %(log_size)d.",
        len(manifest.files),
    )
    say(facts, told % {"target": target, **facts}, as_json=as_json, wrap=False)
    for name in () if as_json else manifest.damaged:
        told = _("%(name)s is named by a record, but lost or damaged here; it is not in the backup.") % {"name": name}
        console.print(told, style="yellow")


def restore_command(
    source: Annotated[Path, typer.Argument(help="The backup's folder.")],
    key: Annotated[Path | None, typer.Option(help="The recovery key, when the keys are sealed for one.")] = None,
    fingerprint: Annotated[str, typer.Option(help="Of the node, as its officials know it.")] = "",
    check: Annotated[bool, typer.Option("--check", help="Only verify the backup; nothing is written.")] = False,
    as_json: Json = False,
) -> None:
    """Restore a backup into an empty SILD_HOME; every byte is verified first, and nothing is half restored."""
    from sild.node import config, restore

    verified = restore.verify(source, fingerprint)
    manifest = verified.manifest
    facts: dict[str, Any] = {"node": manifest.node, "made": manifest.made, "fingerprint": verified.fingerprint}
    facts |= {"log_size": manifest.log_size, "files": len(manifest.files)}
    if not check:
        home = config.load().home.absolute()
        with restore.staged(verified, home, _opener(key)) as folder:
            _fill(verified, folder)
    restored = _("Restored %(node)s, as it was at %(made)s.") % {"node": manifest.node, "made": manifest.made}
    done = _("Every file is as it was backed up.") if check else restored
    say(facts, f"{verified.sentence}\n{done}", as_json=as_json, wrap=False)


def _fill(verified: Verified, folder: Path) -> None:
    """Start Django in the restored folder, which is not yet the home, and do what needs the database and the store."""
    os.environ["SILD_HOME"] = str(folder)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sild.node.settings")
    import django

    django.setup()
    from sild.node import refill

    refill.refill(verified)


def _lock(to: Path | None) -> Lock:
    """What the keys are sealed with."""
    from sild.trust.keys import Public

    if to is not None:
        return Public.from_jwk(json.loads(to.read_text()))
    return _passphrase(_("Set it, or name a recovery key: --to FILE.pub"))


def _opener(key: Path | None) -> Opener:
    """What opens them."""
    from sild.trust import keystore

    if key is None:
        mend = _("Set it to the one under which the keys were sealed, or name the recovery key: --key FILE")
        return _passphrase(mend)
    [pair] = keystore.read(key, os.environ.get(PASSPHRASE, "").encode() or None)
    return pair


def _passphrase(mend: str) -> bytes:
    """The passphrase in the environment, where the list of processes does not show it."""
    from sild.node.backup_format import BackupError

    given = os.environ.get(PASSPHRASE, "")
    if not given:
        told = _("%(variable)s is not set, so the keys cannot be sealed or opened. %(mend)s")
        raise BackupError(told % {"variable": PASSPHRASE, "mend": mend})
    return given.encode()
