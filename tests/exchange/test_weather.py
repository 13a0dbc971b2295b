"""What broke other federations, on a simulated network with the real exchange: long partitions, loss, no power."""

from __future__ import annotations

import random

import pytest

from exchange.weather import DAY, Weather
from scale import scaled
from sild.exchange import services
from sild.exchange.models import Acknowledgement, Delivery, Partner, Record
from sild.people.actor import Actor

pytestmark = pytest.mark.simulated
BACKLOG = scaled(1_200, 10_000)
PER_BATCH = 400
WINDOW, DARK = 300.0, 1_500.0
APART = scaled(0.5, 3) * DAY
SLOW = 64_000 / 8


@pytest.fixture
def weather(tmp_path, simulated, django_db_blocker):
    with django_db_blocker.unblock():
        network = Weather(tmp_path, simulated)
        yield network
        network.close()


def publish(network, name, number, *, words=20, narrow_every=10):
    """Records for all partners; some of them sealed for one."""
    chance = random.Random(number)
    drafts = [
        services.Draft(
            kind="exchange.comment",
            subject=f"record {place}",
            body={"text": " ".join(f"{chance.getrandbits(40):x}" for _ in range(words))},
            **(
                {"tlp": "GREEN", "audience": "partners"}
                if place % narrow_every
                else {"tlp": "AMBER", "audience": ["kyiv"]}
            ),
        )
        for place in range(number)
    ]
    with network.nodes[name].acting():
        for start in range(0, number, PER_BATCH):
            services.publish_batch(Actor.operator(), drafts[start : start + PER_BATCH])


def until(network, name, source, condition, *, days):
    """Let the exchange process work until a condition holds; simulated days say how long it may take."""
    deadline = network.now + days * DAY
    while not condition():
        assert network.now < deadline, f"{name} waits in vain for {source}"
        network.listen(name, source)


def position(network, name, source):
    with network.nodes[name].acting():
        return Partner.objects.get(node=source).position


def check_converged(network, name, source):
    """Everything that was numbered is here, once, in order, and the issuer knows."""
    with network.nodes[source].acting():
        partner = Partner.objects.get(node=name)
        sent = list(Delivery.objects.filter(partner=partner).values_list("record_id", flat=True))
        assert partner.state == "pinned"
    with network.nodes[name].acting():
        here = Record.objects.filter(issuer=source).order_by("leaf_index")
        assert list(here.values_list("pk", flat=True)) == sent
        assert Partner.objects.get(node=source).state == "pinned"


def test_after_days_apart_all_converges_by_itself_though_a_third_is_lost_and_the_import_is_killed(weather):
    weather.powered = lambda now: None if now < APART else float("inf")
    publish(weather, "tallinn", BACKLOG)
    until(weather, "kyiv", "tallinn", lambda: weather.now >= APART, days=4)
    assert weather.requests < APART / 40, "a partner that is down is not hammered"
    assert weather.now < APART + 100, "and is asked again soon after it is back"
    weather.loss, weather.crash = 0.3, 1 / 400
    until(weather, "kyiv", "tallinn", lambda: position(weather, "kyiv", "tallinn") == BACKLOG, days=2)
    assert weather.crashes >= 2, "the import was really killed"
    check_converged(weather, "kyiv", "tallinn")
    weather.loss = weather.crash = 0.0

    def acknowledged():
        with weather.nodes["tallinn"].acting():
            return Acknowledgement.objects.filter(partner_id="kyiv").count() == BACKLOG

    def receipts_given():
        with weather.nodes["kyiv"].acting():
            return Partner.objects.get(node="tallinn").receipted >= BACKLOG

    until(weather, "kyiv", "tallinn", receipts_given, days=1)
    until(weather, "tallinn", "kyiv", acknowledged, days=1)
    check_converged(weather, "tallinn", "kyiv")


@pytest.mark.parametrize(
    ("number", "words"), [(BACKLOG, 500), (scaled(500, 3_000), 1_700)], ids=["many records", "large records"]
)
def test_at_64_kbit_in_five_minute_windows_every_window_brings_more_and_nothing_starts_again(weather, number, words):
    def powered(now):
        return now - now % (WINDOW + DARK) + WINDOW if now % (WINDOW + DARK) < WINDOW else None

    publish(weather, "tallinn", number, words=words)
    weather.powered, weather.bytes_per_second = powered, SLOW
    after_window, last = [], 0
    window = 0
    while last < number:
        weather.listen("kyiv", "tallinn")
        have = position(weather, "kyiv", "tallinn")
        assert have >= last
        last = have
        while weather.now >= (window + 1) * (WINDOW + DARK):
            after_window.append(last)
            window += 1
        assert window < 80, "it takes for ever"
    assert len(after_window) >= 2, "there is too little to carry for this test"
    assert all(later > earlier for earlier, later in zip([0, *after_window], after_window, strict=False))
    whole = weather.carried
    with weather.nodes["kyiv"].acting():
        received = sum(len(raw) for raw in Record.objects.filter(issuer="tallinn").values_list("raw", flat=True))
    assert whole < 2 * received, "what came is not carried twice"
    check_converged(weather, "kyiv", "tallinn")
