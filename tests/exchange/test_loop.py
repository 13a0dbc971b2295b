"""The exchange process: it waits at each partner, imports what comes, and asks a failing one less and less often."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from exchange.link import linked
from exchange.test_pull import serving
from sild.exchange import loop, watchdog
from sild.exchange.errors import LinkDownError
from sild.exchange.models import Partner, Record

# Real transactions: the loop closes connections that have grown old.
pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def at(partner, link):
    partner.url = link.url
    partner.save()
    return partner


def test_each_pinned_partner_is_asked_until_the_process_is_told_to_stop(pinned, kyiv):
    kyiv.publish()
    with linked(kyiv.keys, serving(kyiv)) as link:
        at(pinned, link)
        loop.run_forever(60, Record.objects.exists)
    assert Record.objects.filter(issuer="kyiv").count() == 1
    assert "wait=25" in link.asked[0][1]


def test_news_is_imported_as_soon_as_a_waiting_partner_has_it(pinned, kyiv):
    held = threading.Event()
    answer = serving(kyiv)

    def patient(method, path, body):
        if "wait=" in path and not kyiv.leaves:
            held.wait(10)
        return answer(method, path, body)

    def stop():
        if not kyiv.leaves:
            kyiv.publish()
            held.set()
        return Record.objects.exists()

    with linked(kyiv.keys, patient) as link:
        at(pinned, link)
        loop.run_forever(60, stop)
    assert Record.objects.filter(issuer="kyiv").count() == 1


def test_a_failing_partner_is_asked_less_and_less_often_and_the_next_try_is_known(pinned):
    failed = loop.Heard(pinned, None, None, LinkDownError("down"), waited=False)
    waits = [loop.attempt(failed, 5.0) for _ in range(4)]
    assert waits[0] < waits[1] < waits[2] < waits[3]
    Partner.objects.update(failures=50)
    assert loop.attempt(failed, 5.0) <= loop.MAX_BACKOFF_SECONDS * 1.2
    pinned.refresh_from_db()
    assert pinned.next_try is not None
    assert pinned.last_error == "down"


def test_a_partner_that_is_down_for_a_week_is_asked_ever_less_often_but_at_least_every_72_seconds():
    now, tries, gaps = 0.0, 0, []
    while now < 7 * 24 * 3600:
        gaps.append(loop.backoff(tries, 5.0))
        now, tries = now + gaps[-1], tries + 1
    assert max(gaps) <= loop.MAX_BACKOFF_SECONDS * 1.2
    assert gaps[0] < 7
    assert 7 * 24 * 50 <= tries <= 7 * 24 * 75
    assert len(set(gaps)) == len(gaps)


def test_after_a_week_everything_comes_by_itself_in_rounds_that_leave_room_for_others(pinned, kyiv, monkeypatch):
    monkeypatch.setattr(loop, "ROUND_PAGES", 2)
    Partner.objects.update(failures=2000, next_try=timezone.now() - timedelta(minutes=1), last_error="down")
    for _ in range(11):
        kyiv.publish()
    with linked(kyiv.keys, serving(kyiv, per_page=2)) as link:
        at(pinned, link)
        loop.run_forever(60, lambda: Record.objects.filter(issuer="kyiv").count() == 11)
    pinned.refresh_from_db()
    assert (pinned.failures, pinned.last_error, pinned.next_try) == (0, "", None)
    waiting = [path for _method, path, _body in link.asked if "wait=" in path]
    assert [path.split("after=")[1].split("&")[0] for path in waiting][:3] == ["0", "4", "8"]
    assert watchdog.state("exchange") == "ok"


@pytest.mark.parametrize("answer", [b"no JSON", b"[]", b""], ids=["no JSON", "a list", "nothing"])
def test_a_partner_that_answers_nonsense_is_asked_again_later(pinned, kyiv, answer):
    with linked(kyiv.keys, lambda *_: (200, answer)) as link:
        at(pinned, link)
        loop.run_forever(0.01, lambda: Partner.objects.get().failures >= 2)
    pinned.refresh_from_db()
    assert "not an index" in pinned.last_error


def test_what_no_check_foresaw_stops_one_round_and_not_the_process(pinned, kyiv, monkeypatch):
    """As when the disk is full: nothing is lost, and the partner is asked again."""
    kyiv.publish()
    whole = loop.finish
    failures = iter([OSError(28, "No space left on device"), ValueError("odd")])

    def failing(*arguments, **options):
        for error in failures:
            raise error
        return whole(*arguments, **options)

    monkeypatch.setattr(loop, "finish", failing)
    seen = set()

    def stop():
        seen.update(Partner.objects.values_list("last_error", flat=True))
        return Record.objects.exists()

    with linked(kyiv.keys, serving(kyiv)) as link:
        at(pinned, link)
        loop.run_forever(0.01, stop)
    assert {"[Errno 28] No space left on device", "odd"} <= seen


def test_a_thread_that_fails_at_once_leaves_an_answer(pinned, monkeypatch):
    monkeypatch.setattr(loop.Client, "to", lambda _partner: {}["keys"])
    loop.run_forever(0.01, lambda: Partner.objects.get().failures >= 2)


@pytest.mark.parametrize(("waited", "pause"), [(True, 0.0), (False, 5.0)])
def test_a_partner_that_does_not_wait_is_not_asked_at_once_again(pinned, kyiv, waited, pause):
    with linked(kyiv.keys, serving(kyiv)) as link, loop.Client.to(at(pinned, link)) as client:
        assert loop.attempt(loop.Heard(pinned, client, None, None, waited), 5.0) == pause
        assert client.leads_to(pinned)


def test_a_link_is_kept_from_one_question_to_the_next_until_the_partner_moves_or_fails(pinned, kyiv):
    with linked(kyiv.keys, serving(kyiv)) as link:
        first = loop._link_to(at(pinned, link), None)
        assert loop._link_to(pinned, first) is first
        moved = Partner(node="kyiv", url="https://127.0.0.1:2", identity=pinned.identity)
        assert loop._link_to(moved, first) is not first
        assert not first.leads_to(pinned)
        second = loop._link_to(pinned, None)
        loop.attempt(loop.Heard(pinned, second, None, LinkDownError("down"), waited=False), 5.0)
        assert not second.leads_to(pinned)
