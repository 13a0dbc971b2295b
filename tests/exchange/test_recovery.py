"""A log that went back, made whole from what two partners have of it; three real nodes, their network simulated."""

from base64 import b64encode

import pytest

from exchange.simulation import Network, Wire
from people.factories import AgencyFactory
from sild.exchange import evidence, guard, log, partners, recovery, services, witnesses
from sild.exchange.enums import PartnerState
from sild.exchange.errors import LogHeldError
from sild.exchange.log_models import Checkpoint, LogState
from sild.exchange.models import Delivery, Partner, Record
from sild.people.actor import Actor
from sild.people.errors import NotAllowedError
from sild.people.models import AuditEntry

pytestmark = pytest.mark.integration
OTHERS = ("kyiv", "riga")


class Link(Wire):
    """The simulated network for every kind of request."""

    def _request(self, method, path, body=None, kind=""):
        assert kind or body is None
        if frozenset({self._asker.name, self._target.name}) in self._network.cut:
            self._network.carry(self, self._asker, self._target, method, path, body)
        return self._target.answer(self._asker, method, path, body)[:2]


def publish(text, *, audience="partners", tlp="GREEN"):
    return services.publish(
        Actor.operator(), kind="exchange.comment", subject=text, body={"text": text}, tlp=tlp, audience=audience
    )


class Lost:
    """Tallinn lost what it had published after a backup."""

    def __init__(self, network):
        self.network, self.tallinn = network, network.nodes["tallinn"]
        with self.tallinn.acting():
            publish("kept")
        self.pull()
        backup = self.tallinn._database.connection.serialize()
        with self.tallinn.acting():
            publish("for all")
            publish("for kyiv", audience=["kyiv"], tlp="AMBER")
            publish("for riga", audience=["riga"], tlp="AMBER")
        self.pull()
        with self.tallinn.acting():
            services.withdraw(Actor.operator(), Record.objects.get(subject="for all"), "a mistake")
        self.pull()
        with self.tallinn.acting():
            self.signed = Checkpoint.objects.first().text
        self.tallinn._database.connection.deserialize(backup)
        with self.tallinn.acting():
            guard.marks().lasting.unlink()
            guard.marks().fleeting.unlink()
            guard._held.clear()
            self.waiting = publish("since")

    def pull(self):
        for name in OTHERS:
            self.network.pull(name, "tallinn")

    def open(self, partner):
        return Link(self.network, self.tallinn, partner)

    def ask(self):
        with pytest.raises(LogHeldError):
            witnesses.ask_all(self.open)

    def recover(self, agency=None):
        return recovery.recover(Actor.operator(), agency, self.open)


@pytest.fixture
def lost(simulated, tmp_path):
    network = Network(tmp_path, simulated)
    yield Lost(network)
    network.close()


def test_the_log_that_was_signed_is_rebuilt_leaf_by_leaf_and_goes_on(lost):
    with lost.tallinn.acting():
        lost.ask()
        count = lost.recover()
        subjects = [record.subject for record in Record.objects.filter(received=None).order_by("leaf_index")]
        taken_back = str(Record.objects.get(subject="for all").pk)
        assert subjects == ["kept", "for all", "for kyiv", "for riga", taken_back, "since"]
        assert count == 4
        # The very checkpoint that was signed is there again, and the next one continues it.
        assert Checkpoint.objects.get(size=5).text == lost.signed
        assert log.latest().size == 6
        assert Record.objects.get(subject="for all", kind="exchange.comment").withdrawn
        assert all(evidence.verify(record).ok for record in Record.objects.filter(received=None))
        assert guard.may_sign()
        assert AuditEntry.objects.get(action="exchange.recover-log").details["records"] == 4
        publish("and on")
    lost.pull()
    for name in OTHERS:
        with lost.network.nodes[name].acting():
            assert Partner.objects.get(node="tallinn").state == PartnerState.PINNED
            assert {"since", "and on"} <= {record.subject for record in Record.objects.filter(issuer="tallinn")}
            assert not Record.objects.filter(issuer="tallinn", subject=f"for {'riga' if name == 'kyiv' else 'kyiv'}")


def test_a_whole_log_has_nothing_to_recover(lost):
    with lost.tallinn.acting():
        with pytest.raises(LogHeldError) as whole:
            lost.recover()
        assert whole.value.code == "whole"


def test_what_partners_do_not_have_is_counted_and_nothing_is_changed(lost):
    with lost.tallinn.acting():
        lost.ask()
        lost.network.cut.add(frozenset({"tallinn", "riga"}))
        with pytest.raises(LogHeldError, match="3 of the 4") as incomplete:
            lost.recover()
        assert incomplete.value.code == "log-incomplete"
        assert LogState.objects.get().size == 2
        lost.network.cut.clear()
        assert lost.recover() == 4


def test_what_does_not_lead_to_the_signed_root_changes_nothing(lost, monkeypatch):
    whole = Link.held

    def shuffled(self, first):
        answer = whole(self, first)
        places = [one["index"] for one in answer["records"]]
        for one, place in zip(answer["records"], reversed(places), strict=True):
            one["index"] = place
        return answer

    with lost.tallinn.acting():
        lost.ask()
        monkeypatch.setattr(Link, "held", shuffled)
        with pytest.raises(LogHeldError):
            lost.recover()
        assert LogState.objects.get().size == 2
        assert Record.objects.get(subject="since").leaf_index == 1


def test_an_index_that_a_partner_read_otherwise_changes_nothing(lost, monkeypatch):
    whole = Link.held
    monkeypatch.setattr(
        Link, "held", lambda self, first: {**whole(self, first), "read": [[False, 1, b64encode(bytes(32)).decode()]]}
    )
    with lost.tallinn.acting():
        lost.ask()
        with pytest.raises(LogHeldError) as renumbered:
            lost.recover()
        assert renumbered.value.code == "renumbered"
        assert not Delivery.objects.filter(record__subject="for all")


def test_a_partner_that_answers_rubbish_is_passed_over(lost, monkeypatch):
    monkeypatch.setattr(Link, "held", lambda *_: {"records": [{"index": 2, "record": "x"}]})
    with lost.tallinn.acting():
        lost.ask()
        with pytest.raises(LogHeldError, match="0 of the 4"):
            lost.recover()


def test_what_an_agency_keeps_to_itself_needs_an_agency(simulated, tmp_path, monkeypatch):
    network = Network(tmp_path, simulated)
    whole = publish
    monkeypatch.setitem(
        globals(),
        "publish",
        lambda text, **more: whole(text, **({**more, "tlp": "AMBER+STRICT"} if text == "for kyiv" else more)),
    )
    lost = Lost(network)
    with lost.tallinn.acting():
        lost.ask()
        with pytest.raises(LogHeldError) as whose:
            lost.recover()
        assert whose.value.code == "agency"
        agency = AgencyFactory()
        lost.recover(agency)
        assert Record.objects.get(subject="for kyiv").agency == agency
    network.close()


def test_only_an_administrator_recovers(lost):
    with lost.tallinn.acting(), pytest.raises(NotAllowedError):
        recovery.recover(Actor("somebody", None))


def test_long_logs_come_back_in_pages(lost, monkeypatch):
    monkeypatch.setattr(recovery, "PAGE_RECORDS", 1)
    with lost.tallinn.acting():
        lost.ask()
        assert lost.recover() == 4
        monkeypatch.setattr(recovery, "PAGE_RECORDS", 256)
        monkeypatch.setattr(recovery, "PAGE_BYTES", 1)
        assert partners.get("kyiv").is_pinned
    with lost.network.nodes["kyiv"].acting():
        given = recovery.held_for(partners.get("tallinn"), 0)
        assert (len(given["records"]), given["more"]) == (1, True)
