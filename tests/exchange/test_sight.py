"""What would they see? Of drafts and of what is published, one row for each partner."""

import pytest

from exchange.simulation import Network
from sild.exchange import forwarding, services, sight
from sild.exchange.errors import WithheldError
from sild.exchange.models import Partner, Record
from sild.exchange.sight import Stage
from sild.people.actor import Actor

pytestmark = pytest.mark.integration
OPERATOR = Actor.operator()


@pytest.fixture
def network(tmp_path, simulated):
    network = Network(tmp_path, simulated)
    yield network
    network.close()


@pytest.fixture
def tallinn(network):
    return network.nodes["tallinn"]


def draft(**changes):
    values = {"kind": "exchange.comment", "subject": "x", "body": {"text": "x"}, "tlp": "GREEN", "audience": "partners"}
    return services.Draft(**{**values, **changes})


def publish(node, **changes):
    with node.acting():
        return services.publish_batch(OPERATOR, [draft(**changes)])[0]


def seen(node, record):
    with node.acting():
        rows = sight.of_record(Record.objects.get(pk=record.pk))
        assert all(row.reason for row in rows)
        return {row.partner.node: (row.sees, row.stage) for row in rows}


def there_and_back(network, name):
    network.pull(name, "tallinn")
    network.pull("tallinn", name)


def test_a_draft_is_judged_by_marking_audience_and_pin(tallinn):
    with tallinn.acting():
        Partner.objects.filter(node="riga").update(state="added")
        shown = sight.of_draft(draft())
    assert {row.partner.node: row.sees for row in shown.rows} == {"kyiv": True, "riga": False}
    assert "not pinned" in shown.rows[1].reason
    assert {row.stage for row in shown.rows} == {Stage.DRAFT}
    assert (shown.refusal, shown.code, shown.named) == ("", "", [])


def test_a_draft_that_names_a_narrow_record_says_beforehand_that_it_would_be_refused(tallinn):
    narrow = publish(tallinn, tlp="AMBER", audience=["kyiv"])
    with tallinn.acting():
        shown = sight.of_draft(draft(body={"text": f"see {narrow.pk}"}))
        assert (shown.code, [one.id for one in shown.named]) == ("withheld-reference", [narrow.pk])
        assert {row.partner.node: row.sees for row in shown.rows} == {"kyiv": True, "riga": False}
        assert str(narrow.pk) in shown.rows[1].reason
        with pytest.raises(WithheldError, match=shown.refusal[:40]):
            services.publish_batch(OPERATOR, [draft(body={"text": f"see {narrow.pk}"})])


def test_a_draft_with_an_unknown_source_is_refused_whoever_reads_it(tallinn):
    source = {"id": "x", "hash": "sha256:" + "7" * 64}
    with tallinn.acting():
        shown = sight.of_draft(draft(body={"sources": [source]}))
    assert (shown.code, shown.named) == ("withheld-source", [])


def test_a_draft_whose_marking_contradicts_its_audience_says_nothing_of_anybody(tallinn):
    with tallinn.acting(), pytest.raises(WithheldError):
        sight.of_draft(draft(tlp="AMBER"))


def test_a_record_is_followed_from_waiting_to_acknowledged(network, tallinn):
    record = publish(tallinn, tlp="AMBER", audience=["kyiv"])
    assert seen(tallinn, record) == {"kyiv": (True, Stage.WAITING), "riga": (False, Stage.NONE)}
    network.pull("kyiv", "tallinn")
    network.pull("kyiv", "tallinn")
    assert seen(tallinn, record)["kyiv"] == (True, Stage.IMPORTED)
    network.pull("tallinn", "kyiv")
    assert seen(tallinn, record)["kyiv"] == (True, Stage.ACKNOWLEDGED)


def test_a_withdrawal_is_followed_until_it_is_acknowledged(network, tallinn):
    record = publish(tallinn)
    there_and_back(network, "kyiv")
    with tallinn.acting():
        services.withdraw(OPERATOR, record, "wrong")
    assert seen(tallinn, record) == {"kyiv": (True, Stage.ENDING), "riga": (False, Stage.ENDING)}
    there_and_back(network, "kyiv")
    assert seen(tallinn, record) == {"kyiv": (False, Stage.ENDED), "riga": (False, Stage.ENDING)}


def test_what_was_withdrawn_before_a_partner_could_have_it_is_said(network, tallinn):
    from sild.exchange.models import Delivery  # noqa: PLC0415 -- one test of many needs it

    record = publish(tallinn)
    with tallinn.acting():
        Delivery.objects.filter(partner="riga").delete()
        Record.objects.filter(pk=record.pk).update(withdrawn=True)
    assert seen(tallinn, record)["riga"] == (False, Stage.NONE)


def test_of_a_partners_record_it_is_said_whether_it_may_be_passed_on_and_was(network, tallinn):
    kyiv = network.nodes["kyiv"]
    green, amber = publish(kyiv), publish(kyiv, tlp="AMBER", audience=["tallinn"])
    network.pull("tallinn", "kyiv")
    assert seen(tallinn, green) == {"riga": (False, Stage.NONE)}
    assert seen(tallinn, amber) == {"riga": (False, Stage.NONE)}
    with tallinn.acting():
        forwarding.redistribute(OPERATOR, Record.objects.get(pk=green.pk), "partners")
    assert seen(tallinn, green) == {"riga": (True, Stage.WAITING)}
    network.pull("riga", "tallinn")
    network.pull("riga", "tallinn")
    assert seen(tallinn, green) == {"riga": (True, Stage.IMPORTED)}
