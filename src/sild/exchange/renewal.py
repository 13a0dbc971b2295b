"""Vouching anew for everything that was ever verified here, before the algorithms that prove it are retired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from sild.exchange import evidence, services
from sild.exchange.enums import Tlp
from sild.exchange.errors import NotFoundError
from sild.exchange.gate import PARTNERS
from sild.exchange.log_models import Checkpoint
from sild.exchange.models import Partner, Record
from sild.people import audit
from sild.people.enums import Right
from sild.trust import keystore
from sild.trust.proof import parse_proof
from sild.trust.renewal import KIND, arrange, build_renewal_file, leaf_of, root_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sild.people.actor import Actor


@transaction.atomic
def renew(actor: Actor, out: Path) -> int:
    """Publish one record over all checkpoints known here, ours and partners', and write the file that proves it.

    Args:
        actor: an administrator.
        out: where the file goes.

    Returns:
        How many checkpoints are under the new signature.

    Raises:
        NotAllowedError: the actor does not administer.
        NotFoundError: there are no checkpoints yet.
    """
    actor.require(Right.ADMINISTER)
    leaves = arrange(leaf_of(text) for text in _checkpoints())
    if not leaves:
        raise NotFoundError(_("There are no checkpoints here yet, so there is nothing to renew."))
    body = {"root": root_of(leaves), "count": len(leaves)}
    subject = f"{len(leaves)} checkpoints"
    record = services.publish(actor, kind=KIND, subject=subject, body=body, tlp=Tlp.CLEAR, audience=PARTNERS)
    audit.note(actor, "trust.renew", record, **body)
    keystore.write_public(out, build_renewal_file(evidence.record_file(record), leaves))
    return len(leaves)


def _checkpoints() -> Iterator[str]:
    """Every checkpoint that was signed or verified here."""
    yield from Checkpoint.objects.values_list("text", flat=True).iterator()
    yield from Partner.objects.exclude(their_checkpoint="").values_list("their_checkpoint", flat=True)
    for proof in Record.objects.exclude(proof="").values_list("proof", flat=True).iterator():
        yield parse_proof(proof).checkpoint
