"""A commitment with all that its page shows."""

from datetime import date

import pytest

from plan import abc
from plan.conftest import PARTIES
from sild.exchange import services as exchange
from sild.plan import services, standing
from sild.plan.engine.status import Status

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_the_day_decides(joint):
    assert standing.view(joint, date(2027, 1, 1)).status is Status.NOT_STARTED
    assert standing.view(joint, date(2027, 7, 1)).status is Status.OVERDUE


def test_a_record_that_counts_for_two_rules_is_shown_once(operator, say):
    rules = [abc.rule("one", "exchange.comment"), abc.rule("two", "exchange.comment")]
    plan = services.load(operator, abc.memorandum(abc.commitment("c", *rules)), PARTIES)
    record = say("anything")
    shown = standing.view(plan.commitments.get())
    assert len(shown.counted) == 2
    assert list(shown.records.values()) == [record]


def test_each_record_knows_who_assessed_it(operator, joint, say, hear, verdict):
    ours, theirs = say("passed"), hear("in use")
    hear(verdict([ours]), kind="plan.assessment")
    services.assess(operator, joint, "met", "Verified.", ["kyiv"])
    shown = standing.view(joint)
    assert {row.record: [one.party for one in shown.assessed_by(row)] for row in shown.counted} == {
        ours: ["B"],
        theirs: ["A"],
    }
    assert {one.party for one in shown.standing_assessments} == {"A", "B"}


def test_a_withdrawn_verdict_is_kept_but_does_not_stand(operator, joint, hear):
    hear("in use")
    record = services.assess(operator, joint, "not-met", "Why.", ["kyiv"])
    exchange.withdraw(operator, record, "a mistake")
    shown = standing.view(joint)
    assert shown.standing_assessments == []
    assert len(shown.assessments) == 1


def test_what_another_agency_keeps_to_itself_counts_but_is_not_shown(acting, joint, agency, say, db):
    from sild.people.actor import Actor  # noqa: PLC0415 -- one test of many needs it
    from sild.people.enums import Role  # noqa: PLC0415
    from sild.people.models import Agency  # noqa: PLC0415

    other = Actor(who="other", role=Role.PUBLISHER, agency=Agency.objects.create(slug="other", name="Other"))
    record = exchange.publish(
        other,
        kind="exchange.comment",
        subject="x",
        body={"text": "passed"},
        tlp="AMBER+STRICT",
        audience=["kyiv"],
    )
    shown = standing.view(joint)
    assert shown.status is Status.IN_PROGRESS
    assert shown.readable_by(acting("viewer")) == set()
    assert shown.readable_by(other) == {record.pk}


def test_a_whole_plan_is_read_with_few_queries(operator, django_assert_max_num_queries, say):
    rules = [abc.rule("r", "exchange.comment")]
    plan = services.load(operator, abc.memorandum(*[abc.commitment(f"c{n}", *rules) for n in range(20)]), PARTIES)
    say("anything")
    with django_assert_max_num_queries(12):
        assert len(standing.of_plan(plan)) == 20


def test_counts_are_by_status(plan, say):
    say("passed")
    assert standing.counts(standing.of_plan(plan)) == {Status.IN_PROGRESS: 1}
