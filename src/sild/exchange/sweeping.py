"""Removing files that nothing refers to any more."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from sild.exchange import blobs, transfer
from sild.exchange.models import Attachment, Blob
from sild.people import audit
from sild.people.enums import Right

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sild.people.actor import Actor

# A younger file may belong to a record that is being published right now.
GRACE = timedelta(days=1)


@dataclass(slots=True)
class Swept:
    """How many files went, how many bytes they had, and how many unfinished transfers went."""

    files: int = 0
    bytes: int = 0
    parts: int = 0


def attached() -> Iterable[str]:
    """The hashes that records name."""
    return Attachment.objects.values_list("hash", flat=True).iterator()


def sweep(actor: Actor) -> Swept:
    """Remove files that no record and no module refers to, and what unfinished transfers left.

    Raises:
        NotAllowedError: the actor does not administer.
        BlobError: the store fails.
    """
    actor.require(Right.ADMINISTER)
    swept = Swept(parts=transfer.clean())
    needed = {name for holder in blobs.holders for name in holder()}
    old = timezone.now() - GRACE
    for blob in Blob.objects.filter(kept__lt=old).defer("pieces").iterator():
        if blob.hash not in needed and _remove(blob):
            swept.files += 1
            swept.bytes += blob.size
    swept.files += _remove_strays()
    audit.note(actor, "exchange.sweep-files", **asdict(swept))
    return swept


@transaction.atomic
def _remove(blob: Blob) -> bool:
    """Remove a file with its row, unless it was kept again meanwhile: its row is locked until the bytes are gone."""
    row = Blob.objects.select_for_update().filter(pk=blob.pk, kept=blob.kept).first()
    if row is None:
        return False
    blobs.store().delete(blob.hash)
    row.delete()
    return True


def _remove_strays() -> int:
    """Remove bytes that have no row: their transaction was rolled back, or the node was killed in between."""
    strays = [name for name, age in blobs.store().names() if age > GRACE.total_seconds() and not _is_known(name)]
    for name in strays:
        blobs.store().delete(name)
    return len(strays)


def _is_known(name: str) -> bool:
    """Whether there is a row."""
    return Blob.objects.filter(hash=name).exists()
