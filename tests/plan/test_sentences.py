"""Why a commitment has its status, in each language."""

from datetime import date

import pytest
from django.utils import translation

from plan import abc
from plan.conftest import PARTIES
from sild.plan import sentences, services, standing

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def why(commitment, today=date(2027, 1, 1)):
    commitment = type(commitment).objects.get(pk=commitment.pk)
    with translation.override("en"):
        return sentences.why(standing.view(commitment, today))


def test_what_is_missing_is_named(joint, say):
    assert why(joint) == "0 of 2 rules have evidence; missing: Rule test; Rule use."
    say("passed")
    assert why(joint) == "1 of 2 rules have evidence; missing: Rule use."


def test_what_is_at_risk_says_how_many_days_are_left(joint):
    assert why(joint, date(2027, 6, 29)).startswith("1 day is left. 0 of 2 rules")
    assert why(joint, date(2027, 6, 20)).startswith("10 days are left.")


def test_a_missed_milestone_is_named(operator):
    step = abc.milestone("first", "exchange.comment", "2026-12-31")
    plan = services.load(operator, abc.memorandum(abc.joint(milestones=[step])), PARTIES)
    assert why(plan.commitments.get()).startswith("A milestone passed its date without evidence: Step first.")


def test_what_is_overdue_says_since_when(joint):
    assert why(joint, date(2027, 7, 1)).startswith("Its due date passed 1 day ago.")
    assert why(joint, date(2027, 7, 10)).startswith("Its due date passed 10 days ago.")


def test_what_is_reported_says_since_when_and_what_waits(joint, say, hear):
    say("passed")
    hear("in use")
    sentence = why(joint)
    assert sentence.startswith("Every rule has had evidence since ")
    assert sentence.endswith("Not yet assessed by another party: Rule test; Rule use.")


def test_what_was_reported_late_says_so(operator, say, hear):
    plan = services.load(operator, abc.memorandum(abc.joint(due="2020-06-30")), PARTIES)
    say("passed")
    hear("in use")
    assert ", after the due date of " in why(plan.commitments.get())


def test_what_is_met_says_by_whom(operator, joint, say, hear, verdict):
    ours = say("passed")
    hear("in use")
    services.assess(operator, joint, "met", "Verified.", ["kyiv"])
    hear(verdict([ours]), kind="plan.assessment")
    assert why(joint) == (
        "The evidence for all 2 rules was assessed as met by another party than its issuer: Party A, Party B."
    )


def test_what_is_disputed_says_by_whom_and_why(joint, hear, verdict):
    hear(verdict([], "not-met", reason="It does not start."), kind="plan.assessment")
    assert why(joint).startswith("Party B assessed it as not met on ")
    assert why(joint).endswith(": “It does not start.”.")


@pytest.mark.parametrize(("language", "words"), [("et", "Rule test (et)"), ("uk", "Rule test (uk)")])
def test_rules_are_named_in_the_readers_language(joint, language, words):
    with translation.override(language):
        assert words in sentences.why(standing.view(joint))
