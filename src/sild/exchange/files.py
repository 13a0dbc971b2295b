"""Files of records on their way between a person's folder and the store, of any size, in constant memory."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from sild.exchange import blobs
from sild.exchange.errors import BlobError
from sild.trust.documents import MAX_NAME, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sild.exchange.models import Record


def draft(path: Path) -> blobs.Draft:
    """Keep a file so that a record can name it.

    Raises:
        BlobError: it cannot be read, is too large, or the store fails.
    """
    try:
        with path.open("rb") as file:
            kept = blobs.keep(pieces(file))
    except OSError as error:
        raise BlobError(
            _("%(file)s cannot be read: %(why)s.") % {"file": path, "why": error.strerror}, code="file"
        ) from error
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return blobs.Draft(path.name[:MAX_NAME], kind, kept)


def write_all(record: Record, folder: Path) -> Iterator[Path]:
    """Write a record's files to a folder, each whole or not at all; yields where each is.

    The issuer gave the name, which no record may have as a path (`trust.record`); it takes no other file's place.

    Raises:
        BlobError: a file is not here or damaged, or there is one of its name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for attachment in record.attachments.order_by("pk"):
        target = folder / attachment.name
        if target.exists():
            raise BlobError(
                _("%(file)s exists already. Give another folder: --out FOLDER") % {"file": target}, code="file"
            )
        temporary = target.with_name(f"{target.name}.new")
        try:
            with temporary.open("wb") as file:
                file.writelines(blobs.stream(attachment.hash))
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
        yield target
