"""The fast lane: urgent records overtake whatever waits; nothing is lost, doubled or moved between the two indexes."""

from base64 import b64encode
from datetime import timedelta

import orjson
import pytest
from django.urls import reverse
from django.utils import timezone

from exchange.peer import Peer
from people.factories import PersonFactory
from sild.exchange import bundles, kinds, lag, numbering, outgoing, receipts, services, urgency
from sild.exchange.errors import BundleError, ExchangeError, HistoryError
from sild.exchange.incoming import import_page
from sild.exchange.models import URGENT_START, Delivery, Record, Refusal
from sild.trust.record import Reference

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
BACKLOG = 10_000


def draft(**changes):
    values = {"kind": "exchange.comment", "subject": "s", "body": {"text": "x"}, "tlp": "GREEN", "audience": "partners"}
    return services.Draft(**{**values, **changes})


def publish(actor, **changes):
    return services.publish_batch(actor, [draft(**changes)])[0]


class TwoLanes(Peer):
    """A peer that numbers some of its records as urgent."""

    def __init__(self, keys):
        super().__init__(keys)
        self.urgent = []
        self.urgent_chain = URGENT_START

    def hurry(self, body=None, *, says=True, **changes):
        """Log a record and number it as urgent; `says` whether its header does, too."""
        raw = self.publish(body, urgent=says, **changes)
        _raw, index, chain = self.entries.pop()
        self.chain = self.entries[-1][2] if self.entries else bytes(32)
        self.urgent_chain = numbering.link(self.urgent_chain, self.leaves[-1].hex())
        assert chain != self.urgent_chain
        self.urgent.append((raw, index, self.urgent_chain))
        return raw

    def both(self, *, ordinary=(0, None), urgent=(0, None), have=0):
        """A page with slices of both indexes, urgent first."""
        page = self.page(have=have)
        size = len(self.leaves)
        page["entries"] = page["entries"][slice(*ordinary)]
        plain, self.entries = self.entries, self.urgent
        hurried = [{**self.entry(place, size), "lane": "urgent"} for place in range(1, len(self.entries) + 1)]
        self.entries = plain
        page["entries"] = [*hurried[slice(*urgent)], *page["entries"]]
        return page


@pytest.fixture
def kyiv(kyiv_keys):
    return TwoLanes(kyiv_keys)


def test_an_urgent_record_overtakes_a_backlog_of_ten_thousand(operator, pinned):
    services.publish_batch(operator, [draft()] * BACKLOG)
    first = outgoing.page(pinned, after=0, have=0)
    alarm = publish(operator, urgent=True)
    following = outgoing.page(pinned, after=len(first["entries"]), have=BACKLOG)
    assert [entry["position"] for entry in following["entries"][:2]] == [1, len(first["entries"]) + 1]
    assert following["entries"][0]["lane"] == "urgent"
    assert following["entries"][0]["index"] == alarm.leaf_index == BACKLOG
    assert "lane" not in following["entries"][1]
    assert len(following["entries"]) == outgoing.PAGE_RECORDS
    assert following["more"]
    again = outgoing.page(pinned, after=len(first["entries"]), have=BACKLOG + 1, urgent=1)
    assert [entry["position"] for entry in again["entries"]] == list(range(257, 513))


def test_each_index_is_numbered_without_gaps_and_confirmed_by_itself(operator, pinned):
    services.publish_batch(operator, [draft(urgent=number % 3 == 0) for number in range(9)])
    for urgent, count in ((True, 3), (False, 6)):
        rows = Delivery.objects.filter(partner=pinned, urgent=urgent)
        assert list(rows.values_list("position", flat=True)) == list(range(1, count + 1))
    assert lag.of(pinned).urgent == 3
    outgoing.page(pinned, after=2, have=0, urgent=99)
    pinned.refresh_from_db()
    assert pinned.confirmed == {True: 3, False: 2}
    assert (lag.of(pinned).waiting, lag.of(pinned).urgent, lag.of(pinned).delivered) == (4, 0, 5)
    assert [row.is_fetched for row in Delivery.objects.filter(partner=pinned)] == [True] * 5 + [False] * 4


def test_an_urgent_answer_is_kept_and_linked_when_what_it_answers_comes(client, pinned, kyiv):
    question = kyiv.publish({"text": "is it down?"})
    named = Reference(id=orjson.loads(question)["header"]["id"], hash=kyiv.hash(question))
    kyiv.hurry({"text": "it is down"}, answers=named, subject="urgent answer")
    [answer] = import_page(pinned, kyiv.both(ordinary=(0, 0))).records
    assert answer.urgent
    assert str(answer.answers_id) == named.id
    [came] = import_page(pinned, kyiv.both(have=2)).records
    client.force_login(PersonFactory(is_superuser=True))
    assert "urgent answer" in client.get(came.get_absolute_url()).content.decode()
    assert ">urgent<" in client.get(answer.get_absolute_url()).content.decode()


def test_a_withdrawal_that_overtakes_its_record_marks_it_when_it_comes(pinned, kyiv):
    wrong = kyiv.publish({"text": "a false indicator"})
    named = Reference(id=orjson.loads(wrong)["header"]["id"], hash=kyiv.hash(wrong))
    kyiv.hurry({"reason": "false"}, kind="exchange.withdrawal", withdraws=named)
    import_page(pinned, kyiv.both(ordinary=(0, 0)))
    seen = []

    def watch(record, **_):
        seen.append((record.kind, record.withdrawn))

    kinds.record_added.connect(watch)
    try:
        import_page(pinned, kyiv.both(have=2))
    finally:
        kinds.record_added.disconnect(watch)
    assert Record.objects.get(pk=named.id).withdrawn
    assert seen == [("exchange.comment", True)]


def test_withdrawals_and_new_keys_are_urgent_by_themselves_and_count_towards_no_limit(operator, pinned, monkeypatch):
    monkeypatch.setattr(urgency, "URGENT_PER_DAY", 0)
    record = publish(operator)
    assert services.withdraw(operator, record, "not any more").urgent
    assert kinds.require("trust.identity").urgent
    assert not record.urgent


def test_an_agency_may_hurry_so_many_records_a_day_and_no_more(operator, pinned):
    services.publish_batch(operator, [draft(urgent=True)] * (urgency.URGENT_PER_DAY - 1))
    publish(operator, urgent=True)
    with pytest.raises(ExchangeError) as caught:
        publish(operator, urgent=True)
    assert caught.value.code == "urgent-limit"
    publish(operator)
    Record.objects.update(issued=timezone.now() - timedelta(days=1, seconds=1))
    assert publish(operator, urgent=True).urgent


def test_an_entry_cannot_be_moved_to_the_other_index(pinned, kyiv):
    kyiv.publish()
    kyiv.hurry()
    for urgent in (True, False):
        page = kyiv.both()
        page["entries"] = [entry for entry in page["entries"] if ("lane" in entry) is urgent]
        entry = page["entries"][0]
        page["entries"] = [
            {key: entry[key] for key in entry if key != "lane"} if urgent else {**entry, "lane": "urgent"}
        ]
        with pytest.raises(HistoryError) as caught:
            import_page(pinned, page, carried=False)
        assert caught.value.code == "renumbered"
        pinned.state = "pinned"
        pinned.save()
    assert pinned.positions == {True: 0, False: 0}


@pytest.mark.parametrize("says", [True, False])
def test_a_record_says_itself_whether_it_is_urgent(pinned, kyiv, says):
    if says:
        kyiv.publish(urgent=True)
    else:
        kyiv.hurry(says=False)
    done = import_page(pinned, kyiv.both())
    assert [refusal.code for refusal in done.refused] == ["lane"]
    assert Refusal.objects.get().urgent is not says
    assert pinned.positions == {not says: 1, says: 0}


def test_what_is_missing_from_either_index_is_noticed(pinned, kyiv):
    for _ in range(3):
        kyiv.publish()
        kyiv.hurry()
    for slices in ({"urgent": (1, None)}, {"ordinary": (1, None)}):
        with pytest.raises(HistoryError, match="missing"):
            import_page(pinned, kyiv.both(**slices))
        pinned.state = "pinned"
        pinned.save()
    import_page(pinned, kyiv.both(have=pinned.their_size))
    assert Record.objects.filter(issuer="kyiv").count() == 6


def test_a_receipt_names_what_came_by_either_index_once(operator, pinned, kyiv):
    raws = [kyiv.publish(), kyiv.publish(), kyiv.hurry()]
    names = [kyiv.hash(raw) for raw in raws]
    import_page(pinned, kyiv.both(ordinary=(0, 1)))
    first = receipts.give(operator, pinned)
    assert [one["hash"] for one in first.body["records"]] == [names[2], names[0]]
    assert not first.urgent
    import_page(pinned, kyiv.both(have=3))
    assert [one["hash"] for one in receipts.give(operator, pinned).body["records"]] == [names[1]]
    assert receipts.give(operator, pinned) is None


def test_another_lane_than_urgent_is_no_entry(pinned, kyiv):
    kyiv.publish()
    page = kyiv.both()
    page["entries"][0]["lane"] = "ordinary"
    with pytest.raises(ExchangeError) as caught:
        import_page(pinned, page)
    assert caught.value.code == "entry-form"


def test_a_bundle_carries_both_indexes_and_names_the_gap_in_either(simulated, operator, tmp_path):
    from exchange.simulation import Network  # noqa: PLC0415 -- only here; it makes three nodes

    network = Network(tmp_path / "net", simulated)
    try:
        tallinn, kyiv = network.nodes["tallinn"], network.nodes["kyiv"]
        with tallinn.acting():
            services.publish_batch(operator, [draft(), draft(urgent=True), draft()])
            made = bundles.export(operator, "kyiv", tmp_path / "all.zip")
            assert (made.after, made.last, made.urgent) == (0, 2, 1)
            partner = services.Partner.objects.get(node="kyiv")
            outgoing.page(partner, after=0, have=0, urgent=1)
            publish(operator, urgent=True)
            bundles.export(operator, "kyiv", tmp_path / "later.zip")
        with kyiv.acting():
            with pytest.raises(BundleError, match="urgent entries 1 to 1 are missing"):
                bundles.take(operator, tmp_path / "later.zip")
            assert bundles.take(operator, tmp_path / "all.zip").records == 3
            assert bundles.take(operator, tmp_path / "later.zip").records == 1
            assert bundles.take(operator, tmp_path / "all.zip").known == 3
    finally:
        network.close()


def test_sealed_entries_are_bound_to_their_index():
    assert outgoing.seal_context("kyiv", 1) != outgoing.seal_context("kyiv", 1, urgent=True)


def test_the_pages_show_how_many_urgent_records_wait(client, operator, pinned):
    publish(operator, urgent=True)
    client.force_login(PersonFactory(is_superuser=True))
    assert "(1 urgent)" in client.get(pinned.get_absolute_url()).content.decode()
    assert client.get(reverse("exchange:partners")).status_code == 200


def test_chains_start_apart():
    assert b64encode(URGENT_START) != b64encode(bytes(32))
