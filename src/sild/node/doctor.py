"""What this host offers a node, what is missing and how to get it."""

from __future__ import annotations

import socket
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sild.sandbox.engine import default_isolation
from sild.trust import selftest
from sild.trust.errors import TrustError
from sild.trust.identity import Identity, NodeKeys
from sild.trust.lifetimes import endings
from sild.trust.tls import GROUP, client_handshake, server_handshake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sild.node.config import Config


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
    yield Finding("Python", sys.version_info >= (3, 11), version, "Sild needs Python 3.11 or newer.")
    for check in selftest.run():
        yield Finding(f"cryptography: {check.name}", check.ok, check.detail, "Install the pinned requirements again.")
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
        return Finding("hybrid TLS", False, str(error), "Install the pinned cryptography and pyOpenSSL again.")
    finally:
        server.join(5)
        ours.close()
        theirs.close()
    return Finding("hybrid TLS", group == GROUP, f"TLS 1.3 with {group}")


def _isolation() -> Iterator[Finding]:
    """What isolation can do here; without it no solution is run."""
    for finding in default_isolation().available():
        yield Finding(f"isolation: {finding.name}", finding.ok, finding.detail, finding.mend)


def _home(config: Config) -> Finding:
    """The home folder and its rights."""
    home: Path = config.home
    if not config.is_initialised:
        return Finding("home", True, f"no node in {home} yet", "")
    private = home.stat().st_mode & 0o077 == 0
    return Finding("home", private, str(home), f"Others can read it: chmod 700 {home}")


def _identity(config: Config) -> Iterator[Finding]:
    """The node's keys and document, and what runs out soon."""
    try:
        identity = Identity.parse((config.keys / "identity.json").read_bytes(), on=datetime.now(UTC).date())
    except (TrustError, OSError) as error:
        yield Finding("identity", False, str(error), "Sign a new one with the root: sild trust rotate all")
        return
    soon = endings(identity, datetime.now(UTC))
    if not soon:
        yield Finding("identity", True, f"serial {identity.serial}, until {identity.expires}")
    for ending in soon:
        word = "all" if ending.what == "identity" else ending.what
        yield Finding(
            f"identity: {ending.what}", False, f"ends on {ending.ends:%Y-%m-%d}", f"Rotate it: sild trust rotate {word}"
        )


def _database() -> Finding:
    """The database answers and its tables are those of this version."""
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return Finding("database", False, str(error), "Check DATABASE_URL and that the server runs.")
    name = f"{connection.vendor} {connection.settings_dict['NAME']}"
    return Finding("database", not waiting, name, f"{len(waiting)} migrations wait: run sild migrate.")
