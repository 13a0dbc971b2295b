"""What people do in the sandbox: what is kept, what is refused, who sees what."""

from __future__ import annotations

import pytest

from sandbox.factories import ECHO, numbers, write_solution, write_suite
from sild.exchange import blobs
from sild.exchange.errors import WithheldError
from sild.exchange.models import Record
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.errors import NotAllowedError
from sild.people.models import AuditEntry
from sild.sandbox import finding, services
from sild.sandbox.engine import store
from sild.sandbox.engine.errors import FormError, IsolationError
from sild.sandbox.enums import RunState
from sild.sandbox.errors import NotFoundError, StateError
from sild.sandbox.execution import execute_run
from sild.sandbox.models import Run, Solution, Suite

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_registered_solution_has_its_description_and_its_package(tallinn, operator, tmp_path):
    folder = write_solution(tmp_path / "echo", ECHO)
    solution = services.register(operator, folder)
    assert (solution.name, solution.version, str(solution)) == ("echo", "1.0", "echo 1.0")
    assert solution.description["risk_class"] == "minimal"
    assert blobs.has(solution.package)
    assert AuditEntry.objects.get().action == "sandbox.register"
    assert services.register(operator, folder) == solution
    assert AuditEntry.objects.count() == 1


def test_a_level_that_does_not_fit_starts_nothing(operator, solution, suite):
    for level in ("L0", "L7"):
        with pytest.raises(IsolationError, match=level):
            services.start_run(operator, solution, suite, level=level)
    assert not Run.objects.exists()
    assert services.start_run(operator, solution, suite, level="L2").level == "L2"


def test_a_broken_solution_leaves_nothing_behind(tallinn, operator, tmp_path):
    folder = write_solution(tmp_path / "echo", ECHO, risk_class="prohibited", owner="")
    with pytest.raises(FormError) as caught:
        services.register(operator, folder)
    assert {flaw.path for flaw in caught.value.flaws} == {"risk_class", "owner"}
    assert not Solution.objects.exists()
    assert not AuditEntry.objects.exists()


def test_viewers_change_nothing(tallinn, editor, solution, suite, tmp_path):
    viewer = Actor(who="v", role=Role.VIEWER, agency=editor.agency)
    for attempt in (
        lambda: services.register(viewer, tmp_path / "echo"),
        lambda: services.add_suite(viewer, tmp_path / "copy"),
        lambda: services.start_run(viewer, solution, suite),
    ):
        with pytest.raises(NotAllowedError):
            attempt()
    assert Run.objects.count() == 0


def test_each_agency_has_its_own_solutions_suites_and_runs(tallinn, editor, stranger, tmp_path):
    solution = services.register(editor, write_solution(tmp_path / "s"))
    suite = services.add_suite(editor, write_suite(tmp_path / "t", numbers(3)))
    run = services.start_run(editor, solution, suite)
    assert finding.solution(editor, "echo") == solution
    assert finding.run(editor, str(run.pk)) == run
    for attempt in (
        lambda: finding.solution(stranger, "echo"),
        lambda: finding.suite(stranger, "copy"),
        lambda: finding.run(stranger, str(run.pk)),
    ):
        with pytest.raises(NotFoundError):
            attempt()
    assert services.register(stranger, tmp_path / "s") != solution


def test_a_solution_is_published_once_with_its_package(kyiv, operator, solution):
    record = services.publish_solution(operator, solution, audience=["kyiv"], tlp="GREEN")
    assert (record.kind, record.subject) == ("sandbox.solution", "echo 1.0")
    [attachment] = record.attachments.all()
    assert (attachment.hash, attachment.name, attachment.is_here) == (solution.package, "echo-1.0.zip", True)
    solution.refresh_from_db()
    assert solution.record_id == record.pk
    assert services.publish_solution(operator, solution, audience=["kyiv"], tlp="GREEN") == record


def test_publishing_is_a_right_of_its_own_and_a_refusal_leaves_nothing(tallinn, editor, operator, tmp_path):
    solution = services.register(editor, write_solution(tmp_path / "s"))
    with pytest.raises(NotAllowedError):
        services.publish_solution(editor, solution, audience="partners", tlp="GREEN")
    with pytest.raises(WithheldError):
        services.publish_solution(operator, solution, audience="partners", tlp="AMBER")
    assert not Record.objects.exists()


def test_attempts_are_numbered_on_the_whole_node(tallinn, editor, stranger, tmp_path):
    numbered = []
    for actor in (editor, editor, stranger):
        solution = services.register(actor, write_solution(tmp_path / "s"))
        suite = services.add_suite(actor, write_suite(tmp_path / "t", numbers(3)))
        numbered.append(services.start_run(actor, solution, suite).attempt)
    assert numbered == [1, 2, 3]


def test_a_waiting_run_is_cancelled_at_once_and_can_be_resumed(solution, suite, operator):
    run = services.cancel_run(operator, services.start_run(operator, solution, suite))
    assert run.state == RunState.CANCELLED
    with pytest.raises(StateError, match="over"):
        services.cancel_run(operator, run)
    assert services.resume_run(operator, run).state == RunState.WAITING


def test_a_report_is_published_once_and_answers_the_solution(kyiv, operator, solution, suite):
    offered = services.publish_solution(operator, solution, audience=["kyiv"], tlp="GREEN")
    run = services.start_run(operator, solution, suite)
    with pytest.raises(StateError, match="no report"):
        services.publish_report(operator, run, audience="partners", tlp="GREEN")
    execute_run(run)
    record = services.publish_report(operator, run, audience=["kyiv"], tlp="GREEN")
    assert (record.kind, record.subject, record.answers_id) == ("sandbox.report", "echo 1.0", offered.pk)
    assert record.body == run.report
    with pytest.raises(StateError, match="already"):
        services.publish_report(operator, run, audience=["kyiv"], tlp="GREEN")
    with pytest.raises(StateError, match="finished"):
        services.resume_run(operator, run)


def test_the_results_of_a_run_are_a_file_that_can_be_lost(tallinn, operator, solution, suite):
    run = services.start_run(operator, solution, suite)
    with pytest.raises(StateError):
        services.results_folder(run, tallinn)
    execute_run(run)
    (services.results_folder(run, tallinn) / store.FILE).unlink()
    with pytest.raises(StateError):
        services.results_folder(run, tallinn)


def test_a_suite_with_flaws_names_them_all(tallinn, operator, tmp_path):
    folder = write_suite(tmp_path / "t", [{"id": "a", "input": 1}, {"id": "b", "input": 1, "target": 2, "more": 3}])
    with pytest.raises(FormError) as caught:
        services.add_suite(operator, folder)
    assert [(flaw.file, flaw.line) for flaw in caught.value.flaws] == [("data.jsonl", 1), ("data.jsonl", 2)]
    assert not Suite.objects.exists()
