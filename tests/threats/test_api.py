"""The desk for machines."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from sild.people import services as people
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.threats.engine import build
from threats.examples import indicator

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def call(client, agency):
    """Call the API with a token of a role; returns status and content."""
    tokens = {}

    def ask(method, path, body=None, *, role=Role.PUBLISHER, **more):
        if role not in tokens:
            tokens[role] = people.issue_token(Actor.operator(), role.value, role, agency=agency)[1]
        headers = {"authorization": f"Bearer {tokens[role]}"}
        kind = {} if "data" in more else {"content_type": "application/json"}
        answer = getattr(client, method)(f"/api/v1/threats/{path}", more.get("data", body), headers=headers, **kind)
        return answer.status_code, answer.json()

    return ask


@pytest.fixture
def written(call):
    given = {"value": "evil[.]example", "tlp": "GREEN", "confidence": 80, "techniques": ["T1059"], "actor": "UAC-0010"}
    status, made = call("post", "indicators", given)
    assert status == 201
    return made["id"]


@pytest.mark.parametrize("query", ["text=evil", "value=evil[.]example", "technique=t1059", "actor=gamaredon"])
def test_an_indicator_is_written_and_found(call, written, query):
    status, page = call("get", f"objects?type=indicator&{query}")
    assert (status, [one["id"] for one in page["objects"]], page["next"]) == (200, [written], None)


def test_an_object_says_what_it_is_worth_and_who_said_it(call, hear):
    said = indicator("198.51.100.7", "GREEN")
    record = hear(build.bundle([said]))
    status, shown = call("get", f"objects/{said['id']}")
    assert (status, shown["tlp"], shown["object"]) == (200, "GREEN", said)
    assert shown["said"] == [
        {
            "who": "kyiv",
            "at": shown["said"][0]["at"],
            "record": str(record.pk),
            "verified": True,
            "standing": True,
        }
    ]


def test_a_list_is_answered(call, written):
    status, answers = call("post", "seen", {"text": "evil[.]example 203.0.113.9"})
    assert (status, [one["seen"] for one in answers]) == (200, [True, False])


def test_what_each_partner_would_see_is_said_before_it_is_shared(call, written, pinned):
    given = {"ids": [written], "audience": ["kyiv"], "subject": "x"}
    status, preview = call("post", "share/preview", given)
    assert status == 200
    assert written in preview["partners"]["kyiv"]
    status, records = call("post", "share", given)
    assert (status, [one["tlp"] for one in records]) == (201, ["CLEAR", "GREEN"])
    status, told = call("post", f"objects/{written}/revoke")
    assert (status, len(told)) == (201, 1)


def test_sightings_and_feedback_are_told(call, hear):
    said = indicator("198.51.100.7", "GREEN")
    hear(build.bundle([said]))
    assert call("post", f"objects/{said['id']}/sightings", {"count": 2})[0] == 201
    status, told = call("post", f"objects/{said['id']}/feedback", {"opinion": "agree", "explanation": "It works."})
    assert (status, len(told)) == (201, 1)


def test_a_file_is_imported(call):
    file = SimpleUploadedFile("list.csv", b"value\n203.0.113.5\n")
    status, batch = call("post", "import?tlp=GREEN", data={"file": file})
    assert (status, batch["objects"], batch["failures"]) == (201, 2, [])


@pytest.mark.parametrize("form", ["stix", "misp"])
def test_what_is_here_is_exported(call, written, form):
    status, made = call("get", f"export?form={form}&type=indicator")
    assert status == 200
    assert "evil.example" in str(made)


@pytest.mark.parametrize(
    ("method", "path", "body", "role", "status"),
    [
        ("get", "objects/indicator--1", None, Role.VIEWER, 404),
        ("get", "objects?limit=0", None, Role.VIEWER, 422),
        ("post", "indicators", {"value": "what?"}, Role.EDITOR, 400),
        ("post", "indicators", {"value": "a.example", "tlp": "PINK"}, Role.EDITOR, 422),
        ("post", "indicators", {"value": "a.example"}, Role.VIEWER, 403),
        ("post", "share", {"ids": ["x"], "audience": "partners"}, Role.EDITOR, 403),
        ("post", "share/preview", {"ids": ["x"], "audience": "partners"}, Role.VIEWER, 404),
    ],
)
def test_what_cannot_be_done_is_a_problem(call, method, path, body, role, status):
    code, problem = call(method, path, body, role=role)
    assert (code, problem["status"]) == (status, status)
