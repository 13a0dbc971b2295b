"""The form of an assessment, and that every record that is added is watched."""

import pytest

from sild.exchange import kinds
from sild.exchange.errors import BodyError
from sild.exchange.services import publish
from sild.plan.models import Assessment

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

REFERENCE = {"id": "0190a5a0-0000-7000-8000-000000000001", "hash": "sha256:" + "0" * 64}
GOOD = {"plan": "p", "commitment": "c", "verdict": "met", "reason": "Checked.", "evidence": [REFERENCE]}


def test_a_whole_assessment_passes():
    kinds.require("plan.assessment").validate(GOOD)
    kinds.require("plan.assessment").validate({**GOOD, "verdict": "not-met", "evidence": []})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"verdict": "good"}, "verdict"),
        ({"reason": ""}, "reason"),
        ({"reason": 7}, "reason"),
        ({"plan": "Not a slug"}, "plan"),
        ({"evidence": [{"id": "1", "hash": "2"}]}, "evidence.0.id"),
        ({"evidence": [{**REFERENCE, "more": 1}]}, "more"),
        ({"evidence": []}, "names the records"),
        ({"more": 1}, "more"),
    ],
)
def test_what_is_no_assessment_is_refused_with_the_member_that_is_wrong(changes, words):
    with pytest.raises(ValueError, match=words):
        kinds.require("plan.assessment").validate({**GOOD, **changes})


def test_an_empty_body_is_refused():
    with pytest.raises(ValueError, match="plan"):
        kinds.require("plan.assessment").validate({})


def test_publishing_one_by_hand_is_checked_too(operator):
    with pytest.raises(BodyError):
        publish(operator, kind="plan.assessment", subject="x", body={}, tlp="GREEN", audience="partners")


def test_an_assessment_published_by_hand_is_kept_as_the_services_own_is(operator, joint):
    body = {**GOOD, "plan": "three-parties", "commitment": "joint"}
    publish(operator, kind="plan.assessment", subject="x", body=body, tlp="GREEN", audience="partners")
    assert Assessment.objects.get().party == "A"
