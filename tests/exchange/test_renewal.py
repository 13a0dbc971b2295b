"""One record vouches anew for every checkpoint that is known here, our own and partners'."""

import pytest

from sild.exchange import evidence, renewal, services
from sild.exchange.errors import NotFoundError
from sild.exchange.incoming import import_page
from sild.exchange.models import Record
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.errors import NotAllowedError
from sild.trust.evidence import Known
from sild.trust.renewal import verify_renewed

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_our_records_and_partners_records_are_proved_by_it(operator, pinned, kyiv, tallinn, tmp_path):
    ours = services.publish(
        operator, kind="exchange.comment", subject="x", body={"text": "x"}, tlp="GREEN", audience="partners"
    )
    kyiv.publish()
    [theirs] = import_page(pinned, kyiv.page()).records
    files = [(evidence.record_file(record), record.issuer) for record in (ours, theirs)]
    assert renewal.renew(operator, tmp_path / "renewal.json") == 2
    assert Record.objects.get(kind="trust.renewal").body["count"] == 2
    data = (tmp_path / "renewal.json").read_bytes()
    fingerprints = {"tallinn": tallinn.fingerprint, "kyiv": pinned.fingerprint}
    for file, issuer in files:
        known = Known(fingerprint=fingerprints[issuer], witnesses=frozenset({tallinn.fingerprint}))
        assert verify_renewed(file, data, known).path == ("signature", "renewal")


def test_an_empty_node_has_nothing_to_renew(operator, tmp_path):
    with pytest.raises(NotFoundError, match="nothing to renew"):
        renewal.renew(operator, tmp_path / "x")


def test_only_administrators_renew(tmp_path):
    with pytest.raises(NotAllowedError):
        renewal.renew(Actor(who="editor", role=Role.PUBLISHER), tmp_path / "x")
