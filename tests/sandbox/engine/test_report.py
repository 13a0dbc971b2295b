"""The report's form, as a partner's node checks it."""

from __future__ import annotations

import copy

import pytest

from sandbox.factories import numbers, write_solution, write_suite
from sild.sandbox.engine import default_isolation, solution, suite
from sild.sandbox.engine.report import check
from sild.sandbox.engine.runner import Run

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    at = tmp_path_factory.mktemp("report")
    write_solution(at / "s")
    write_suite(at / "t", numbers(3))
    return Run(solution.load(at / "s"), suite.load(at / "t"), at / "run", default_isolation()).execute()


def changed(report, path, value):
    other = copy.deepcopy(report)
    *steps, last = path
    node = other
    for step in steps:
        node = node[step]
    node[last] = value
    return other


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (["passed"], False, "otherwise than its verdicts"),
        (["verdicts"], [], "otherwise than its verdicts"),
        (["verdicts", 0, "met"], False, "otherwise than its verdicts"),
        (["answered"], 4, "contradict"),
        (["results", "leaves"], 2, "contradict"),
        (["confinement", 0, "ok"], False, "did not hold"),
        (["statement"], "It conforms to the AI Act.", "statement"),
        (["schema"], 2, "schema"),
        (["isolation", "level"], "L9", "level"),
        (["solution", "risk_class"], "prohibited", "risk_class"),
        (["quality", "value"], float("nan"), "value"),
        (["metrics", 0, "value"], "1.0", "value"),
        (["results", "root"], "none", "root"),
        (["more"], 1, "more"),
    ],
)
def test_a_report_that_is_not_one_is_refused(report, path, value, says):
    check(report)
    with pytest.raises(ValueError, match=says):
        check(changed(report, path, value))
