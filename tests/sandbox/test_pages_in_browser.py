"""The sandbox's pages in a real Chromium: accessible, within the policy, and alive while a run goes on."""

from __future__ import annotations

import pytest

from browser import look_at, resize, sign_in
from people.factories import MembershipFactory
from sandbox.factories import numbers, write_solution, write_suite
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.sandbox import execution, services, watching
from sild.sandbox.evidence_models import Rerun, Watch
from sild.sandbox.models import Run

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def official(tallinn, settings, tmp_path):
    """Somebody who may publish, with a finished run, a waiting one and a failed one."""
    settings.CSRF_COOKIE_HTTPONLY = True
    membership = MembershipFactory(role=Role.PUBLISHER, person__signs_in=True, person__username="official")
    actor = Actor.of(membership.person)
    solution = services.register(actor, write_solution(tmp_path / "s"))
    grouped = [one | {"slices": {"group": "abcd"[one["input"] % 4]}} for one in numbers(20)]
    suite = services.add_suite(actor, write_suite(tmp_path / "t", [*grouped, {"id": "x", "input": 1, "target": 2}]))
    run = execution.execute_run(services.start_run(actor, solution, suite))
    execution.execute_run(services.start_run(actor, solution, suite))
    adopted = watching.start(actor, run, every_hours=24, bound=0.05, tlp="GREEN", audience="partners")
    watching.conclude(adopted, run)
    report = services.publish_report(actor, run, audience="partners", tlp="GREEN")
    differing = [{"index": 3, "sample": "n3", "theirs": 1.0, "ours": 0.0, "what": "score"}]
    Rerun.objects.create(
        agency=actor.agency,
        side="checking",
        partner="kyiv",
        report=report,
        samples=5,
        state="shown",
        shown=report,
        differences=differing,
    )
    services.start_run(actor, solution, suite)
    failed = services.start_run(actor, solution, suite)
    Run.objects.filter(pk=failed.pk).update(state="failed", error="The package is not on this node yet.")
    services.publish_solution(actor, solution, audience="partners", tlp="GREEN")
    return membership.person


def addresses():
    runs = list(Run.objects.select_related("solution", "suite"))
    pages = ["/sandbox/", "/sandbox/runs/", runs[0].solution.get_absolute_url(), runs[0].suite.get_absolute_url()]
    shown = [run.get_absolute_url() for run in runs]
    return [
        *pages,
        *shown,
        f"{shown[-1]}samples/?which=all",
        f"/records/{runs[0].solution.record_id}/",
        f"{shown[-1]}compare/?other={runs[-2].pk}",
        "/sandbox/watches/",
        Watch.objects.get().get_absolute_url(),
        "/sandbox/reruns/",
        Rerun.objects.get().get_absolute_url(),
    ]


@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [("en", 1280, "light"), ("et", 320, "dark"), ("uk", 320, "light"), ("uk", 1280, "dark")],
)
def test_every_page_is_accessible(page, live_server, official, complaints, language, width, scheme):
    resize(page, width, scheme)
    sign_in(page, live_server, official, language)
    for path in addresses():
        look_at(page, live_server, path, language)
    assert complaints == []


def test_the_page_of_a_run_follows_it_to_its_report(page, live_server, official, complaints):
    sign_in(page, live_server, official)
    page.goto(f"{live_server.url}/sandbox/")
    page.select_option("#id_solution", index=1)
    page.select_option("#id_suite", index=1)
    page.click("text=Test in isolation")
    page.wait_for_selector("progress")
    execution.execute_run(Run.objects.get(pk=page.url.rstrip("/").rpartition("/")[2]))
    page.wait_for_selector("text=Every threshold was met.")
    page.click("button:has-text('Publish')")
    page.wait_for_selector("text=The report is published.")
    page.click("text=the record with its proof")
    page.wait_for_selector("text=Merkle root", state="attached")
    assert complaints == []
