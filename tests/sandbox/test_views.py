"""Pages of the sandbox: what is shown to whom, and what a click does."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from people.factories import MembershipFactory
from sandbox.factories import numbers, write_solution, write_suite
from sild.exchange.models import Record
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.sandbox import results, services
from sild.sandbox.engine import pack, samples
from sild.sandbox.enums import RunState
from sild.sandbox.execution import execute_run
from sild.sandbox.models import Run, Solution, Suite

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def signed_in(client, role):
    membership = MembershipFactory(role=role)
    client.force_login(membership.person)
    return Actor.of(membership.person)


@pytest.fixture
def person(client, tallinn, db):
    """Somebody of an agency who may publish."""
    return signed_in(client, Role.PUBLISHER)


@pytest.fixture
def things(person, tmp_path):
    solution = services.register(
        person, write_solution(tmp_path / "s", title={"en": "Echo <b>", "et": "Kaja", "uk": "Луна"})
    )
    return solution, services.add_suite(person, write_suite(tmp_path / "t", numbers(30)))


@pytest.fixture
def finished(person, things):
    return execute_run(services.start_run(person, *things))


def page(client, address, status=200):
    answer = client.get(address)
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


def test_an_empty_sandbox_says_how_to_begin(client, person):
    text = page(client, "/sandbox/")
    assert "sild sandbox register FOLDER" in text
    assert "Nothing has been run yet" in text
    assert "There are none" not in page(client, "/sandbox/runs/")


def test_solutions_suites_and_runs_are_listed_and_described(client, finished):
    text = page(client, "/sandbox/")
    assert "Echo &lt;b&gt;" in text
    assert finished.get_absolute_url() in text
    assert "copy 1.0" in text
    assert "minimal risk" in page(client, finished.solution.get_absolute_url())
    assert "made for these tests" in page(client, finished.suite.get_absolute_url())
    assert finished.get_absolute_url() in page(client, "/sandbox/runs/")


def test_texts_are_in_the_readers_language(client, finished):
    client.cookies["django_language"] = "uk"
    assert "Луна" in page(client, "/sandbox/")
    client.cookies["django_language"] = "et"
    assert "Kaja" in page(client, finished.get_absolute_url())


def test_a_run_is_started_followed_and_shown(client, things, transactional_db):
    solution, suite = things
    answer = client.post("/sandbox/runs/start/", {"solution": solution.pk, "suite": suite.pk})
    run = Run.objects.get()
    assert answer["Location"] == run.get_absolute_url()
    waiting = page(client, run.get_absolute_url())
    assert f'hx-get="/sandbox/runs/{run.pk}/progress/"' in waiting
    assert "Cancel the run" in waiting
    following = client.get(f"/sandbox/runs/{run.pk}/progress/")
    assert "HX-Refresh" not in following
    assert 'max="30"' in following.content.decode()
    call_command("db_worker", batch=True, interval=0, startup_delay=False, verbosity=0)
    assert client.get(f"/sandbox/runs/{run.pk}/progress/")["HX-Refresh"] == "true"
    shown = page(client, run.get_absolute_url())
    assert "Every threshold was met." in shown
    assert "hx-get" not in shown
    assert "no EU declaration of conformity" in shown
    assert shown.count(">held<") == 9
    assert "It tried to reach 0 addresses." in shown


def test_a_level_is_chosen_and_one_that_does_not_fit_is_said(client, things):
    solution, suite = things
    chosen = {"solution": solution.pk, "suite": suite.pk, "level": "L2"}
    assert Run.objects.filter(level="L2").count() == 0
    client.post("/sandbox/runs/start/", chosen)
    assert Run.objects.filter(level="L2").count() == 1
    assert "Level L0 runs nothing" in client.post("/sandbox/runs/start/", chosen | {"level": "L0"}).content.decode()


def test_a_form_without_a_choice_starts_nothing(client, things):
    answer = client.post("/sandbox/runs/start/", {"solution": things[0].pk}, follow=True)
    assert "Choose a solution and a suite." in answer.content.decode()
    assert not Run.objects.exists()


def test_a_run_is_cancelled_and_resumed_by_a_click(client, person, things):
    run = services.start_run(person, *things)
    client.post(f"/sandbox/runs/{run.pk}/cancel/")
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert "Go on where it stopped" in page(client, run.get_absolute_url())
    client.post(f"/sandbox/runs/{run.pk}/resume/")
    run.refresh_from_db()
    assert run.state == RunState.WAITING


def test_single_samples_and_their_file_can_be_looked_at(client, person, tmp_path):
    asked = [{"id": "right", "input": 1, "target": 1}, {"id": "false", "input": "<i>", "target": 2}]
    run = execute_run(
        services.start_run(
            person,
            services.register(person, write_solution(tmp_path / "s")),
            services.add_suite(person, write_suite(tmp_path / "t", asked)),
        )
    )
    address = f"/sandbox/runs/{run.pk}/samples/"
    wrong = page(client, address)
    assert "false" in wrong
    assert "&lt;i&gt;" in wrong
    assert "<code>right</code>" not in wrong
    assert "<code>right</code>" in page(client, address + "?which=all")
    assert "There are none." in page(client, address + "?which=unanswered")
    answer = client.get(f"/sandbox/runs/{run.pk}/results/")
    data = b"".join(answer.streaming_content)
    assert data.count(b"\n") == 2
    assert hashlib.sha256(data).hexdigest() == run.report["results"]["sha256"]
    assert answer["Content-Length"] == str(len(data)) == str(run.report["results"]["bytes"])
    assert run.report["results"]["file"] in answer["Content-Disposition"]


def test_results_that_were_changed_are_told_with_a_sentence(client, finished):
    with closing(sqlite3.connect(services.results_folder(finished, settings.CONFIG.home) / "results.sqlite")) as file:
        file.execute("UPDATE result SET score = 0 WHERE place = 0")
        file.commit()
    for word in ("samples", "results", "evidence"):
        assert "were changed after the run" in page(client, f"/sandbox/runs/{finished.pk}/{word}/", 400)


def test_a_run_without_a_report_has_no_samples(client, person, things):
    run = services.start_run(person, *things)
    assert "There are none." in page(client, f"/sandbox/runs/{run.pk}/samples/")
    page(client, f"/sandbox/runs/{run.pk}/results/", status=409)


def test_a_report_of_a_run_with_graphics_processors_says_what_is_within_reach(client, finished):
    assert "graphics" not in page(client, finished.get_absolute_url())
    report = finished.report
    report["isolation"] |= {"level": "L2"}
    report["isolation"]["measures"].append({"name": "gpu devices", "ok": True, "detail": "nvidia.com/gpu=0"})
    report["solution"]["limits"]["gpus"] = 1
    finished.save()
    shown = page(client, finished.get_absolute_url())
    assert "graphics processors that the run was given" in shown
    assert "nvidia.com/gpu=0" in shown
    assert "a flaw of the driver in them is a way out" in shown


def test_a_report_is_published_and_its_record_shows_it(client, finished):
    assert "Publish the report" in page(client, finished.get_absolute_url())
    client.post(f"/sandbox/runs/{finished.pk}/publish/", {"tlp": "GREEN", "to": ["partners"]})
    record = Record.objects.get()
    assert record.audience == "partners"
    shown = page(client, f"/records/{record.pk}/")
    assert "Every threshold was met." in shown
    assert "Merkle root" in shown
    assert "Publish the report" not in page(client, finished.get_absolute_url())


def test_a_report_for_nobody_is_not_published(client, finished):
    answer = client.post(f"/sandbox/runs/{finished.pk}/publish/", {"tlp": "GREEN"}, follow=True)
    assert "who the report is for" in answer.content.decode()
    assert not Record.objects.exists()


def test_a_solutions_record_describes_it(client, person, things):
    record = services.publish_solution(person, things[0], audience="partners", tlp="GREEN")
    shown = page(client, f"/records/{record.pk}/")
    assert "Echo &lt;b&gt;" in shown
    assert "Test it in the sandbox" in shown


def test_another_agency_sees_none_of_it(client, finished):
    signed_in(client, Role.ADMINISTRATOR)
    assert "echo" not in page(client, "/sandbox/")
    for thing in (finished, finished.solution, finished.suite):
        page(client, thing.get_absolute_url(), status=404)
    for word in ("progress", "samples", "results"):
        page(client, f"/sandbox/runs/{finished.pk}/{word}/", status=404)
    for word in ("cancel", "resume", "publish"):
        assert (
            client.post(f"/sandbox/runs/{finished.pk}/{word}/", {"tlp": "GREEN", "to": ["partners"]}).status_code == 404
        )
    assert not Record.objects.exists()


def test_a_choice_of_another_agency_is_no_choice(client, finished):
    signed_in(client, Role.ADMINISTRATOR)
    client.post("/sandbox/runs/start/", {"solution": finished.solution_id, "suite": finished.suite_id})
    assert Run.objects.count() == 1


def test_who_only_views_gets_no_buttons_and_no_way_around_them(client, finished):
    viewer = MembershipFactory(role=Role.VIEWER, agency=finished.agency)
    client.force_login(viewer.person)
    assert "Test in isolation" not in page(client, "/sandbox/")
    shown = page(client, finished.get_absolute_url())
    assert "Publish the report" not in shown
    answer = client.post("/sandbox/runs/start/", {"solution": finished.solution_id, "suite": finished.suite_id})
    assert answer.status_code == 403
    assert client.post(f"/sandbox/runs/{finished.pk}/publish/", {"tlp": "GREEN", "to": ["partners"]}).status_code == 403


def test_samples_are_searched_sorted_by_time_and_proved(client, finished):
    address = f"/sandbox/runs/{finished.pk}/samples/"
    assert page(client, address + "?which=slow").count("<tr>") == 21
    assert page(client, address + "?which=all&words=nothing-like-it").count("There are none.") == 1
    name = kept_name(finished)
    answer = client.get(f"{address}proof/?id={name}")
    report = finished.report["results"]
    assert name in samples.check(answer.json(), report["root"], report["leaves"])
    assert client.get(f"{address}proof/?id=nobody").status_code == 404


def kept_name(run):
    return next(results.of(run)).sample


def test_two_runs_are_compared_side_by_side(client, person, things, finished):
    other = execute_run(services.start_run(person, *things))
    assert "Compare with another run" in page(client, finished.get_absolute_url())
    text = page(client, f"/sandbox/runs/{finished.pk}/compare/?other={other.pk}")
    assert "No difference was shown that chance could not explain." in text
    assert "equal in 30" in text
    waiting = services.start_run(person, *things)
    assert "Only finished runs" in page(client, f"/sandbox/runs/{finished.pk}/compare/?other={waiting.pk}", 409)


def test_runs_on_different_suites_are_not_compared(client, person, things, finished, tmp_path):
    suite = services.add_suite(person, write_suite(tmp_path / "u", numbers(3)))
    other = execute_run(services.start_run(person, things[0], suite))
    assert "different suites" in page(client, f"/sandbox/runs/{finished.pk}/compare/?other={other.pk}", 409)


def test_a_check_is_added_by_a_click(client, person):
    answer = client.post("/sandbox/suites/add-check/", {"check": "questions:et"}, follow=True)
    assert "Administrative questions" in answer.content.decode()
    assert Suite.objects.get().name == "questions-et"
    client.post("/sandbox/suites/add-check/", {"check": "nothing:et"})
    assert Suite.objects.count() == 1


def test_a_solution_is_registered_by_upload(client, person, tmp_path):
    package = SimpleUploadedFile("echo.zip", pack.pack(write_solution(tmp_path / "s")))
    client.post("/sandbox/solutions/upload/", {"package": package})
    assert Solution.objects.get().name == "echo"
    answer = client.post("/sandbox/solutions/upload/", {"package": SimpleUploadedFile("x.zip", b"no zip")})
    assert answer.status_code >= 400
    client.post("/sandbox/solutions/upload/", {})
    assert Solution.objects.count() == 1
