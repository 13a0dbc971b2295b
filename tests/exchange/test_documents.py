"""Documents on a node: signed into the log, verified with what is pinned, sealed for partners, opened."""

import io

import pytest

from sild.exchange import documents
from sild.exchange.errors import PartnerError
from sild.exchange.models import Delivery, Record
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.errors import NotAllowedError
from sild.people.models import AuditEntry
from sild.trust import documents as engine
from sild.trust import sealed
from sild.trust.errors import SealError
from sild.trust.identity import NodeKeys

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
FILE = b"The parties agree."


def signed(operator, audience=()):
    return documents.sign(operator, io.BytesIO(FILE), "memorandum.txt", audience=audience)


def test_a_signed_file_is_in_the_log_and_stays_here(operator, pinned):
    signature = signed(operator)
    record = Record.objects.get(kind="trust.document")
    assert (record.tlp, record.audience, record.subject) == ("RED", ["tallinn"], "memorandum.txt")
    assert not Delivery.objects.exists()
    verdict = documents.verify(io.BytesIO(FILE), signature)
    assert (verdict.ok, verdict.pinned, verdict.record.id) == (True, True, str(record.pk))
    assert AuditEntry.objects.filter(action="trust.sign-document").exists()


def test_partners_that_are_named_are_told(operator, pinned):
    signed(operator, ["kyiv"])
    assert Delivery.objects.get().record.tlp == "AMBER"


def test_a_partners_signature_is_checked_against_its_pin(pinned, kyiv, kyiv_keys):
    statement = engine.state(kyiv_keys, [FILE], name="x", now=pinned.pinned_at)
    assert documents.verify(io.BytesIO(FILE), engine.sign(kyiv_keys, statement)).pinned
    stranger = NodeKeys.generate("kyiv", now=pinned.pinned_at)
    assert documents.verify(io.BytesIO(FILE), engine.sign(stranger, statement)).code == "fingerprint"


def test_a_strangers_signature_verifies_but_is_not_pinned(operator, kyiv_keys, tallinn):
    riga = NodeKeys.generate("riga", now=operator_time())
    statement = engine.state(riga, [FILE], name="x", now=operator_time())
    verdict = documents.verify(io.BytesIO(FILE), engine.sign(riga, statement))
    assert (verdict.ok, verdict.pinned) == (True, False)


def operator_time():
    from datetime import UTC, datetime  # noqa: PLC0415 -- one helper of many tests needs it

    return datetime.now(UTC)


def test_what_is_no_signature_is_said(operator):
    assert documents.verify(io.BytesIO(FILE), b"{}").code == "signature-form"


def test_a_sealed_file_is_opened_by_its_receiver(operator, pinned, kyiv_keys, tallinn):
    target, plain = io.BytesIO(), io.BytesIO()
    documents.seal(operator, io.BytesIO(FILE), target, "plan.txt", to=["kyiv"])
    verdict, signature = sealed.open_file(io.BytesIO(target.getvalue()), plain, kyiv_keys)
    assert (verdict.ok, plain.getvalue(), verdict.record.kind) == (True, FILE, "trust.document")
    assert documents.verify(io.BytesIO(FILE), signature).ok
    with pytest.raises(SealError):
        documents.open_sealed(operator, io.BytesIO(target.getvalue()), io.BytesIO())


def test_a_file_for_ourselves_is_opened_here(operator):
    target, plain = io.BytesIO(), io.BytesIO()
    documents.seal(operator, io.BytesIO(FILE), target, "plan.txt", to=["tallinn"])
    verdict, _signature = documents.open_sealed(operator, io.BytesIO(target.getvalue()), plain)
    assert (verdict.ok, verdict.pinned, plain.getvalue()) == (True, True, FILE)
    assert AuditEntry.objects.get(action="trust.open-document").details == {"code": "verified"}


def test_nothing_is_sealed_for_a_partner_that_is_not_pinned(operator, kyiv):
    from sild.exchange import partners  # noqa: PLC0415 -- one test of many needs it

    partners.add(operator, kyiv.keys.identity_document(), "https://127.0.0.1:1")
    with pytest.raises(PartnerError) as caught:
        documents.seal(operator, io.BytesIO(FILE), io.BytesIO(), "x", to=["kyiv"])
    assert caught.value.code == "not-pinned"


def test_only_who_may_publish_signs_and_seals():
    viewer = Actor(who="viewer", role=Role.VIEWER)
    for act in (
        lambda: documents.sign(viewer, io.BytesIO(FILE), "x"),
        lambda: documents.seal(viewer, io.BytesIO(FILE), io.BytesIO(), "x", to=["tallinn"]),
        lambda: documents.open_sealed(Actor(who="nobody", role=None), io.BytesIO(), io.BytesIO()),
    ):
        with pytest.raises(NotAllowedError):
            act()
