"""A round with a partner over real TLS: what is fetched, kept, cosigned; and how each failure ends."""

import orjson
import pytest

from exchange.link import linked
from sild.exchange import blobs, pull
from sild.exchange.client import ATTACHMENT_PATH, COSIGNATURE_PATH, IDENTITY_PATH, INDEX_PATH
from sild.exchange.enums import PartnerState
from sild.exchange.errors import HistoryError, LinkDownError, PartnerError, TransferError
from sild.exchange.models import Record
from sild.trust.checkpoint import verify_cosignature
from sild.trust.identity import Identity
from sild.trust.record import Attachment as Entry
from sild.trust.tls import GROUP

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def serving(kyiv, files=None, *, per_page=256):
    """What a good partner answers."""

    def answer(method, path, body):
        if path.startswith(INDEX_PATH):
            after, have = (int(part.split("=")[1]) for part in path.partition("?")[2].split("&")[:2])
            page = kyiv.page(after=after, have=have)
            page["more"] = len(page["entries"]) > per_page
            page["entries"] = page["entries"][:per_page]
            return (200, orjson.dumps(page)) if page["entries"] or have < len(kyiv.leaves) else (204, b"")
        if path.startswith(ATTACHMENT_PATH):
            data = (files or {}).get(path.rpartition("blob=")[2])
            whole = {"content-range": f"bytes 0-{len(data or b'') - 1}/{len(data or b'')}", "etag": f'"{"a" * 64}"'}
            return (
                (206, data, whole) if data is not None else (422, orjson.dumps({"code": "not-found", "detail": "gone"}))
            )
        return 204, b""

    return answer


@pytest.fixture
def at(pinned):
    """Point the pinned partner at a link."""

    def point(link):
        pinned.url = link.url
        pinned.save()
        return pinned

    return point


def test_a_round_imports_everything_page_by_page_and_cosigns(at, kyiv, tallinn):
    for _ in range(5):
        kyiv.publish()
    with linked(kyiv.keys, serving(kyiv, per_page=2)) as link:
        done = pull.pull(at(link))
        again = pull.pull(at(link))
    assert (len(done.records), done.pages, done.cosigned) == (5, 3, 5)
    assert again.records == []
    cosigned = [orjson.loads(body) for method, path, body in link.asked if path == COSIGNATURE_PATH]
    ours = Identity.parse(tallinn.identity_document(), on=None)
    assert verify_cosignature(kyiv.checkpoint(), cosigned[-1]["line"], ours) > 0


def test_a_good_round_is_remembered_with_its_group(at, kyiv):
    with linked(kyiv.keys, serving(kyiv)) as link:
        partner = at(link)
        pull.pull(partner)
    assert (partner.last_group, partner.last_error, partner.failures) == (GROUP, "", 0)
    assert partner.last_contact is not None


def test_files_follow_their_records(at, kyiv):
    data = b"a package that nobody here had before"
    entry = Entry(hash=blobs.hash_of(data), size=len(data), type="application/zip", name="p.zip")
    kyiv.publish(attachments=(entry,))
    with linked(kyiv.keys, serving(kyiv, {entry.hash: data})) as link:
        pull.pull(at(link))
    assert Record.objects.get(issuer="kyiv").attachments.get().is_here
    assert blobs.read(entry.hash) == data


def test_a_file_that_fails_is_tried_again_and_stops_no_other(at, kyiv):
    good, lost = b"a good file", b"a file that was lost there"
    entries = [Entry(hash=blobs.hash_of(one), size=len(one), type="a/b", name="n") for one in (lost, good)]
    for entry in entries:
        kyiv.publish(attachments=(entry,))
    with linked(kyiv.keys, serving(kyiv, {entries[1].hash: good})) as link, pytest.raises(LinkDownError):
        pull.pull(at(link))
    assert Record.objects.filter(issuer="kyiv").count() == 2
    assert blobs.has(entries[1].hash)
    with linked(kyiv.keys, serving(kyiv, {entries[0].hash: lost})) as link:
        pull.pull(at(link))
    assert blobs.has(entries[0].hash)


def test_a_partner_that_is_down_is_counted_and_named(pinned):
    with pytest.raises(LinkDownError):
        pull.pull(pinned)
    assert pinned.failures == 1
    assert "127.0.0.1:1" in pinned.last_error


def test_another_key_than_the_pinned_one_ends_the_link(at, kyiv, tallinn):
    with linked(tallinn, serving(kyiv)) as link, pytest.raises(LinkDownError, match="pinned"):
        pull.pull(at(link))
    assert [path for _method, path, _body in link.asked] == [IDENTITY_PATH]


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (403, {"code": "not-pinned", "detail": "no"}, PartnerError),
        (500, {"code": "internal", "detail": "no"}, LinkDownError),
        (502, None, LinkDownError),
        (200, [], LinkDownError),
        (200, {}, TransferError),
    ],
)
def test_an_answer_of_another_form_is_an_error_with_a_sentence(at, kyiv, status, answer, error):
    body = b"<html>" if answer is None else orjson.dumps(answer)
    with linked(kyiv.keys, lambda *_: (status, body)) as link, pytest.raises(error) as caught:
        pull.pull(at(link))
    assert str(caught.value)


def test_an_endless_answer_is_cut_off(at, kyiv, monkeypatch):
    monkeypatch.setattr("sild.exchange.client.MAX_ANSWER", 1000)
    with linked(kyiv.keys, lambda *_: (200, b"x" * 5000)) as link, pytest.raises(LinkDownError) as caught:
        pull.pull(at(link))
    assert caught.value.code == "oversized"


def test_a_partner_that_says_that_we_saw_more_than_it_has_is_frozen(at, kyiv):
    problem = orjson.dumps({"code": "history", "detail": "this node lost data"})
    with linked(kyiv.keys, lambda *_: (409, problem)) as link, pytest.raises(HistoryError):
        pull.pull(at(link))
    partner = at(link)
    partner.refresh_from_db()
    assert partner.state == PartnerState.FROZEN


def test_a_poll_when_there_is_nothing_new_is_one_request_of_less_than_a_kilobyte(at, kyiv):
    kyiv.publish()
    with linked(kyiv.keys, serving(kyiv)) as link:
        partner = at(link)
        pull.pull(partner)
        asked = len(link.asked)
        pull.pull(partner)
    assert [(method, body) for method, _, body in link.asked[asked:]] == [("GET", b"")]
    assert len(link.heads[-1]) < 500, "the answer, 204, is a status line and a length"
