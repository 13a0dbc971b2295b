"""Loading, claiming, assessing: what changes, who may, and that a refusal leaves nothing behind."""

import pytest

from plan import abc
from plan.conftest import PARTIES
from sild.exchange import services as exchange
from sild.exchange.errors import WithheldError
from sild.exchange.models import Record
from sild.people.errors import NotAllowedError
from sild.people.models import AuditEntry
from sild.plan import services, standing
from sild.plan.engine.read import read
from sild.plan.engine.status import Status
from sild.plan.errors import AssessmentError, ClaimError, NotFoundError, PartiesError, PlanError
from sild.plan.models import Assessment, Claim, Commitment, Milestone, Plan

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def status(commitment):
    return standing.view(Commitment.objects.get(pk=commitment.pk)).status


def test_the_shipped_memorandum_loads(operator):
    plan = services.load(operator, read("estonia-ukraine"), {"EE": "tallinn", "UA": "kyiv"})
    assert plan.commitments.count() == 10
    assert plan.party_of("kyiv") == "UA"
    assert plan.party_of("riga") is None
    assert AuditEntry.objects.get(action="plan.load").target == "estonia-ukraine"


def test_loading_again_changes_texts_and_keeps_what_was_said(operator, joint):
    services.claim(operator, joint, "We did it.")
    changed = abc.joint(due="2028-01-01", milestones=[abc.milestone("first", "exchange.comment", "2027-01-01")])
    services.load(operator, abc.memorandum(changed), PARTIES)
    joint.refresh_from_db()
    assert joint.due.year == 2028
    assert Claim.objects.get().commitment == joint
    services.load(operator, abc.memorandum(), PARTIES)
    assert not Milestone.objects.exists()


def test_a_commitment_that_left_the_file_goes_unless_somebody_spoke_about_it(operator, plan):
    services.load(operator, abc.memorandum(abc.joint(), abc.commitment("more", abc.rule("r", "a.b"))), PARTIES)
    services.load(operator, abc.memorandum(), PARTIES)
    assert [row.slug for row in plan.commitments.all()] == ["joint"]
    services.claim(operator, plan.commitments.get(), "We did it.")
    with pytest.raises(PlanError, match="joint"):
        services.load(operator, abc.memorandum(abc.commitment("other", abc.rule("r", "a.b"))), PARTIES)
    assert [row.slug for row in plan.commitments.all()] == ["joint"]


@pytest.mark.parametrize(
    "parties",
    [{}, {"A": "tallinn", "B": "kyiv"}, {**PARTIES, "D": "vilnius"}, {**PARTIES, "C": ""}, {**PARTIES, "C": "kyiv"}],
)
def test_parties_that_do_not_fit_are_refused(operator, parties):
    with pytest.raises(PartiesError):
        services.load(operator, abc.memorandum(), parties)
    assert not Plan.objects.exists()


@pytest.mark.parametrize("role", ["viewer", "editor", "publisher"])
def test_only_an_administrator_loads(acting, role):
    with pytest.raises(NotAllowedError):
        services.load(acting(role), abc.memorandum(), PARTIES)


def test_a_claim_is_words_and_no_status_follows(acting, joint, agency):
    row = services.claim(acting("editor"), joint, "  We did it.  ")
    assert (row.text, row.who, row.agency) == ("We did it.", "a editor", agency)
    assert status(joint) is Status.NOT_STARTED


@pytest.mark.parametrize("text", ["", "   ", "x" * (services.MAX_TEXT + 1)])
def test_a_claim_needs_a_text_of_some_length(operator, joint, text):
    with pytest.raises(ClaimError):
        services.claim(operator, joint, text)


def test_a_viewer_claims_nothing(acting, joint):
    with pytest.raises(NotAllowedError):
        services.claim(acting("viewer"), joint, "We did it.")


def test_both_parties_assess_each_other_and_the_commitment_is_met(acting, joint, say, hear, verdict):
    ours = say("passed")
    theirs = hear("in use")
    assert status(joint) is Status.REPORTED
    record = services.assess(acting("publisher"), joint, "met", "Verified.", ["kyiv"])
    assert record.body["evidence"] == [theirs.reference]
    assert (record.kind, record.tlp, record.audience) == ("plan.assessment", "AMBER", ["kyiv"])
    assert status(joint) is Status.REPORTED, "theirs is assessed, ours is not yet"
    hear(verdict([ours]), kind="plan.assessment")
    assert status(joint) is Status.MET


def test_our_verdict_never_counts_for_our_own_records(operator, joint, say, hear, verdict):
    say("passed")
    hear("in use")
    own = verdict(Record.objects.filter(kind="exchange.comment"))
    exchange.publish(operator, kind="plan.assessment", subject="x", body=own, tlp="GREEN", audience="partners")
    assert status(joint) is Status.REPORTED


def test_a_verdict_of_not_met_disputes_and_a_later_one_replaces_it(operator, joint, say, hear):
    say("passed")
    hear("in use")
    first = services.assess(operator, joint, "not-met", "It does not start.", ["kyiv"])
    assert status(joint) is Status.DISPUTED
    second = services.assess(operator, Commitment.objects.get(pk=joint.pk), "met", "It starts now.", ["kyiv"])
    assert second.header["replaces"] == first.reference
    assert status(joint) is Status.REPORTED


def test_a_withdrawn_verdict_stops_counting(operator, joint, say, hear):
    say("passed")
    hear("in use")
    record = services.assess(operator, joint, "not-met", "It does not start.", ["kyiv"])
    exchange.withdraw(operator, record, "a mistake")
    assert status(joint) is Status.REPORTED


def test_a_withdrawn_record_is_not_named_in_a_verdict(operator, joint, say, hear):
    record = say("passed")
    hear("in use")
    exchange.withdraw(operator, record, "wrong run")
    with pytest.raises(AssessmentError, match="Rule test"):
        services.assess(operator, joint, "met", "Verified.", ["kyiv"])


@pytest.mark.parametrize(
    ("entered", "error"),
    [
        (("maybe", "Why.", ["kyiv"]), AssessmentError),
        (("met", "  ", ["kyiv"]), AssessmentError),
        (("met", "x" * (services.MAX_TEXT + 1), ["kyiv"]), AssessmentError),
        (("met", "Why.", []), WithheldError),
        (("met", "Why.", "partners"), WithheldError),
    ],
)
def test_a_refused_verdict_leaves_nothing_behind(operator, joint, say, hear, entered, error):
    say("passed")
    hear("in use")
    before = Record.objects.count()
    with pytest.raises(error):
        services.assess(operator, joint, *entered)
    assert Record.objects.count() == before
    assert not Assessment.objects.exists()


def test_nothing_is_assessed_as_met_while_a_rule_has_no_evidence(operator, joint, hear):
    hear("in use")
    with pytest.raises(AssessmentError, match="Rule test"):
        services.assess(operator, joint, "met", "Verified.", ["kyiv"])


def test_a_party_does_not_assess_its_own_evidence(operator, say):
    plan = services.load(operator, abc.memorandum(abc.commitment("solo", abc.rule("r", "exchange.comment"))), PARTIES)
    say("anything")
    with pytest.raises(AssessmentError, match="your own"):
        services.assess(operator, plan.commitments.get(), "met", "We are good.", ["kyiv"])


def test_a_party_does_not_assess_what_it_alone_owes(operator, say):
    alone = abc.commitment("solo", abc.rule("r", "exchange.comment"), owners=["A"])
    plan = services.load(operator, abc.memorandum(alone), PARTIES)
    say("anything")
    with pytest.raises(AssessmentError, match="another party assesses it"):
        services.assess(operator, plan.commitments.get(), "not-met", "We are bad.", ["kyiv"])


def test_a_node_that_is_no_party_assesses_nothing(operator):
    plan = services.load(operator, abc.memorandum(), {"A": "riga", "B": "kyiv", "C": "vilnius"})
    with pytest.raises(AssessmentError, match="no party"):
        services.assess(operator, plan.commitments.get(), "not-met", "Why.", ["kyiv"])


def test_assessing_takes_the_right_to_publish(acting, joint, hear):
    with pytest.raises(NotAllowedError):
        services.assess(acting("editor"), joint, "not-met", "Why.", ["kyiv"])


def test_every_agency_of_the_node_sees_the_plan(acting, plan):
    assert services.plan_named(acting("viewer")) == plan
    assert services.plan_named(acting("viewer"), "three-parties") == plan


def test_what_is_not_there_is_said_with_what_there_is(operator, plan):
    with pytest.raises(NotFoundError):
        services.plan_named(operator, "other")
    with pytest.raises(NotFoundError, match="It has: joint"):
        services.commitment_named(operator, "other")


def test_the_summary_counts_by_status_and_says_what_is_due_next(acting, joint, say):
    say("passed")
    [one] = services.summary(acting("viewer"))["plans"]
    assert (one["total"], one["met"]) == (1, 0)
    assert [(count["status"], count["number"]) for count in one["counts"]] == [("in-progress", 1)]
    assert [view.commitment for view in one["next"]] == [joint]


def test_the_summary_is_empty_without_a_plan(operator):
    assert services.summary(operator) == {}
