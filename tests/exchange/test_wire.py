"""What partners may ask over the wire, and what everybody else is told."""

import gzip

import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from sild.exchange import blobs, partners, services, wire
from sild.exchange.client import ATTACHMENT_PATH, COSIGNATURE_PATH, IDENTITY_PATH, INDEX_PATH
from sild.exchange.log_models import Checkpoint, Cosignature
from sild.trust.checkpoint import cosign
from sild.trust.tls import _credentials

# Real transactions: what answers a partner also closes connections that have grown old.
pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def scope(keys, method, path, query=""):
    certificate = _credentials(keys.node, keys.tls.seed)[0].public_bytes(Encoding.PEM).decode()
    return {
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "extensions": {"tls": {"client_cert_chain": [certificate]}},
    }


def ask(keys, method, path, query="", body=b""):
    status, answer = wire._answer(scope(keys, method, path, query), body)[:2]
    return status, orjson.loads(answer) if answer else None


def comment(actor):
    return services.publish(
        actor, kind="exchange.comment", subject="x", body={"text": "x"}, tlp="GREEN", audience="partners"
    )


def test_anybody_may_ask_who_we_are(kyiv, tallinn):
    status, answer = ask(kyiv.keys, "GET", IDENTITY_PATH)
    assert status == 200
    assert answer == orjson.loads(tallinn.identity_document())


def test_a_pinned_partner_gets_its_page_and_then_nothing_new(operator, pinned, kyiv):
    record = comment(operator)
    status, page = ask(kyiv.keys, "GET", INDEX_PATH, "after=0&have=0")
    assert status == 200
    assert [entry["position"] for entry in page["entries"]] == [1]
    assert page["entries"][0]["record"] == bytes(record.raw).decode()
    assert ask(kyiv.keys, "GET", INDEX_PATH, "after=1&have=1") == (204, None)
    pinned.refresh_from_db()
    assert pinned.delivered == 1


def test_confirming_more_than_was_sent_confirms_what_was_sent(operator, pinned, kyiv):
    comment(operator)
    ask(kyiv.keys, "GET", INDEX_PATH, "after=99&have=1")
    pinned.refresh_from_db()
    assert pinned.delivered == 1


def test_a_key_that_nobody_pinned_gets_nothing(operator, kyiv):
    comment(operator)
    for method, path, query in (("GET", INDEX_PATH, "after=0&have=0"), ("GET", ATTACHMENT_PATH, "record=x&blob=y")):
        status, problem = ask(kyiv.keys, method, path, query)
        assert (status, problem["code"]) == (403, "not-pinned")


def test_a_partner_that_was_only_added_gets_nothing(operator, kyiv):
    partners.add(operator, kyiv.keys.identity_document(), "https://127.0.0.1:1")
    assert ask(kyiv.keys, "GET", INDEX_PATH, "after=0&have=0")[0] == 403


def test_a_partner_that_saw_more_than_we_have_is_told_that_we_lost_data(operator, pinned, kyiv):
    comment(operator)
    status, problem = ask(kyiv.keys, "GET", INDEX_PATH, "after=0&have=7")
    assert (status, problem["code"]) == (409, "history")


def test_a_witness_hands_in_its_cosignature_once(operator, pinned, kyiv):
    comment(operator)
    line = cosign(Checkpoint.objects.get().text, kyiv.keys, timestamp=1)
    body = orjson.dumps({"size": 1, "line": line})
    assert ask(kyiv.keys, "POST", COSIGNATURE_PATH, body=body) == (204, None)
    assert ask(kyiv.keys, "POST", COSIGNATURE_PATH, body=body) == (204, None)
    assert Cosignature.objects.get().witness == pinned


def test_a_cosignature_of_somebody_else_or_for_no_checkpoint_is_refused(operator, pinned, kyiv, tallinn):
    comment(operator)
    forged = cosign(Checkpoint.objects.get().text, tallinn, timestamp=1)
    assert ask(kyiv.keys, "POST", COSIGNATURE_PATH, body=orjson.dumps({"size": 1, "line": forged}))[0] == 403
    assert ask(kyiv.keys, "POST", COSIGNATURE_PATH, body=orjson.dumps({"size": 9, "line": forged}))[0] == 403
    assert not Cosignature.objects.exists()


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "status"),
    [
        ("GET", INDEX_PATH, "", b"", 400),
        ("GET", INDEX_PATH, "after=x&have=0", b"", 400),
        ("GET", INDEX_PATH, "after=-1&have=-1", b"", 400),
        ("GET", ATTACHMENT_PATH, "record=x&blob=y", b"", 400),
        ("GET", ATTACHMENT_PATH, "record=01a21390-c3a0-7989-b326-7e7e5eee014b&blob=y", b"", 422),
        ("POST", COSIGNATURE_PATH, "", b"no json", 400),
        ("POST", COSIGNATURE_PATH, "", b"[]", 400),
        ("POST", COSIGNATURE_PATH, "", b"{}", 400),
        ("DELETE", INDEX_PATH, "", b"", 404),
        ("GET", "/admin/", "", b"", 404),
    ],
)
def test_a_request_of_another_form_gets_a_problem_and_no_traceback(
    operator, pinned, kyiv, method, path, query, body, status
):
    comment(operator)
    answered, problem = ask(kyiv.keys, method, path, query, body)
    assert answered == status
    assert problem["status"] == status
    assert problem["type"].startswith("urn:sild:problem:")
    assert "Traceback" not in problem["detail"]


@pytest.mark.filterwarnings("default")
def test_a_mistake_of_ours_is_logged_and_says_nothing_of_itself(pinned, kyiv, monkeypatch):
    def explode(*_arguments, **_options):
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(wire.outgoing, "page", explode)
    status, problem = ask(kyiv.keys, "GET", INDEX_PATH, "after=0&have=0")
    assert status == 500
    assert "secret" not in problem["detail"]


async def _converse(messages, request):
    """Run the ASGI application once; returns what it sent."""
    sent, waiting = [], list(messages)

    async def receive():
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    await wire.application(request, receive, send)
    return sent


def part(keys, record, headers=()):
    """Ask for a part of the record's one file."""
    file = record.attachments.get()
    asked = scope(keys, "GET", ATTACHMENT_PATH, f"record={record.pk}&blob={file.hash}")
    status, data, *more = wire._answer({**asked, "headers": list(headers)}, b"")
    return status, data, dict(more[2]) if more else orjson.loads(data)["code"]


@pytest.mark.parametrize("tlp", ["GREEN", "AMBER"])
def test_a_file_is_answered_in_parts_of_limited_size(operator, pinned, kyiv, monkeypatch, tlp):
    monkeypatch.setattr(wire, "MAX_PART", 1000)
    draft = blobs.Draft("a.bin", "a/b", bytes(2500))
    audience = "partners" if tlp == "GREEN" else ["kyiv"]
    record = services.publish(
        operator, kind="exchange.comment", subject="x", body={"text": "x"}, tlp=tlp, audience=audience,
        attachments=[draft],
    )  # fmt: skip
    status, whole, headers = part(kyiv.keys, record)
    total = int(headers[b"content-range"].rpartition(b"/")[2])
    assert (status, len(whole)) == (206, 1000)
    tag = headers[b"etag"]
    while len(whole) < total:
        asked = [(b"range", b"bytes=%d-" % len(whole)), (b"if-match", tag)]
        status, data, headers = part(kyiv.keys, record, asked)
        assert headers[b"content-range"] == b"bytes %d-%d/%d" % (len(whole), len(whole) + len(data) - 1, total)
        whole += data
    assert (whole == bytes(2500)) is (tlp == "GREEN")
    assert part(kyiv.keys, record, [(b"range", b"bytes=%d-" % total)])[::2] == (416, "range")
    assert part(kyiv.keys, record, [(b"range", b"bytes=5-7")])[::2] == (416, "range")
    assert part(kyiv.keys, record, [(b"if-match", b'"other"')])[::2] == (412, "changed")


def test_an_empty_file_is_answered(operator, pinned, kyiv):
    draft = blobs.Draft("a.bin", "a/b", b"")
    record = services.publish(
        operator, kind="exchange.comment", subject="x", body={"text": "x"}, tlp="GREEN", audience="partners",
        attachments=[draft],
    )  # fmt: skip
    assert part(kyiv.keys, record)[:2] == (206, b"")


def test_an_oversized_request_is_cut_off_before_it_is_read_whole(kyiv):
    from asgiref.sync import async_to_sync  # noqa: PLC0415 -- one test of many needs it

    chunk = {"type": "http.request", "body": b"x" * 40_000, "more_body": True}
    start, body = async_to_sync(_converse)([chunk] * 9, scope(kyiv.keys, "POST", COSIGNATURE_PATH))
    assert start["status"] == 413
    assert orjson.loads(body["body"])["code"] == "oversized"


def converse(request, *messages):
    from asgiref.sync import async_to_sync  # noqa: PLC0415 -- the sync tests need it not

    return async_to_sync(_converse)(messages or [{"type": "http.request"}], request)


@pytest.mark.django_db(transaction=True)
def test_a_long_answer_is_compressed_for_who_can_read_it_and_a_short_one_is_not(operator, pinned, kyiv):
    for _ in range(20):
        comment(operator)
    request = scope(kyiv.keys, "GET", INDEX_PATH, "after=0&have=0")
    start, body = converse({**request, "headers": [(b"accept-encoding", b"gzip")]})
    plain_start, plain = converse({**request, "headers": []})
    assert dict(start["headers"])[b"content-encoding"] == b"gzip"
    assert b"content-encoding" not in dict(plain_start["headers"])
    assert gzip.decompress(body["body"]) == plain["body"]
    assert len(body["body"]) < len(plain["body"]) / 2


@pytest.mark.django_db(transaction=True)
def test_a_request_that_may_wait_is_answered_when_there_is_news(operator, pinned, kyiv, monkeypatch):
    comment(operator)

    async def come(have, seconds):
        assert (have, seconds) == (1, 25)
        from asgiref.sync import sync_to_async  # noqa: PLC0415 -- one test of many needs it

        await sync_to_async(comment)(operator)
        return True

    monkeypatch.setattr(wire.news, "come", come)
    start, body = converse({**scope(kyiv.keys, "GET", INDEX_PATH, "after=1&have=1&wait=99"), "headers": []})
    assert start["status"] == 200
    assert [entry["position"] for entry in orjson.loads(body["body"])["entries"]] == [2]


@pytest.mark.django_db(transaction=True)
def test_waiting_ends_with_nothing_new(operator, pinned, kyiv):
    comment(operator)
    start, body = converse({**scope(kyiv.keys, "GET", INDEX_PATH, "after=1&have=1&wait=1"), "headers": []})
    assert (start["status"], body["body"]) == (204, b"")


@pytest.mark.parametrize(
    "query", ["after=1&have=1&wait=x", "after=1&have=x&wait=1", "wait=" + "9" * 5000 + "&have=1", "after=1&have=1"]
)
def test_what_is_no_number_of_seconds_does_not_wait(kyiv, query):
    assert wire._patience(scope(kyiv.keys, "GET", INDEX_PATH, query))[1] == 0


@pytest.mark.parametrize(
    ("query", "body"),
    [("after=99999999999999999999&have=0", b""), ("", b'{"size":1e300,"line":""}')],
    ids=["page", "line"],
)
def test_numbers_that_no_database_has_are_no_mistake_of_ours(operator, pinned, kyiv, query, body):
    comment(operator)
    method, path = ("POST", COSIGNATURE_PATH) if body else ("GET", INDEX_PATH)
    assert ask(kyiv.keys, method, path, query, body)[0] < 500
