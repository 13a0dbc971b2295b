"""A record as one file that anybody can verify without a node, and this node's own identity to show."""

from __future__ import annotations

from datetime import UTC, datetime

from sild.exchange import log, own
from sild.exchange.models import Partner, Record
from sild.trust.evidence import Verdict, build_record_file, verify_record_file
from sild.trust.identity import Identity


def record_file(record: Record) -> bytes:
    """The record's canonical bytes, its proof, its issuer's identity and those of our witnesses in one file."""
    if record.is_own:
        partners = Partner.objects.filter(cosignatures__isnull=False).distinct()
        witnesses = [bytes(partner.identity) for partner in partners]
        return build_record_file(bytes(record.raw), log.prove(record), own.node_keys().identity_document(), witnesses)
    issuer = Partner.objects.get(node=record.issuer)
    return build_record_file(bytes(record.raw), record.proof, bytes(issuer.identity))


def verify(record: Record) -> Verdict:
    """Verify a record anew from its stored bytes, against the fingerprint that people pinned."""
    fingerprint = own_identity().fingerprint if record.is_own else Partner.objects.get(node=record.issuer).fingerprint
    return verify_record_file(record_file(record), fingerprint=fingerprint)


def own_identity() -> Identity:
    """This node's identity as partners see it."""
    return Identity.parse(own.node_keys().identity_document(), on=datetime.now(UTC).date())
