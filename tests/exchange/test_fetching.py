"""Files are fetched beside the rounds: one thread for each partner, again after a failure but not at once."""

import dataclasses
import threading

import pytest

from exchange.link import linked
from exchange.test_transfer import DATA, Files
from sild.exchange import blobs, partners
from sild.exchange.fetching import Fetching
from sild.exchange.incoming import import_page
from sild.exchange.models import Attachment
from sild.trust.record import Attachment as Entry

# Real transactions: the thread has a connection of its own.
pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def waiting(operator, kyiv, settings, tmp_path):
    """A pinned partner with a file that is not here."""
    settings.CONFIG = dataclasses.replace(settings.CONFIG, blobs=str(tmp_path / "files"))
    added = partners.add(operator, kyiv.keys.identity_document(), "https://127.0.0.1:1")
    partner = partners.pin(operator, "kyiv", added.fingerprint)
    kyiv.publish(attachments=(Entry(hash=blobs.hash_of(DATA), size=len(DATA), type="a/b", name="f"),))
    import_page(partner, kyiv.page())
    return partner


def ended(fetching):
    for thread in fetching._running.values():
        thread.join(30)
        assert not thread.is_alive()


def test_what_is_missing_is_fetched_by_a_thread_and_then_nothing_is(waiting, kyiv):
    fetching = Fetching(0.01)
    with linked(kyiv.keys, Files(DATA)) as link:
        waiting.url = link.url
        waiting.save()
        fetching.tend(waiting)
        ended(fetching)
    assert Attachment.objects.get().is_here
    fetching._running.clear()
    fetching.tend(waiting)
    assert fetching._running == {}


def test_one_thread_at_a_time_fetches_from_a_partner(waiting, kyiv):
    fetching, hold = Fetching(0.01), threading.Event()
    files = Files(DATA)

    def slow(method, path, body, head):
        hold.wait(30)
        return files(method, path, body, head)

    with linked(kyiv.keys, slow) as link:
        waiting.url = link.url
        waiting.save()
        fetching.tend(waiting)
        first = fetching._running["kyiv"]
        fetching.tend(waiting)
        assert fetching._running["kyiv"] is first
        hold.set()
        ended(fetching)
    assert Attachment.objects.get().is_here


def test_a_failure_is_kept_on_the_partner_and_tried_again_later(waiting):
    fetching = Fetching(1000)
    fetching.tend(waiting)
    ended(fetching)
    waiting.refresh_from_db()
    assert "127.0.0.1:1" in waiting.last_error
    fetching._running.clear()
    fetching.tend(waiting)
    assert fetching._running == {}
