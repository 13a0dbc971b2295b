from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from django.utils import timezone

from sild.people.enums import Role
from sild.people.errors import NotAllowedError
from sild.threats import feeds
from sild.threats.errors import FeedError, NotFoundError
from sild.threats.loop import run_forever
from sild.threats.models import Feed, Member
from sild.threats.taxii_client import RefusedPageError
from threats.stix import collection, indicator, somebody

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


class Elsewhere:
    """A TAXII server that answers what the test wants, one answer after the other, and keeps what it was asked."""

    def __init__(self):
        self.answers, self.asked = [], []
        elsewhere = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                elsewhere.asked.append((query, self.headers.get("Authorization")))
                status, body, headers = elsewhere.answers.pop(0)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/root/collections/c/"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def will(self, status=200, body=b"{}", **headers):
        self.answers.append((status, body, {name.replace("_", "-"): value for name, value in headers.items()}))

    def page(self, *objects, next_="", last="2025-05-05T05:05:05.000005Z"):
        more = {"more": True, "next": next_} if next_ else {"more": False}
        self.will(body=orjson.dumps({**more, "objects": objects}), X_TAXII_Date_Added_Last=last)


@pytest.fixture
def elsewhere():
    made = Elsewhere()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def feed(elsewhere):
    return feeds.add_feed(somebody(), collection(), elsewhere.url, username="u", secret="p", every=60)


def test_pages_are_followed_to_the_end_and_the_next_pull_goes_on_there(elsewhere, feed):
    elsewhere.page(indicator(), indicator(), next_="abc")
    elsewhere.page(indicator(), {"type": "indicator"})
    pulled = feeds.pull(somebody(), feed)
    assert (pulled.pages, pulled.taken, pulled.refused) == (2, 3, 1)
    elsewhere.will()
    assert feeds.pull(somebody(), feed).taken == 0
    first, second, third = (asked for asked, _authorization in elsewhere.asked)
    assert first == {"limit": "1000", "match[version]": "all"}
    assert second == {**first, "next": "abc"}
    assert third == {**first, "added_after": "2025-05-05T05:05:05.000005Z"}
    assert elsewhere.asked[0][1] == "Basic dTpw"
    assert feed.last_contact is not None
    assert feed.due > timezone.now()


def test_a_secret_is_not_to_be_read_in_the_database(elsewhere, feed):
    assert Feed.objects.get().secret not in {"", "p"}
    with pytest.raises(FeedError, match="at most 500"):
        feeds.add_feed(somebody(), feed.collection, elsewhere.url, secret="p" * 501)


def test_a_secret_that_does_not_open_is_the_feeds_last_error(elsewhere, feed, settings):
    settings.SECRET_KEY = "that of another node"
    with pytest.raises(FeedError):
        feeds.pull(somebody(), feed)
    assert "another key" in Feed.objects.get().last_error
    assert elsewhere.asked == []


def test_a_pull_that_breaks_keeps_what_came_and_goes_on_after_it(elsewhere, feed):
    elsewhere.page(indicator(), next_="abc")
    elsewhere.will(503, b'{"title": "x", "description": "later"}', Retry_After="900")
    with pytest.raises(RefusedPageError, match=r"answered 503\. later"):
        feeds.pull(somebody(), feed)
    again = Feed.objects.get()
    assert (Member.objects.count(), again.next, again.failures) == (1, "abc", 1)
    assert (again.due - timezone.now()).total_seconds() > 850
    elsewhere.page(indicator())
    feeds.pull(somebody(), again)
    assert elsewhere.asked[-1][0]["next"] == "abc"
    assert (Member.objects.count(), Feed.objects.get().failures, Feed.objects.get().last_error) == (2, 0, "")


def test_a_place_that_the_server_has_forgotten_is_given_up(elsewhere, feed):
    item = indicator()
    elsewhere.page(item, next_="abc")
    elsewhere.will(400)
    elsewhere.page(item, indicator())
    assert feeds.pull(somebody(), feed).taken == 3
    assert "next" not in elsewhere.asked[-1][0]
    assert Member.objects.count() == 2


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"body": b"<html>"}, "no JSON"),
        ({"body": b"[]"}, "no TAXII envelope"),
        ({"body": b'{"objects": 7}'}, "no TAXII envelope"),
        ({"status": 401}, "answered 401"),
        ({"status": 302, "Location": "http://127.0.0.1:1/"}, "answered 302"),
        ({"body": b'{"objects": []}', "X_TAXII_Date_Added_Last": "soon"}, "a date that is none"),
        ({"body": b"this is not gzip", "Content_Encoding": "gzip"}, "cannot be reached"),
    ],
    ids=range(7),
)
def test_what_is_no_answer_is_told_and_changes_nothing(elsewhere, feed, answer, why):
    elsewhere.will(**answer)
    with pytest.raises(FeedError, match=why):
        feeds.pull(somebody(), feed)
    again = Feed.objects.get()
    assert (again.added_after, again.next, again.failures) == ("", "", 1)
    assert why in again.last_error


def test_one_name_may_stand_for_page_after_page_as_long_as_objects_come(elsewhere, feed):
    elsewhere.page(indicator(), next_="abc")
    elsewhere.page(indicator(), next_="abc")
    elsewhere.page(next_="abc")
    with pytest.raises(FeedError, match="sends nothing"):
        feeds.pull(somebody(), feed)
    assert Member.objects.count() == 2


def test_a_server_that_is_not_there_waits_longer_after_each_failure():
    feed = feeds.add_feed(somebody(), collection(), "http://127.0.0.1:1/r/collections/c/", secret="t", every=60)
    pauses = []
    for _ in range(3):
        with pytest.raises(FeedError, match="cannot be reached"):
            feeds.pull(somebody(), feed)
        pauses.append(round((feed.due - timezone.now()).total_seconds() / 60))
    assert pauses == [2, 4, 8]


def test_only_an_administrator_makes_the_node_call_an_address():
    where = collection()
    with pytest.raises(NotAllowedError):
        feeds.add_feed(somebody(Role.EDITOR), where, "https://cti.example/r/collections/c/")
    for bad in ("ftp://cti.example/r/collections/c/", "https:///collections/c/", "https://cti.example/"):
        with pytest.raises(FeedError, match="no address"):
            feeds.add_feed(somebody(), where, bad)
    with pytest.raises(FeedError, match="at most every"):
        feeds.add_feed(somebody(), where, "https://cti.example/r/collections/c/", every=1)


def test_a_feed_is_found_by_its_agency_alone_and_removed(feed):
    assert feeds.find(somebody(), feed.url) == feeds.find(somebody(), str(feed.pk)[:8]) == feed
    with pytest.raises(NotFoundError):
        feeds.find(somebody(slug="ttja"), feed.url)
    feeds.remove_feed(somebody(), feed)
    assert feeds.feeds_of(somebody()) == []


# The loop closes its connection between looks, and with PostgreSQL's goes a transaction around the test.
@pytest.mark.django_db(transaction=True)
def test_the_loop_pulls_what_is_due_and_survives_failures(elsewhere, feed):
    elsewhere.will(500)
    looks = iter([False, False, True, True])
    run_forever(lambda: next(looks, True), look_every=0)
    assert (len(elsewhere.asked), Feed.objects.get().failures) == (1, 1)
    assert feeds.pull_due() == 0
