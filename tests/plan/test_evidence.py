"""Records become evidence by themselves: when they come, and when the plan comes after them."""

import pytest

from plan import abc
from plan.conftest import PARTIES
from sild.exchange import services as exchange
from sild.exchange.models import Refusal
from sild.plan import services, standing
from sild.plan.engine.status import Status
from sild.plan.models import Assessment, Evidence

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def links():
    return set(Evidence.objects.values_list("rule", "party", "record__subject"))


def test_our_own_record_is_linked_when_it_is_published(joint, say):
    say("passed")
    assert links() == {("test", "A", "passed")}


def test_a_partners_record_is_linked_when_it_is_imported(joint, hear):
    record = hear("in use")
    assert Evidence.objects.get().record == record
    assert links() == {("use", "B", "a comment")}


def test_a_record_that_matches_no_rule_is_not_linked(joint, say, hear):
    say("something else")
    hear("something else")
    assert links() == set()


def test_a_record_of_a_node_that_is_no_party_is_no_evidence(operator, hear):
    services.load(operator, abc.memorandum(), {"A": "tallinn", "B": "riga", "C": "vilnius"})
    hear("passed")
    assert links() == set()


def test_what_nobody_else_may_see_is_no_evidence(joint, say):
    say("passed", tlp="RED", audience=["tallinn"])
    assert links() == set()


def test_what_was_issued_before_the_signature_is_no_evidence(operator, say):
    services.load(operator, abc.memorandum(signed="2999-01-01"), PARTIES)
    say("passed")
    assert links() == set()


def test_what_came_before_the_plan_is_linked_when_it_is_loaded(operator, say, hear):
    say("passed")
    hear("in use")
    services.load(operator, abc.memorandum(), PARTIES)
    assert {(rule, party) for rule, party, _subject in links()} == {("test", "A"), ("use", "B")}


def test_loading_again_links_nothing_twice_and_keeps_when_it_was_linked(operator, joint, say):
    say("passed")
    linked = Evidence.objects.get().linked_at
    services.load(operator, abc.memorandum(), PARTIES)
    assert Evidence.objects.get().linked_at == linked


def test_loading_anew_unlinks_what_the_rules_no_longer_ask_for(operator, joint, say):
    say("passed")
    rule = abc.rule("test", "exchange.comment", where={"text": "passed again"})
    services.load(operator, abc.memorandum(abc.commitment("joint", rule)), PARTIES)
    assert links() == set()


def test_a_milestone_collects_its_own_evidence(operator, say):
    step = abc.milestone("first", "exchange.comment", "2027-01-01")
    services.load(operator, abc.memorandum(abc.joint(milestones=[step])), PARTIES)
    say("anything")
    assert links() == {("milestone:first", "A", "anything")}


def test_a_partners_verdict_is_kept_when_it_arrives(joint, say, hear, verdict):
    record = say("passed")
    arrived = hear(verdict([record]), kind="plan.assessment")
    kept = Assessment.objects.get()
    assert (kept.party, kept.verdict, kept.record) == ("B", "met", arrived)
    assert kept.evidence == [[str(record.pk), record.hash]]


def test_a_verdict_that_came_before_the_plan_is_kept_when_it_is_loaded(operator, say, hear):
    body = {"plan": "three-parties", "commitment": "joint", "verdict": "not-met", "reason": "Why.", "evidence": []}
    hear(body, kind="plan.assessment")
    assert not Assessment.objects.exists()
    services.load(operator, abc.memorandum(), PARTIES)
    assert Assessment.objects.get().verdict == "not-met"


@pytest.mark.parametrize("changes", [{"plan": "another-plan"}, {"commitment": "another"}])
def test_a_verdict_on_something_that_is_not_here_changes_nothing(joint, hear, verdict, changes):
    hear(verdict([], "not-met", **changes), kind="plan.assessment")
    assert not Assessment.objects.exists()


def test_a_verdict_of_a_node_that_is_no_party_any_more_is_dropped_when_loading(operator, joint, hear, verdict):
    hear(verdict([], "not-met"), kind="plan.assessment")
    services.load(operator, abc.memorandum(), {"A": "tallinn", "B": "riga", "C": "vilnius"})
    assert not Assessment.objects.exists()


def test_a_verdict_without_its_form_is_refused_and_not_kept(joint, hear):
    refusal = hear({"plan": "three-parties"}, kind="plan.assessment")
    assert isinstance(refusal, Refusal)
    assert not Assessment.objects.exists()


def test_withdrawn_evidence_stops_counting(operator, joint, say):
    record = say("passed")
    assert standing.view(joint).status is Status.IN_PROGRESS
    exchange.withdraw(operator, record, "wrong run")
    joint.refresh_from_db()
    assert standing.view(joint).status is Status.NOT_STARTED
    assert links() == {("test", "A", "passed")}, "it is still shown, as withdrawn"


def test_replaced_evidence_stops_counting(joint, say):
    record = say("passed")
    say("failed after all", replaces=record)
    assert standing.view(joint).status is Status.NOT_STARTED


def test_nobody_replaces_another_issuers_evidence(joint, say, hear):
    from sild.trust.record import Reference  # noqa: PLC0415 -- one test of many needs it

    record = say("passed")
    hear("mine now", replaces=Reference(id=str(record.pk), hash=record.hash))
    assert standing.view(joint).status is Status.IN_PROGRESS
