"""Silence is noticed: of a part of the node, and of a partner from whom nothing could be fetched."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from exchange.link import linked
from exchange.test_pull import serving
from people.factories import PersonFactory
from sild.exchange import pull, watchdog
from sild.exchange.errors import LinkDownError
from sild.exchange.models import Heartbeat, Partner

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
LONG_AGO = timedelta(hours=3)


def test_a_part_that_beats_is_ok_until_it_is_still_for_too_long():
    assert watchdog.state("worker") == "has not started"
    watchdog.Pulse("worker").beat()
    assert watchdog.state("worker") == "ok"
    Heartbeat.objects.update(at=timezone.now() - watchdog.STILL)
    assert watchdog.state("worker") == "silent for 120 s"


def test_a_pulse_writes_no_more_often_than_it_must(django_assert_num_queries):
    pulse = watchdog.Pulse("exchange")
    pulse.beat()
    with django_assert_num_queries(0):
        pulse.beat()


@pytest.mark.django_db(transaction=True)
def test_a_part_whose_loop_is_not_ours_beats_beside_it(monkeypatch):
    class EndError(BaseException):
        pass

    def end(_seconds):
        raise EndError

    monkeypatch.setattr(watchdog.time, "sleep", end)
    with pytest.raises(EndError):
        watchdog._beat_for_ever(watchdog.Pulse("worker"))
    assert watchdog.state("worker") == "ok"


def test_a_partner_is_silent_when_no_round_was_completed_for_long(pinned):
    assert not watchdog.is_silent(pinned)
    pinned.pinned_at = timezone.now() - LONG_AGO
    assert watchdog.is_silent(pinned)
    pinned.last_round = timezone.now()
    assert not watchdog.is_silent(pinned)
    pinned.last_round = timezone.now() - LONG_AGO
    assert watchdog.is_silent(pinned)
    pinned.state = "frozen"
    assert not watchdog.is_silent(pinned)


def test_only_a_complete_round_counts(pinned, kyiv):
    Partner.objects.update(pinned_at=timezone.now() - LONG_AGO)
    with pytest.raises(LinkDownError):
        pull.pull(pinned)
    assert watchdog.silent_partners() == [pinned]
    with linked(kyiv.keys, serving(kyiv)) as link:
        pinned.url = link.url
        pinned.save()
        pull.pull(pinned)
    assert watchdog.silent_partners() == []


def test_the_pages_say_which_partner_is_not_reached(client, pinned):
    client.force_login(PersonFactory(is_superuser=True))
    pages = reverse("exchange:partners"), pinned.get_absolute_url()
    assert not any("ot reached" in client.get(page).content.decode() for page in pages)
    Partner.objects.update(pinned_at=timezone.now() - LONG_AGO)
    assert all("ot reached" in client.get(page).content.decode() for page in pages)
