from __future__ import annotations

import pytest
from django.utils import timezone

from people.factories import MembershipFactory
from sild.node import desk
from sild.people.actor import Actor
from sild.sandbox.models import Run, Solution, Suite

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def actor():
    return Actor.of(MembershipFactory().person)


def run(actor, state, attempt):
    described = {"version": "1", "digest": "sha256:" + "0" * 64, "description": {}, "package": "sha256:" + "0" * 64}
    solution, _made = Solution.objects.get_or_create(name="reader", agency=actor.agency, defaults=described)
    suite, _made = Suite.objects.get_or_create(
        name="sentences", agency=actor.agency, defaults=described | {"samples": 1}
    )
    return Run.objects.create(
        solution=solution, suite=suite, agency=actor.agency, attempt=attempt, state=state, ended=timezone.now()
    )


def test_a_failed_run_and_an_unpublished_report_wait_for_the_agency_that_ran_them(actor, client):
    failed, finished = run(actor, "failed", 1), run(actor, "finished", 2)
    needs = [(need.colour, need.href) for need in desk.needs(actor, [])]
    assert needs == [("warning", failed.get_absolute_url()), ("info", finished.get_absolute_url())]
    assert desk.needs(Actor.of(MembershipFactory().person), []) == []
    figures = client.get("/metrics").text
    assert 'sild_runs{state="failed"} 1.0' in figures
