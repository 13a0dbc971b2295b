"""Pages that were read before anybody asked for them."""

from __future__ import annotations

import threading

import orjson
import pytest

from sild.threats import ingest, pages, services
from sild.threats.access import access
from sild.threats.ahead import Ahead, following
from sild.threats.enums import Level
from threats.stix import GREEN, RED, SOURCE, collection, indicator, somebody

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
ALL = pages.Filter()


@pytest.fixture
def owner():
    return somebody()


@pytest.fixture
def found(owner):
    made = collection(owner)
    ingest.add_objects(owner, made, [indicator(object_marking_refs=[GREEN]) for _ in range(3)], SOURCE)
    return access(owner, made.pk)


def ids(envelope):
    return [one["id"] for one in orjson.loads(envelope.body)["objects"]]


def test_what_was_read_ahead_is_given_once_without_reading_it_again(found, django_assert_num_queries):
    ahead = Ahead()
    ahead.read(found, ALL)
    with django_assert_num_queries(1):
        first = ahead.take(found, ALL)
    assert first == pages.envelope(pages.objects(found, ALL))
    with django_assert_num_queries(1):
        assert ahead.take(found, ALL) == first


def test_what_came_or_was_closed_since_is_seen(owner, found):
    ahead = Ahead()
    ahead.read(found, ALL)
    [new] = added = [indicator(object_marking_refs=[GREEN])]
    ingest.add_objects(owner, found.collection, added, SOURCE)
    assert new["id"] in ids(ahead.take(found, ALL))
    ahead.read(found, ALL)
    services.restrict(owner, found.collection, new["id"], Level.RED)
    reader = somebody(slug="other")
    services.give_grant(owner, found.collection, agency=reader.agency, ceiling=Level.GREEN)
    assert new["id"] not in ids(ahead.take(access(reader, found.collection.pk), ALL))


def test_a_reader_who_may_see_less_gets_a_page_of_their_own(owner, found):
    ingest.add_objects(owner, found.collection, [indicator(object_marking_refs=[RED])], SOURCE)
    reader = somebody(slug="other")
    services.give_grant(owner, found.collection, agency=reader.agency, ceiling=Level.GREEN)
    ahead = Ahead()
    ahead.read(found, ALL)
    assert len(ids(ahead.take(access(reader, found.collection.pk), ALL))) == 3
    assert len(ids(ahead.take(found, ALL))) == 4


def test_other_filters_are_other_pages_and_the_next_one_goes_on(found):
    ahead, two = Ahead(), pages.Filter(limit=2)
    ahead.read(found, two)
    assert len(ids(ahead.take(found, ALL))) == 3
    first = ahead.take(found, two)
    assert len(ids(ahead.take(found, following(two, first.next)))) == 1


def test_what_waits_longest_is_forgotten_when_there_is_too_much(found, django_assert_num_queries):
    one, other = pages.Filter(limit=1), pages.Filter(limit=2)
    ahead = Ahead(most=len(pages.envelope(pages.objects(found, other)).body))
    ahead.read(found, one)
    ahead.read(found, other)
    ahead.read(found, other)
    with django_assert_num_queries(2):
        ahead.take(found, one)
    with django_assert_num_queries(1):
        ahead.take(found, other)


def test_a_page_that_is_being_read_is_waited_for_and_not_read_twice(found, monkeypatch):
    ahead, started, may_end, given = Ahead(), threading.Event(), threading.Event(), []
    made = pages.envelope(pages.objects(found, ALL))

    def slowly(*_):
        started.set()
        assert may_end.wait(10)
        return made

    # Only the reading itself stands in, so that it can be held up; both threads share the test's transaction otherwise.
    monkeypatch.setattr("sild.threats.ahead._key", lambda *_: "key")
    monkeypatch.setattr("sild.threats.ahead.pages.envelope", slowly)
    reader = threading.Thread(target=ahead.read, args=(found, ALL))
    monkeypatch.setattr("sild.threats.ahead.pages.objects", lambda *_: None)
    reader.start()
    assert started.wait(10)
    taker = threading.Thread(target=lambda: given.append(ahead.take(found, ALL)))
    taker.start()
    may_end.set()
    reader.join(10)
    taker.join(10)
    assert given == [made]


def test_reading_that_fails_leaves_nothing_to_wait_for(found, monkeypatch):
    ahead = Ahead()
    with monkeypatch.context() as broken:
        broken.setattr("sild.threats.ahead.pages.objects", None)
        with pytest.raises(TypeError):
            ahead.read(found, ALL)
    assert len(ids(ahead.take(found, ALL))) == 3
