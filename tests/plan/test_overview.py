"""A plan at a glance."""

from datetime import date

import pytest

from plan import abc
from plan.conftest import PARTIES
from sild.plan import overview, services, standing

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_the_timeline_has_commitments_and_milestones_in_the_order_of_time(operator):
    steps = [abc.milestone("late", "a.b", "2027-05-01"), abc.milestone("early", "a.b", "2027-02-01")]
    memorandum = abc.memorandum(
        abc.joint(milestones=steps), abc.commitment("soon", abc.rule("r", "a.b"), due="2027-03-01")
    )
    plan = services.load(operator, memorandum, PARTIES)
    entries = overview.timeline(standing.of_plan(plan, date(2027, 2, 2)))
    assert [(entry.due.month, entry.milestone and entry.milestone.slug) for entry in entries] == [
        (2, "early"),
        (3, None),
        (5, "late"),
        (6, None),
    ]
    assert [entry.part.late for entry in entries if entry.part] == [True, False]


def test_the_glance_names_what_is_due_next_and_leaves_out_what_is_done(operator, say):
    done = abc.commitment("done", abc.rule("r", "exchange.comment"), due="2027-01-31")
    others = [abc.commitment(f"c{month}", abc.rule("r", "a.b"), due=f"2027-0{month}-01") for month in (5, 3, 4, 2)]
    plan = services.load(operator, abc.memorandum(done, *others), PARTIES)
    say("anything")
    glance = overview.glance(plan, standing.of_plan(plan, date(2027, 1, 2)))
    assert [view.commitment.slug for view in glance["next"]] == ["c2", "c3", "c4"]
    assert [(count["status"], count["number"]) for count in glance["counts"]] == [
        ("not-started", 3),
        ("at-risk", 1),
        ("reported", 1),
    ]
