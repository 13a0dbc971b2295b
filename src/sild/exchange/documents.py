"""What officials do with documents: sign a file, verify one, seal one for partners, open one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from sild.exchange import evidence, own, partners, services
from sild.exchange.enums import Tlp
from sild.exchange.errors import PartnerError
from sild.exchange.models import Partner, Record
from sild.people import audit
from sild.people.enums import Right
from sild.trust import documents, sealed
from sild.trust.errors import TrustError
from sild.trust.evidence import Known

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from sild.people.actor import Actor
    from sild.trust.documents import DocumentVerdict
    from sild.trust.identity import Identity


def sign(actor: Actor, file: BinaryIO, name: str, *, audience: Sequence[str] = ()) -> bytes:
    """Sign a file in this node's name, and put its digest into the log.

    The record goes to the named nodes under TLP:AMBER; without any it is TLP:RED and stays here, where the log's
    checkpoint still commits to it.

    Args:
        actor: somebody who may publish.
        file: from its beginning; read once.
        name: to show.
        audience: nodes that are told of the signature.

    Returns:
        The detached signature.

    Raises:
        NotAllowedError: the actor may not publish.
    """
    actor.require(Right.PUBLISH)
    statement = documents.state(own.node_keys(), documents.pieces(file), name=name, now=datetime.now(UTC))
    return _signed(actor, statement, audience)


def verify(file: BinaryIO, signature: bytes) -> DocumentVerdict:
    """Verify a file and its signature with what this node knows of the signer: the pin, and which keys were revoked."""
    try:
        known = known_of(documents.peek(signature))
    except TrustError:
        known = Known()
    return documents.verify(documents.pieces(file), signature, known)


def seal(actor: Actor, file: BinaryIO, target: BinaryIO, name: str, *, to: Sequence[str]) -> None:
    """Sign a file for some partners and seal it so that they alone can open it.

    Args:
        actor: somebody who may publish.
        file: seekable; read twice.
        target: where the sealed file goes.
        name: to show.
        to: pinned partners, or this node itself.

    Raises:
        NotAllowedError: the actor may not publish.
        PartnerError: a receiver is not pinned.
    """
    actor.require(Right.PUBLISH)
    receivers = [_receiver(node) for node in sorted(set(to))]
    names = [one.node for one in receivers]
    pieces = documents.pieces(file)
    statement = documents.state(own.node_keys(), pieces, name=name, now=datetime.now(UTC), receivers=names)
    signature = _signed(actor, statement, [node for node in names if node != own.node_id()])
    file.seek(0)
    sealed.seal_file(file, target, signature, receivers)


def open_sealed(actor: Actor, file: BinaryIO, target: BinaryIO) -> tuple[DocumentVerdict, bytes]:
    """Open a file that was sealed for this node; see `sealed.open_file` for the rest.

    Raises:
        NotAllowedError: the actor may not see what the agency has.
    """
    actor.require(Right.VIEW)
    verdict, signature = sealed.open_file(file, target, own.node_keys(), known_of)
    signer = verdict.statement.signer if verdict.statement else ""
    audit.note(actor, "trust.open-document", signer, code=verdict.code)
    return verdict, signature


def known_of(node: str) -> Known:
    """What this node knows of a signer: the pin and the newest identity; nothing of a stranger."""
    ours = evidence.own_identity()
    witnesses = frozenset(
        [ours.fingerprint, *Partner.objects.exclude(pinned_at=None).values_list("fingerprint", flat=True)]
    )
    if node == ours.node:
        return Known(fingerprint=ours.fingerprint, newest=ours.document, witnesses=witnesses)
    partner = Partner.objects.filter(node=node).exclude(pinned_at=None).first()
    if partner is None:
        return Known()
    return Known(fingerprint=partner.fingerprint, newest=bytes(partner.identity), witnesses=witnesses)


@transaction.atomic
def _signed(actor: Actor, statement: documents.Statement, audience: Sequence[str]) -> bytes:
    """Publish the record and sign."""
    record = _published(actor, statement, audience)
    audit.note(
        actor, "trust.sign-document", statement.name, digest=statement.digest, receivers=list(statement.receivers)
    )
    return documents.sign(own.node_keys(), statement, record=evidence.record_file(record))


def _published(actor: Actor, statement: documents.Statement, audience: Sequence[str]) -> Record:
    """The record in the log."""
    return services.publish(
        actor,
        kind=documents.KIND,
        subject=statement.name,
        body={"digest": statement.digest, "size": statement.size},
        tlp=Tlp.AMBER if audience else Tlp.RED,
        audience=list(audience) or [own.node_id()],
    )


def _receiver(node: str) -> Identity:
    """The verified identity of a node that something is sealed for."""
    if node == own.node_id():
        return evidence.own_identity()
    partner = partners.get(node)
    if not partner.is_pinned:
        raise PartnerError(
            _("Nothing is sealed for %(node)s: its fingerprint was not compared yet.") % {"node": node},
            code="not-pinned",
        )
    return partners.identity_of(partner)
