"""Fetching files that partners' records name: resumed at the byte where the link was cut, checked before they count.

Bytes are written as they come into a part in the scratch folder. A part is locked by whoever writes to it, and goes
when the file is here, when it turns out to be another one, and when nobody waits for it any more.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import structlog
from django.db import transaction

from sild.exchange import blobs, gate, own
from sild.exchange.errors import BlobError, ExchangeError, LinkDownError, TransferError
from sild.exchange.models import Attachment
from sild.exchange.outgoing import attachment_context
from sild.exchange.stores import PREFIX
from sild.trust.errors import TrustError
from sild.trust.sealed_blob import MAX_HEADER, opened, sealed_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from django.db.models import QuerySet

    from sild.exchange.client import Client, Part
    from sild.exchange.models import Partner

logger = structlog.get_logger(__name__)
PART = ".part"


def missing(partner: Partner) -> QuerySet[Attachment]:
    """Files that the partner's records name and that are not here yet, the smallest first."""
    rows = Attachment.objects.filter(record__issuer=partner.node, record__withdrawn=False, is_here=False)
    return rows.select_related("record").order_by("size", "pk")


def fetch_all(client: Client, partner: Partner) -> int:
    """Fetch what is missing; one file that fails stops no other. Returns how many came.

    Raises:
        ExchangeError: the last failure, once every file has been tried; what came of it is kept for the next time.
    """
    failure: ExchangeError | None = None
    came = 0
    for attachment in missing(partner):
        try:
            came += fetch(client, partner, attachment)
        except (LinkDownError, TransferError, BlobError) as error:
            failure = error
    clean()
    if failure is not None:
        raise failure
    return came


def fetch(client: Client, partner: Partner, attachment: Attachment) -> bool:
    """Fetch one file from where it stopped; False when another process is fetching it.

    Raises:
        LinkDownError: the link failed; what came is kept.
        TransferError: what came is not the file that its record names; it is thrown away.
        BlobError: it would fill the disk, or the store fails.
    """
    with _part_of(attachment) as part:
        if part is None:
            return False
        if blobs.has(attachment.hash):
            _arrived(attachment)
        else:
            part.fill(client, attachment)
            try:
                accept(partner, attachment, part.path)
            except TransferError:
                part.remove()
                raise
        part.remove()
    logger.info("attachment fetched", partner=partner.node, hash=attachment.hash, bytes=attachment.size)
    return True


def accept(partner: Partner, attachment: Attachment, received: Path) -> None:
    """Keep a file of a partner's record, unsealed if need be, and tell whoever waits for it.

    Args:
        partner: whose record it is.
        attachment: what the record says of it.
        received: the bytes that came, in the scratch folder; they may be taken away from there.

    Raises:
        TransferError: it does not open, or is not the file that the record names.
        BlobError: the disk is full, or the store fails.
    """
    expected = blobs.Kept(attachment.hash, attachment.size)
    try:
        if gate.is_narrow(attachment.record.audience):
            blobs.keep(_opened(partner, attachment, received), expected)
        else:
            blobs.adopt(received, expected)
    except BlobError as error:
        if error.code != "other":
            raise
        raise _wrong(attachment) from error
    _arrived(attachment)


def accept_pieces(partner: Partner, attachment: Attachment, pieces: Iterable[bytes]) -> None:
    """Keep a file that comes from elsewhere than the wire; see `accept`.

    Raises:
        TransferError: as `accept`, or it is longer than the record allows.
    """
    with blobs.writing() as (file, path):
        for piece in pieces:
            _write(file, piece)
            _require_at_most(attachment, file.tell())
        file.flush()
        accept(partner, attachment, path)


def clean() -> int:
    """Remove parts of files that nobody waits for any more, and what killed processes left; returns how many."""
    removed = blobs.clear_scratch()
    waiting = Attachment.objects.filter(record__withdrawn=False, is_here=False)
    awaited = {_stem(one) for one in waiting.only("record_id", "hash")}
    for path in blobs.scratch().glob(f"*{PART}"):
        if path.stem not in awaited:
            _Part.at(path).remove()
            removed += 1
    return removed


@dataclass(frozen=True)
class _Part:
    """The bytes of a file that have come so far, and beside them what the partner calls the whole."""

    path: Path
    tag_path: Path

    @classmethod
    def at(cls, path: Path) -> _Part:
        """The part in that file."""
        return cls(path, path.with_suffix(".tag"))

    def fill(self, client: Client, attachment: Attachment) -> None:
        """Ask for what is lacking until nothing is."""
        with self.path.open("ab") as file:
            total = self._known()[1]
            if total < 0:
                file.truncate(file.seek(0))
            while file.tell() != total:
                total = self._take(client, attachment, file)

    def remove(self) -> None:
        """Leave nothing."""
        self.path.unlink(missing_ok=True)
        self.tag_path.unlink(missing_ok=True)

    def _take(self, client: Client, attachment: Attachment, file: BinaryIO) -> int:
        """Write what comes, which may be cut at any byte; returns the size of the whole."""
        start = file.tell()
        tag = self._known()[0] if start else ""
        try:
            with client.part(str(attachment.record_id), attachment.hash, start, tag) as part:
                _check(attachment, part, start)
                if not start:
                    self._begin(part)
                for piece in part.pieces:
                    _write(file, piece)
                    _require_at_most(attachment, file.tell())
        except LinkDownError as error:
            if error.code != "changed" or not start:
                raise
            file.truncate(file.seek(0))
            return -1
        finally:
            file.flush()
            os.fdatasync(file.fileno())
        if file.tell() == start != part.total:
            raise LinkDownError("The partner sent nothing of a file that it has.", code="answer")
        return part.total

    def _known(self) -> tuple[str, int]:
        """What the whole is called and how many bytes it has; -1 when that was not said, or was lost in a power cut."""
        try:
            tag, _space, total = self.tag_path.read_text().partition(" ")
            return tag, int(total)
        except (OSError, ValueError):
            return "", -1

    def _begin(self, part: Part) -> None:
        """Keep what the whole is called before any of it is kept."""
        with self.tag_path.open("w") as file:
            file.write(f"{part.tag} {part.total}")
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def _part_of(attachment: Attachment) -> Iterator[_Part | None]:
    """The part of a file, for this process alone; None when another one has it."""
    part = _Part.at(blobs.scratch() / f"{_stem(attachment)}{PART}")
    with part.path.open("ab") as file:
        yield part if blobs.lock(file) and part.path.exists() else None


def _write(file: BinaryIO, piece: bytes) -> None:
    """Write to the disk, which is no fault of the link."""
    try:
        file.write(piece)
    except OSError as error:
        raise BlobError(f"A file cannot be written: {error.strerror}.", code="no-space") from error


def _stem(attachment: Attachment) -> str:
    """What a part is called, without its ending."""
    return f"{attachment.record_id}-{attachment.hash.removeprefix(PREFIX)}"


def _check(attachment: Attachment, part: Part, start: int) -> None:
    """Before anything is written: the whole can be that file, and there is room for what is lacking."""
    is_narrow = gate.is_narrow(attachment.record.audience)
    _require_at_most(attachment, part.total)
    if not is_narrow and part.total != attachment.size:
        raise _wrong(attachment)
    blobs.require_space(part.total - start + (attachment.size if is_narrow else 0))


def _require_at_most(attachment: Attachment, size: int) -> None:
    """Pass if so many bytes can still be the file, sealed if it is narrow."""
    is_narrow = gate.is_narrow(attachment.record.audience)
    if size > (sealed_size(MAX_HEADER, attachment.size) if is_narrow else attachment.size):
        raise _wrong(attachment)


def _wrong(attachment: Attachment) -> TransferError:
    """Other bytes came than the record names."""
    return TransferError(f"The file {attachment.name} that arrived is not the one that its record names.", code="file")


def _opened(partner: Partner, attachment: Attachment, received: Path) -> Iterator[bytes]:
    """The plain bytes of a sealed file."""
    place = attachment_context(own.node_id(), str(attachment.record_id), attachment.hash)
    try:
        with received.open("rb") as file:
            yield from opened(file, own.node_keys(), {"sender": partner.node, **place})
    except TrustError as error:
        raise TransferError(
            f"The file {attachment.name} of {partner.node} cannot be opened: {error}", code=error.code
        ) from error


@transaction.atomic
def _arrived(attachment: Attachment) -> None:
    """The file is here: say so, and tell whoever waits, once."""
    if Attachment.objects.filter(pk=attachment.pk, is_here=False).update(is_here=True):
        attachment.is_here = True
        blobs.attachment_arrived.send(Attachment, record=attachment.record, hash=attachment.hash)
