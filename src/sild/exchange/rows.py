"""The table rows of a record whose canonical bytes are there already, ours or a partner's; not yet saved."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sild.exchange import blobs
from sild.exchange.errors import BlobError
from sild.exchange.models import Attachment, Record

if TYPE_CHECKING:
    from sild.trust.record import Parsed, Reference


def row(parsed: Parsed, leaf_index: int, **extra: Any) -> Record:
    """The table row of a record; not yet saved."""
    header = parsed.header
    return Record(
        id=uuid.UUID(header.id),
        hash=parsed.hash,
        kind=header.kind,
        version=header.version,
        issuer=header.issuer,
        subject=header.subject,
        issued=datetime.fromisoformat(header.issued),
        tlp=header.tlp,
        audience=header.audience,
        raw=parsed.raw,
        leaf_index=leaf_index,
        answers_id=_uuid(header.answers),
        replaces_id=_uuid(header.replaces),
        withdraws_id=_uuid(header.withdraws),
        urgent=header.urgent,
        **extra,
    )


def attachment_rows(record: Record) -> list[Attachment]:
    """The rows of a record's attachments; not yet saved."""
    return [
        Attachment(
            record=record,
            hash=entry["hash"],
            size=entry["size"],
            media_type=entry["type"],
            name=entry["name"],
            is_here=_is_here(entry["hash"]),
        )
        for entry in (record.header.get("attachments", []) if b'"attachments":[' in bytes(record.raw) else ())
    ]


def _is_here(name: str) -> bool:
    """Whether a file is here; no record waits for a store that does not answer, the file is looked for later."""
    try:
        return blobs.has(name)
    except BlobError:
        return False


def _uuid(reference: Reference | None) -> uuid.UUID | None:
    """The id in a reference."""
    return uuid.UUID(reference.id) if reference else None
