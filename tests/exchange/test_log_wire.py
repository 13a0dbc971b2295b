"""The log's addresses: statuses, media types and caching as C2SP tlog-tiles and tlog-witness give them."""

import orjson
import pytest

from exchange.test_wire import comment, converse, scope
from sild.exchange import partners
from sild.exchange.client import HELD_PATH
from sild.exchange.log_models import Checkpoint
from sild.trust.checkpoint import open_checkpoint
from sild.trust.identity import Identity, NodeKeys
from sild.trust.witness import format_request, origin_hash

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]
ADD = "/witness/add-checkpoint"


def ask(keys, method, path, query="", body=b""):
    request = {**scope(keys, method, path, query), "headers": []}
    start, sent = converse(request, {"type": "http.request", "body": body})
    return start["status"], dict(start["headers"]), sent["body"]


def test_the_checkpoint_is_text_that_is_not_kept(operator, pinned, kyiv, tallinn):
    comment(operator)
    status, headers, body = ask(kyiv.keys, "GET", "/checkpoint")
    assert (status, headers[b"content-type"]) == (200, b"text/plain; charset=utf-8")
    assert headers[b"cache-control"] == b"no-cache"
    assert open_checkpoint(body.decode(), Identity.parse(tallinn.document, on=None)).size == 1


def test_a_tile_is_bytes_that_are_kept_for_good(operator, pinned, kyiv):
    record = comment(operator)
    status, headers, body = ask(kyiv.keys, "GET", "/tile/0/000.p/1")
    assert (status, headers[b"content-type"]) == (200, b"application/octet-stream")
    assert b"immutable" in headers[b"cache-control"]
    assert body.hex() == record.hash.removeprefix("sha256:")


@pytest.mark.parametrize(
    "path", ["/tile/0/000", "/tile/0/000.p/2", "/tile/1/000.p/1", "/tile/0/../checkpoint", "/tile/entries/000.p/1"]
)
def test_what_the_log_has_not_or_not_everybody_may_read_is_not_found(operator, pinned, kyiv, path):
    comment(operator)
    status, headers, _body = ask(kyiv.keys, "GET", path)
    assert (status, headers[b"content-type"]) == (404, b"application/problem+json")


def test_how_fast_the_log_grows_is_nobody_elses_business(operator, pinned):
    comment(operator)
    stranger = NodeKeys.generate("stranger", now=pinned.pinned_at)
    for path in ("/checkpoint", "/tile/0/000.p/1", f"/witness/{origin_hash('kyiv/log')}/checkpoint", HELD_PATH):
        assert ask(stranger, "GET", path)[0] == 403


def test_the_witness_answers_with_the_statuses_and_types_of_the_specification(pinned, kyiv):
    kyiv.publish()
    body = format_request(0, (), kyiv.checkpoint()).encode()
    monitored = f"/witness/{origin_hash('kyiv/log')}/checkpoint"
    assert ask(kyiv.keys, "GET", monitored)[0] == 404
    status, headers, line = ask(kyiv.keys, "POST", ADD, body=body)
    assert (status, headers[b"content-type"]) == (200, b"text/plain; charset=utf-8")
    status, headers, size = ask(kyiv.keys, "POST", ADD, body=body)
    assert (status, headers[b"content-type"], size) == (409, b"text/x.tlog.size", b"1\n")
    assert ask(kyiv.keys, "POST", ADD, body=b"old 1\n\nx")[0] == 400
    assert ask(kyiv.keys, "POST", ADD, body=b"\xff")[0] == 400
    status, headers, text = ask(kyiv.keys, "GET", monitored)
    assert (status, headers[b"content-type"]) == (200, b"text/plain; charset=utf-8")
    assert text.endswith(line)
    assert ask(kyiv.keys, "GET", ADD)[0] == 404


def test_nobody_has_to_say_who_they_are_to_have_a_partners_checkpoint_cosigned(pinned, kyiv):
    kyiv.publish()
    monitor = NodeKeys.generate("monitor", now=pinned.pinned_at)
    assert ask(monitor, "POST", ADD, body=format_request(0, (), kyiv.checkpoint()).encode())[0] == 200


def test_a_partner_that_lost_data_gets_its_own_records_and_nothing_else(operator, pinned, kyiv):
    from sild.exchange.incoming import import_page  # noqa: PLC0415 -- one test of many needs it

    comment(operator)
    raws = [kyiv.publish() for _ in range(3)]
    import_page(pinned, kyiv.page())
    answer = orjson.loads(ask(kyiv.keys, "GET", HELD_PATH, "from=1")[2])
    assert [one["record"].encode() for one in answer["records"]] == raws[1:]
    assert [one["index"] for one in answer["records"]] == [1, 2]
    assert (answer["read"][0][:2], answer["more"]) == ([False, 3], False)


def test_the_identity_is_a_jwk_set(kyiv):
    status, headers, body = ask(kyiv.keys, "GET", "/.well-known/sild/identity")
    assert (status, headers[b"content-type"]) == (200, b"application/jwk-set+json")
    assert orjson.loads(body)["keys"]


def test_a_partner_that_saw_more_than_there_is_makes_us_ask_before_we_sign_again(operator, pinned, kyiv):
    comment(operator)
    assert ask(kyiv.keys, "GET", "/exchange/v1/index", "after=0&have=7")[0] == 409
    comment(operator)
    assert Checkpoint.objects.get().size == 1
    assert partners.get("kyiv").is_pinned
