"""Waiting for what the exchange brings by itself, for scripts and for people at a terminal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from sild.exchange import evidence, services
from sild.exchange.errors import NotFoundError

if TYPE_CHECKING:
    from sild.exchange.models import Record
    from sild.people.actor import Actor

LOOK_EVERY_SECONDS = 0.1


def for_record(actor: Actor, record_id: str, seconds: float, *, cosigned_by: str = "") -> Record:
    """Wait until a record is here with all its files, and, if asked, until a partner has cosigned it.

    Args:
        actor: who must be allowed to see it.
        record_id: its id.
        seconds: how long to wait at most; 0 looks once.
        cosigned_by: node id of the witness to wait for; only our own records are cosigned.

    Raises:
        NotFoundError: it did not come in time; the sentence says what is missing.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            record = services.get(actor, record_id)
            missing = _missing(record, cosigned_by)
            if not missing:
                return record
        except NotFoundError as error:
            missing = str(error)
        if time.monotonic() >= deadline:
            raise NotFoundError(missing)
        time.sleep(LOOK_EVERY_SECONDS)


def _missing(record: Record, cosigned_by: str) -> str:
    """What a record still lacks, as a sentence; empty when nothing."""
    if record.attachments.filter(is_here=False).exists():
        return _("The record %(id)s is here, but not all of its files.") % {"id": record.pk}
    if cosigned_by and cosigned_by not in evidence.verify(record).cosigned_by:
        return _("%(node)s has not yet cosigned the record %(id)s.") % {"node": cosigned_by, "id": record.pk}
    return ""
