"""What this host offers a node, what is missing and how to get it."""

from __future__ import annotations

import socket
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sild.language import gettext as _
from sild.language import gettext_noops, ngettext, open_catalogue, word
from sild.sandbox.engine import default_isolation, levels
from sild.trust import selftest
from sild.trust.errors import TrustError
from sild.trust.identity import Identity, NodeKeys
from sild.trust.lifetimes import endings
from sild.trust.tls import GROUP, client_handshake, server_handshake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sild.node.config import Config


# Of the levels that are offered: behind endpoints, and level L1 for commands, which is looked at measure by measure.
FIRST_OPTIONAL = 2
# What the self-test says by itself; anything else is the error of a library.
TRIED = gettext_noops("works", "gave a wrong result")
PRIMITIVES = gettext_noops("canonical JSON", "HPKE X-Wing and AES-256-GCM")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `mend` says how to get what is missing."""

    name: str
    ok: bool
    detail: str
    mend: str = ""


def examine(config: Config) -> Iterator[Finding]:
    """Look at everything that a node needs, one finding after the other."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", sys.version_info >= (3, 11), version, _("Sild needs Python 3.11 or newer."))
    for check in selftest.run():
        name = _("cryptography: %(name)s") % {"name": word(check.name)}
        yield Finding(name, check.ok, _works(check), _("Install the pinned requirements again."))
    yield _hybrid_tls()
    yield from _isolation()
    yield _home(config)
    if config.is_initialised:
        yield _database()
        yield from _identity(config)


def _hybrid_tls() -> Finding:
    """Shake hands with ourselves and read the group that was negotiated."""
    keys = NodeKeys.generate("doctor", now=datetime.now(UTC))
    ours, theirs = socket.socketpair()
    server = threading.Thread(target=server_handshake, args=(theirs, keys), daemon=True)
    server.start()
    try:
        group = client_handshake(ours, keys)
    except (TrustError, OSError) as error:
        mend = _("Install the pinned cryptography and pyOpenSSL again.")
        return Finding(_("hybrid TLS"), False, str(error), mend)
    finally:
        server.join(5)
        ours.close()
        theirs.close()
    return Finding(_("hybrid TLS"), group == GROUP, _("TLS 1.3 with %(group)s") % {"group": group})


def _isolation() -> Iterator[Finding]:
    """What isolation can do here; without it no solution is run."""
    from sild.sandbox import details

    for one in map(details.finding, default_isolation().available()):
        yield Finding(_("isolation: %(name)s") % {"name": one.name}, one.ok, one.detail, one.mend)
    open_catalogue("sandbox")
    # A node does without the other levels, so what they lack is no fault of the host's.
    for row in levels.offered()[FIRST_OPTIONAL:]:
        name = _("isolation: %(level)s for %(what)s") % {"level": row["level"], "what": word(row["for"])}
        yield Finding(name, True, row["backend"] if row["ok"] else _("not here; why: sild sandbox levels"))


def _home(config: Config) -> Finding:
    """The home folder and its rights."""
    home: Path = config.home
    if not config.is_initialised:
        return Finding(_("home"), True, _("no node in %(home)s yet") % {"home": home}, "")
    private = home.stat().st_mode & 0o077 == 0
    return Finding(_("home"), private, str(home), _("Others can read it: chmod 700 %(home)s") % {"home": home})


def _identity(config: Config) -> Iterator[Finding]:
    """The node's keys and document, and what runs out soon."""
    try:
        identity = Identity.parse((config.keys / "identity.json").read_bytes(), on=datetime.now(UTC).date())
    except (TrustError, OSError) as error:
        yield Finding(_("identity"), False, str(error), _("Sign a new one with the root: sild trust rotate all"))
        return
    soon = endings(identity, datetime.now(UTC))
    if not soon:
        told = _("serial %(serial)s, until %(day)s") % {"serial": identity.serial, "day": identity.expires}
        yield Finding(_("identity"), True, told)
    for ending in soon:
        word = "all" if ending.what == "identity" else ending.what
        name = _("identity: %(what)s") % {"what": ending.what}
        told = _("ends on %(day)s") % {"day": f"{ending.ends:%Y-%m-%d}"}
        yield Finding(name, False, told, _("Rotate it: sild trust rotate %(what)s") % {"what": word})


def _database() -> Finding:
    """The database answers and its tables are those of this version."""
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return Finding(_("database"), False, str(error), _("Check DATABASE_URL and that the server runs."))
    name = f"{connection.vendor} {connection.settings_dict['NAME']}"
    count = len(waiting)
    mend = ngettext(
        "%(count)d migration waits: run sild migrate.", "%(count)d migrations wait: run sild migrate.", count
    )
    return Finding(_("database"), not waiting, name, mend % {"count": count})


def _works(check: selftest.Check) -> str:
    """What came of trying a primitive."""
    return word(check.detail) if check.detail in TRIED else check.detail
