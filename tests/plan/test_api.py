"""The machine API of the plan, as a client with a token sees it."""

import json

import pytest

from sild.exchange.models import Record
from sild.people import services as people
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.plan.models import Claim

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
JOINT = "/plans/three-parties/joint"


@pytest.fixture
def call(client, agency):
    def send(method, path, body=None, role=Role.PUBLISHER):
        _token, secret = people.issue_token(Actor.operator(), "robot", role, agency=agency)
        answer = client.generic(
            method,
            f"/api/v1/plan{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers={"authorization": f"Bearer {secret}"},
        )
        return answer.status_code, json.loads(answer.content)

    return send


def test_plans_are_listed_with_parties_and_commitments(call, plan, say):
    record = say("passed")
    status, [row] = call("GET", "/plans", role=Role.VIEWER)
    assert (status, row["parties"]) == (200, {"A": "tallinn", "B": "kyiv", "C": "riga"})
    [commitment] = row["commitments"]
    assert commitment["status"] == "in-progress"
    assert commitment["evidence"][0]["record"] == str(record.pk)
    assert call("GET", JOINT)[1] == commitment


def test_a_commitment_that_is_not_there_is_a_problem(call, plan):
    assert call("GET", "/plans/three-parties/none")[1]["code"] == "not-found"


def test_a_claim_is_written_down(call, joint):
    status, claim = call("POST", f"{JOINT}/claims", {"text": "We did it."}, role=Role.EDITOR)
    assert (status, claim["text"], claim["who"]) == (201, "We did it.", "token robot")
    assert Claim.objects.get().commitment == joint


def test_a_verdict_is_published(call, joint, say, hear):
    say("passed")
    hear("in use")
    sent = {"verdict": "met", "reason": "Verified.", "audience": ["kyiv"]}
    status, published = call("POST", f"{JOINT}/assessments", sent)
    assert status == 201
    assert Record.objects.get(pk=published["id"]).hash == published["hash"]
    [assessment] = call("GET", JOINT)[1]["assessments"]
    assert (assessment["party"], assessment["verdict"]) == ("A", "met")


def test_a_verdict_that_cannot_be_given_is_a_problem(call, joint):
    sent = {"verdict": "met", "reason": "Verified.", "audience": ["kyiv"]}
    assert call("POST", f"{JOINT}/assessments", sent)[1]["code"] == "assessment"
    assert call("POST", f"{JOINT}/assessments", {**sent, "verdict": "maybe"})[0] == 422
    assert call("POST", f"{JOINT}/assessments", sent, role=Role.EDITOR)[0] == 403
