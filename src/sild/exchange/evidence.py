"""A record as one file that anybody can verify without a node, and this node's own identity to show."""

from __future__ import annotations

from datetime import UTC, datetime

from sild.exchange import identities, log, own
from sild.exchange.errors import UnsignedError
from sild.exchange.models import Partner, Record
from sild.trust.evidence import Known, Verdict, build_record_file, verify_record_file
from sild.trust.identity import Identity
from sild.trust.proof import parse_proof


def record_file(record: Record) -> bytes:
    """The record's canonical bytes, its proof, and the identities under which issuer and witnesses signed."""
    newest = _newest(record)
    proof = log.prove(record) if record.is_own else record.proof
    checkpoint = parse_proof(proof).checkpoint
    partners = Partner.objects.filter(cosignatures__isnull=False).distinct() if record.is_own else []
    witnesses = [identities.witness_for(checkpoint, bytes(partner.identity)) for partner in partners]
    issuer = identities.document_for(checkpoint, newest)
    return build_record_file(bytes(record.raw), proof, issuer, witnesses)


def verify(record: Record) -> Verdict:
    """Verify a record anew from its stored bytes, against what people pinned and which keys were revoked since."""
    known = Known(
        fingerprint=Identity.parse(_newest(record), on=None).fingerprint,
        newest=_newest(record),
        seen=record.received or record.issued,
    )
    try:
        file = record_file(record)
    except UnsignedError as error:
        return Verdict(ok=False, code=error.code, sentence=str(error))
    return verify_record_file(file, known=known)


def own_identity() -> Identity:
    """This node's identity as partners see it."""
    return Identity.parse(own.node_keys().identity_document(), on=datetime.now(UTC).date())


def _newest(record: Record) -> bytes:
    """The newest identity of a record's issuer."""
    if record.is_own:
        return own.node_keys().identity_document()
    return bytes(Partner.objects.get(node=record.issuer).identity)
