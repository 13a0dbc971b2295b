"""What a backup is made of: the names of its parts and its manifest."""

from __future__ import annotations

from dataclasses import dataclass, field

FORMAT = "sild-backup/1"
MANIFEST = "manifest.json"
SIGNATURE = "manifest.json.sig.json"
KEYS = "keys.sealed"
SQLITE = "database.sqlite3"
POSTGRESQL = "database.pgdump"


class BackupError(Exception):
    """A backup that cannot be made or restored; the message says why and what to do."""

    code = "backup"


@dataclass(slots=True)
class Manifest:
    """What a backup holds.

    Attributes:
        node: whose it is.
        made: UTC time to the second at which the database was copied.
        database: `sqlite` or `postgresql`.
        log_size: leaves of the node's log at that moment.
        checkpoint: the newest signed statement of that log.
        files: SHA-256 in hex and size of each file, by its path in the backup.
        damaged: hashes of files that the database names, and that were lost or damaged before the backup was made.
    """

    node: str
    made: str
    database: str
    log_size: int
    checkpoint: str
    files: dict[str, dict[str, str | int]] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    format: str = FORMAT

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(int(one["size"]) for one in self.files.values())
