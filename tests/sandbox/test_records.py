"""The sandbox's record kinds: what is accepted, what is refused, what happens when one arrives."""

from __future__ import annotations

import pytest

from sandbox.factories import write_solution
from sild.exchange import blobs, kinds
from sild.exchange.incoming import import_page
from sild.exchange.models import Record, Refusal
from sild.sandbox import finding, services
from sild.sandbox.engine import pack
from sild.sandbox.engine.solution import load
from sild.sandbox.execution import execute_run
from sild.sandbox.models import Solution

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def solution_body(folder):
    loaded = load(folder)
    package = pack.pack(folder)
    return package, {
        "digest": loaded.digest,
        "package": blobs.hash_of(package),
        "description": loaded.form.model_dump(mode="json"),
    }


def test_a_partners_solution_appears_and_is_tested_once_its_package_is_here(kyiv, operator, editor, suite, tmp_path):
    package, body = solution_body(write_solution(tmp_path / "s"))
    kyiv.publish(body, kind="sandbox.solution", subject="echo 1.0")
    [record] = import_page(kyiv.partner, kyiv.page()).records
    solution = Solution.objects.get()
    assert (solution.origin, solution.agency, solution.record_id) == ("kyiv", None, record.pk)
    assert finding.solution(editor, str(record.pk)) == finding.solution(editor, solution.digest[:20]) == solution
    blobs.put(package)
    assert execute_run(services.start_run(operator, solution, suite)).passed


def test_only_its_issuer_publishes_a_solution(kyiv, operator, tmp_path):
    _package, body = solution_body(write_solution(tmp_path / "s"))
    kyiv.publish(body, kind="sandbox.solution", subject="echo 1.0")
    import_page(kyiv.partner, kyiv.page())
    with pytest.raises(services.StateError, match="kyiv"):
        services.publish_solution(operator, Solution.objects.get(), audience="partners", tlp="GREEN")


def test_the_same_solution_sent_twice_is_there_once(kyiv, tmp_path):
    _package, body = solution_body(write_solution(tmp_path / "s"))
    for _ in range(2):
        kyiv.publish(body, kind="sandbox.solution", subject="echo 1.0")
    assert len(import_page(kyiv.partner, kyiv.page()).records) == 2
    assert Solution.objects.count() == 1


@pytest.mark.parametrize("change", ["digest", "description", "package"])
def test_a_solution_without_its_form_is_refused(kyiv, tmp_path, change):
    _package, body = solution_body(write_solution(tmp_path / "s"))
    kyiv.publish(body | {change: "nothing"}, kind="sandbox.solution", subject="echo 1.0")
    import_page(kyiv.partner, kyiv.page())
    assert not Solution.objects.exists()
    assert Refusal.objects.count() == 1


def test_a_partners_report_is_kept_when_it_has_its_form_and_refused_when_it_contradicts_itself(
    kyiv, operator, solution, suite
):
    report = execute_run(services.start_run(operator, solution, suite)).report
    kyiv.publish(report, kind="sandbox.report", subject="echo 1.0")
    kyiv.publish(report | {"passed": False}, kind="sandbox.report", subject="echo 1.0")
    kyiv.publish(report | {"statement": "It conforms."}, kind="sandbox.report", subject="echo 1.0")
    done = import_page(kyiv.partner, kyiv.page())
    assert [record.body["passed"] for record in done.records] == [True]
    assert Record.objects.filter(kind="sandbox.report").count() == 1
    assert Refusal.objects.count() == 2


def test_the_kinds_name_all_that_is_wrong_in_one_sentence():
    with pytest.raises(ValueError, match=r"digest: .*; package: .*; description: "):
        kinds.require("sandbox.solution").validate({})
    with pytest.raises(ValueError, match="statement"):
        kinds.require("sandbox.report").validate({})
