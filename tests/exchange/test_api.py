"""The machine API of records and partners, as a client with a token sees it."""

import json

import pytest

from people.factories import AgencyFactory
from sild.exchange import services
from sild.exchange.models import Record
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.trust.evidence import verify_record_file

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

COMMENT = {
    "kind": "exchange.comment",
    "subject": "A case",
    "body": {"text": "hello"},
    "tlp": "GREEN",
    "audience": "partners",
}


def test_without_a_token_nothing_is_told(client):
    assert client.get("/api/v1/exchange/records").status_code == 401


def test_a_record_is_published_and_read_back(call, agency):
    status, made = call("POST", "/records", COMMENT)
    assert (status, made["body"], made["issuer"]) == (201, {"text": "hello"}, "tallinn")
    assert Record.objects.get().agency == agency
    assert call("GET", f"/records/{made['id']}", role=Role.VIEWER) == (200, made)


def test_an_answer_and_a_revision_name_an_earlier_record(call):
    _status, first = call("POST", "/records", COMMENT)
    _status, second = call("POST", "/records", {**COMMENT, "answers": first["id"], "replaces": first["id"]})
    assert (second["answers_id"], second["replaces_id"], second["version"]) == (first["id"], first["id"], 2)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"kind": "weather.report"}, 400, "unknown-kind"),
        ({"body": {}}, 400, "body"),
        ({"tlp": "AMBER"}, 400, "withheld"),
        ({"answers": "0190a5a0-0000-7000-8000-000000000001"}, 404, "not-found"),
        ({"subject": None}, 422, "invalid"),
        ({"audience": "everyone"}, 422, "invalid"),
    ],
)
def test_what_cannot_be_published_is_a_problem(call, changes, status, code):
    answered, problem = call("POST", "/records", {**COMMENT, **changes})
    assert (answered, problem["code"]) == (status, code)
    assert problem["detail"]
    assert not Record.objects.exists()


def test_publishing_takes_the_right_to(call):
    status, problem = call("POST", "/records", COMMENT, role=Role.EDITOR)
    assert (status, problem["code"]) == (403, "not-allowed")


def test_records_are_listed_page_by_page_without_gaps_or_repeats(call, operator):
    drafts = [services.Draft(**{**COMMENT, "subject": str(number)}) for number in range(7)]
    services.publish_batch(operator, drafts)
    seen, cursor = [], ""
    while cursor is not None:
        _status, page = call("GET", f"/records?limit=3&cursor={cursor}", role=Role.VIEWER)
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert seen == [str(pk) for pk in Record.objects.order_by("-issued", "-id").values_list("pk", flat=True)]


@pytest.mark.parametrize(
    ("query", "number"), [("kind=exchange.comment", 1), ("kind=a.b", 0), ("issuer=kyiv", 0), ("subject=A case", 1)]
)
def test_records_are_filtered(call, query, number):
    call("POST", "/records", COMMENT)
    assert len(call("GET", f"/records?{query}")[1]["items"]) == number


@pytest.mark.parametrize("cursor", ["x", "äö", "bm90IGEgY3Vyc29y"])
def test_a_cursor_that_was_not_given_here_is_refused(call, cursor):
    status, problem = call("GET", f"/records?cursor={cursor}")
    assert (status, problem["code"]) == (400, "cursor")


def test_a_page_has_a_largest_size(call):
    assert call("GET", "/records?limit=501")[0] == 422


def test_another_agencys_own_record_is_not_there(call, operator):
    other = Actor(who="other", role=Role.PUBLISHER, agency=AgencyFactory())
    kept = services.publish(other, **{**COMMENT, "tlp": "RED", "audience": ["tallinn"]})
    assert call("GET", f"/records/{kept.pk}")[0] == 404
    assert call("GET", f"/records/{kept.pk}/file")[0] == 404
    assert call("GET", "/records")[1]["items"] == []


def test_the_file_verifies_without_a_node(call, tallinn):
    _status, made = call("POST", "/records", COMMENT)
    status, file = call("GET", f"/records/{made['id']}/file")
    assert status == 200
    assert verify_record_file(json.dumps(file).encode(), fingerprint=tallinn.fingerprint).ok


def test_a_record_is_withdrawn_by_a_record(call):
    _status, made = call("POST", "/records", COMMENT)
    status, withdrawal = call("POST", f"/records/{made['id']}/withdraw", {"reason": "wrong case"})
    assert (status, withdrawal["withdraws_id"]) == (201, made["id"])
    assert call("GET", f"/records/{made['id']}")[1]["withdrawn"]
    assert call("POST", f"/records/{made['id']}/withdraw", {"reason": "again"})[0] == 400


def test_partners_are_listed_with_how_delivery_stands(call, pinned):
    call("POST", "/records", COMMENT)
    _status, [row] = call("GET", "/partners", role=Role.VIEWER)
    assert (row["node"], row["state"], row["sent"], row["delivered"]) == ("kyiv", "pinned", 1, 0)
    assert call("GET", "/partners/kyiv") == (200, row)
    assert call("GET", "/partners/riga")[1]["code"] == "not-found"
