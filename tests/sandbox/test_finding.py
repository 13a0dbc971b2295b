"""Finding things by what people type."""

from __future__ import annotations

import pytest

from sandbox.factories import write_solution
from sild.people.actor import Actor
from sild.people.errors import NotAllowedError
from sild.sandbox import finding, services
from sild.sandbox.errors import NotFoundError

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_name_is_the_newest_version_and_a_version_is_that_one(tallinn, operator, tmp_path):
    first = services.register(operator, write_solution(tmp_path / "1", version="1.0"))
    second = services.register(operator, write_solution(tmp_path / "2", version="2.0"))
    assert finding.solution(operator, "echo") == second
    assert finding.solution(operator, "echo@1.0") == first
    assert finding.solution(operator, first.digest) == first
    assert finding.solution(operator, str(first.pk)) == first
    for words in ("echo@3.0", "other", "sha256:", "0" * 64, ""):
        with pytest.raises(NotFoundError):
            finding.solution(operator, words)


def test_suites_and_runs_are_found_alike(operator, solution, suite):
    run = services.start_run(operator, solution, suite)
    assert finding.suite(operator, "copy") == finding.suite(operator, suite.digest) == suite
    assert finding.run(operator, str(run.pk)) == run
    for find in (finding.suite, finding.run):
        with pytest.raises(NotFoundError):
            find(operator, "none")


def test_who_may_not_even_view_is_told_so(solution):
    with pytest.raises(NotAllowedError):
        finding.solution(Actor(who="nobody", role=None), "echo")
