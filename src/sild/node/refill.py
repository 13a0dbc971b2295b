"""What a restore does once Django runs on the restored folder: database, files, and the line in the audit trail."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from django.core.management import call_command
from django.db import connection, connections

from sild.exchange import blobs
from sild.language import gettext as _
from sild.node import dumps
from sild.node.backup_format import POSTGRESQL, BackupError
from sild.people import audit
from sild.people.actor import Actor

if TYPE_CHECKING:
    from sild.node.restore import Verified


def refill(verified: Verified) -> None:
    """Put the database and the files where the restored settings say.

    Raises:
        BackupError: the settings name another kind of database than was backed up, or one that is not empty.
        BlobError: the store fails.
    """
    manifest = verified.manifest
    if connection.vendor != manifest.database:
        told = _("The backup is of a %(had)s database; DATABASE_URL names a %(has)s one.")
        raise BackupError(told % {"had": manifest.database, "has": connection.vendor})
    for name in manifest.files:
        if name.startswith("blobs/"):
            temporary = blobs.scratch() / "restoring"
            shutil.copyfile(verified.source / name, temporary)
            blobs.store().add("sha256:" + name.removeprefix("blobs/").replace("/", ""), temporary)
    if manifest.database == "postgresql":
        dumps.restore_postgresql(verified.source / POSTGRESQL)
    call_command("migrate", verbosity=0, interactive=False)
    facts = {"made": manifest.made, "log_size": manifest.log_size, "files": len(manifest.files)}
    audit.note(Actor.operator(), "node.restore", manifest.node, **facts)
    connections.close_all()
