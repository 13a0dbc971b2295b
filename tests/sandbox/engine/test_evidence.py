"""An evidence file verified offline: nothing in it can be changed, added or left out."""

from __future__ import annotations

import orjson
import pytest

from sandbox.factories import write_solution, write_suite
from sild.sandbox.engine import default_isolation, evidence, redact, solution, suite
from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.engine.reading import kept_results
from sild.sandbox.engine.runner import Run

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evidence")
    asked = [{"id": "mail", "input": "mari@example.ee", "target": "x"}, {"id": "one", "input": 1, "target": 1}]
    write_solution(folder / "s")
    write_suite(folder / "t", [*asked, {"id": "two", "input": "two", "target": "two"}])
    read = solution.load(folder / "s"), suite.load(folder / "t")
    report = Run(*read, folder / "run", default_isolation()).execute()
    results = kept_results(folder / "run", report["results"]["sha256"])
    return list(evidence.write(report, ((result, redact.withheld(result)) for result in results)))


def test_it_verifies_and_shows_no_personal_data(lines):
    found = evidence.verify(b"".join(lines))
    assert (found.samples, found.withheld, found.report["samples"]) == (3, 1, 3)
    assert b"example.ee" not in b"".join(lines)
    assert orjson.loads(lines[1])["withheld"] == ["email"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda lines: lines[:-1], "changed, added or left out"),
        (lambda lines: [*lines, lines[-1]], "changed, added or left out"),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], "changed, added or left out"),
        (lambda lines: [*lines[:-1], lines[-1].replace(b'"two"', b'"three"')], "changed, added or left out"),
        (lambda lines: [lines[0], lines[1].replace(b'"score":0.0', b'"score":1.0'), *lines[2:]], "changed, added"),
        (lambda lines: [lines[0].replace(b'"passed":false', b'"passed":true'), *lines[1:]], "contradicts itself"),
        (lambda lines: [lines[0], b"{\n"], "no evidence"),
        (lambda _lines: [b'{"format":"other","report":{}}\n'], "no evidence"),
        (lambda _lines: [], "no evidence"),
    ],
)
def test_what_was_changed_is_refused(lines, change, why):
    with pytest.raises(SandboxError, match=why):
        evidence.verify(b"".join(change(lines)))
