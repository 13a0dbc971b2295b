"""Changing a marking and taking back: those who lose a record are told, and it reaches them no more."""

import orjson
import pytest

from exchange.simulation import Network
from sild.exchange import blobs, bundles, narrowing, outgoing, partners, receipts, services
from sild.exchange.errors import BlobError, ExchangeError, NotFoundError
from sild.exchange.incoming import import_page
from sild.exchange.models import Delivery, Partner, Record
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


def publish(node, text="first", **changes):
    values = {
        "kind": "exchange.comment",
        "subject": "x",
        "body": {"text": text},
        "tlp": "GREEN",
        "audience": "partners",
    }
    with node.acting():
        return services.publish(OPERATOR, **{**values, "body": {"text": text}, **changes})


def mark(node, record, tlp, audience):
    with node.acting():
        return services.mark(OPERATOR, record, tlp, audience)


def everybody_pulls(network):
    for name in ("kyiv", "riga"):
        network.pull(name, "tallinn")
        network.pull("tallinn", name)


def comments(node):
    """What a node has, as text, marking and whether it is shown."""
    with node.acting():
        rows = Record.objects.filter(kind="exchange.comment").order_by("leaf_index")
        return [(row.body["text"], row.tlp, row.is_shown) for row in rows]


def test_who_loses_a_record_by_a_narrower_marking_gets_a_withdrawal_and_nothing_more(network, tallinn):
    record = publish(tallinn)
    everybody_pulls(network)
    mark(tallinn, record, "AMBER", ["kyiv"])
    everybody_pulls(network)
    assert comments(network.nodes["kyiv"]) == [("first", "GREEN", True), ("first", "AMBER", True)]
    assert comments(network.nodes["riga"]) == [("first", "GREEN", False)]
    with network.nodes["riga"].acting():
        [notice] = Record.objects.filter(kind=services.WITHDRAWAL)
        assert (notice.body, notice.subject) == ({"reason": narrowing.REASON}, str(record.pk))
        assert (notice.audience, notice.withdraws_id) == (["riga"], record.pk)
    with network.nodes["kyiv"].acting():
        assert not Record.objects.filter(kind=services.WITHDRAWAL).exists()


def test_a_revision_for_fewer_withdraws_every_earlier_version_from_those_who_lose_it(network, tallinn):
    first = publish(tallinn)
    second = publish(tallinn, "second", replaces=first)
    everybody_pulls(network)
    publish(tallinn, "third", replaces=second, tlp="AMBER", audience=["kyiv"])
    everybody_pulls(network)
    assert comments(network.nodes["riga"]) == [("first", "GREEN", False), ("second", "GREEN", False)]
    fourth = publish(tallinn, "fourth", tlp="RED", audience=["tallinn"])
    assert fourth.version == 1


def test_a_marking_of_red_takes_it_from_everybody(network, tallinn):
    record = publish(tallinn)
    everybody_pulls(network)
    mark(tallinn, record, "RED", ["tallinn"])
    everybody_pulls(network)
    for name in ("kyiv", "riga"):
        assert comments(network.nodes[name]) == [("first", "GREEN", False)]


def test_who_gains_a_record_does_not_learn_of_the_narrow_one(network, tallinn):
    record = publish(tallinn, tlp="AMBER", audience=["kyiv"])
    everybody_pulls(network)
    wide = mark(tallinn, record, "GREEN", "partners")
    everybody_pulls(network)
    assert comments(network.nodes["riga"]) == [("first", "GREEN", True)]
    assert comments(network.nodes["kyiv"]) == [("first", "AMBER", False), ("first", "GREEN", True)]
    assert (wide.replaces_id, str(record.pk).encode() in bytes(wide.raw)) == (None, False)


def test_what_was_narrowed_before_it_was_fetched_never_leaves(network, tallinn):
    file = blobs.Draft(name="a.txt", media_type="text/plain", data=b"words in a file")
    record = publish(tallinn, attachments=[file])
    mark(tallinn, record, "AMBER", ["kyiv"])
    everybody_pulls(network)
    assert comments(network.nodes["riga"]) == []
    assert comments(network.nodes["kyiv"])[0] == ("first", "GREEN", True)
    with tallinn.acting():
        riga = Partner.objects.get(node="riga")
        assert receipts.outstanding(record) == []
        with pytest.raises(NotFoundError):
            outgoing.attachment(riga, str(record.pk), blobs.hash_of(file.data))
    everybody_pulls(network)
    with tallinn.acting():
        riga.refresh_from_db()
        assert sum(riga.confirmed.values()) == riga.deliveries.count()


def test_a_bundle_holds_nothing_of_what_was_taken_back(network, tallinn, tmp_path):
    file = blobs.Draft(name="a.txt", media_type="text/plain", data=b"words in a file")
    record = publish(tallinn, "words that stay", attachments=[file])
    with tallinn.acting():
        services.withdraw(OPERATOR, record, "wrong")
        made = bundles.export(OPERATOR, "riga", tmp_path / "b.zip")
    assert made.files == 0
    with network.nodes["riga"].acting():
        assert bundles.take(OPERATOR, tmp_path / "b.zip").records == 1
    assert comments(network.nodes["riga"]) == []


def test_the_place_of_what_was_taken_back_is_proved_and_cannot_be_feigned(network, tallinn):
    record = publish(tallinn)
    with tallinn.acting():
        services.withdraw(OPERATOR, record, "wrong")
        page = outgoing.page(Partner.objects.get(node="riga"), after=0, have=0)
        [place] = [entry for entry in page["entries"] if "withdrawn" in entry]
        assert place["withdrawn"] == record.hash
    for bad, code in (("sha256:" + "0" * 64, "proof"), ("x", "entry-form"), (7, "entry-form")):
        place["withdrawn"] = bad
        with network.nodes["riga"].acting(), pytest.raises(ExchangeError) as caught:
            import_page(Partner.objects.get(node="tallinn"), orjson.loads(orjson.dumps(page)))
        assert caught.value.code == code


def test_nobody_is_told_of_what_was_withdrawn_before_they_were_pinned(network, tallinn):
    record = publish(tallinn)
    standing = publish(tallinn, "second")
    with tallinn.acting():
        services.withdraw(OPERATOR, record, "wrong")
        Delivery.objects.filter(partner="riga").delete()
        Partner.objects.filter(node="riga").update(state="added")
        partners.pin(OPERATOR, "riga", Partner.objects.get(node="riga").fingerprint)
        assert [row.record_id for row in Delivery.objects.filter(partner="riga")] == [standing.pk]


def test_only_an_issuer_changes_a_marking_and_only_of_what_stands(network, tallinn):
    record = publish(tallinn)
    everybody_pulls(network)
    with network.nodes["kyiv"].acting(), pytest.raises(ExchangeError, match="tallinn"):
        services.mark(OPERATOR, Record.objects.get(pk=record.pk), "RED", ["kyiv"])
    with tallinn.acting():
        services.withdraw(OPERATOR, record, "wrong")
        record.refresh_from_db()
        with pytest.raises(ExchangeError, match="already"):
            services.mark(OPERATOR, record, "RED", ["tallinn"])


def test_a_record_whose_file_was_lost_is_not_marked_anew(network, tallinn):
    file = blobs.Draft(name="a.txt", media_type="text/plain", data=b"words in a file")
    record = publish(tallinn, attachments=[file])
    with tallinn.acting():
        blobs.store().delete(blobs.hash_of(file.data))
        with pytest.raises(BlobError):
            services.mark(OPERATOR, record, "RED", ["tallinn"])
        assert not Record.objects.filter(tlp="RED").exists()
