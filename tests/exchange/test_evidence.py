"""A record's file, and the verdict shown on its page."""

import pytest

from sild.exchange import evidence, log, outgoing, services
from sild.exchange.incoming import import_page
from sild.trust.checkpoint import cosign
from sild.trust.evidence import verify_record_file

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_our_own_record_verifies_and_names_its_witness(operator, pinned, kyiv):
    record = services.publish(
        operator, kind="exchange.comment", subject="x", body={"text": "x"}, tlp="GREEN", audience="partners"
    )
    assert evidence.verify(record).cosigned_by == ()
    checkpoint = log.latest()
    outgoing.accept_cosignature(pinned, checkpoint.size, cosign(checkpoint.text, kyiv.keys, timestamp=1))
    verdict = evidence.verify(record)
    assert verdict.ok
    assert verdict.cosigned_by == ("kyiv",)


def test_a_partners_record_verifies_against_the_pinned_fingerprint(pinned, kyiv):
    kyiv.publish()
    [record] = import_page(pinned, kyiv.page()).records
    verdict = verify_record_file(evidence.record_file(record), fingerprint=kyiv.keys.fingerprint)
    assert verdict.ok
    assert evidence.verify(record).pinned


def test_a_record_that_was_changed_in_the_database_does_not_verify(operator):
    record = services.publish(
        operator, kind="exchange.comment", subject="x", body={"text": "no"}, tlp="GREEN", audience="partners"
    )
    record.raw = bytes(record.raw).replace(b'"no"', b'"ok"')
    assert not evidence.verify(record).ok
