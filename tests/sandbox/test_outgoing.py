"""A report in the forms that others read: what they hold, and that no personal data leaves in them."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from sandbox.factories import write_solution, write_suite
from sild.sandbox import outgoing, results, services
from sild.sandbox.engine import evidence
from sild.sandbox.errors import CheckError, StateError
from sild.sandbox.execution import execute_run

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

LEAKY = """
import json, sys
print("warning: mari@example.ee", file=sys.stderr, flush=True)
print("mari@example.ee")
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"id": asked["id"], "output": asked["input"]}), flush=True)
"""


@pytest.fixture
def run(tallinn, operator, tmp_path, db):
    samples = [
        {
            "id": f"s{number}",
            "input": number,
            "target": number % 17,
            "slices": {"language": ("en", "et", "uk")[number % 3]},
        }
        for number in range(30)
    ]
    title = {"en": "Example", "et": "Näidis õäöü", "uk": "Приклад ґєії"}
    solution = services.register(operator, write_solution(tmp_path / "s", LEAKY, title=title))
    return execute_run(
        services.start_run(operator, solution, services.add_suite(operator, write_suite(tmp_path / "t", samples)))
    )


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            [
                "Example: Sandbox report",
                "Not every threshold was met.",
                "Figures with intervals",
                "0.567",
                "Annex IV(9)",
            ],
        ),
        ("et", ["Näidis õäöü", "Kõiki lävendeid ei saavutatud.", "0,567", "Turustamisjärgne seire"]),
        ("uk", ["Приклад ґєії", "0,567", "Післяринковий моніторинг"]),
    ],
)
def test_the_pdf_says_in_each_language_what_the_page_says(run, language, said):
    reader = PdfReader(io.BytesIO(outgoing.pdf(run, language)), strict=True)
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    assert [words for words in said if words not in text] == []
    assert reader.root_object["/Lang"] == language
    assert run.report["results"]["root"] in text.replace(" ", "")
    assert "example.ee" not in text
    assert "?" not in text


def test_statement_mapping_and_evidence_hold_the_report_that_leaves(kyiv, operator, run):
    record = services.publish_report(operator, run, audience=["kyiv"], tlp="GREEN")
    assert "example.ee" not in bytes(record.raw).decode()
    assert "example.ee" in str(run.report)
    told = outgoing.statement(run)
    assert told["subject"][1]["digest"]["sha256"] == run.solution.package.removeprefix("sha256:")
    assert told["predicate"]["configuration"][-1]["digest"]["sha256"] == record.hash.removeprefix("sha256:")
    assert outgoing.act_mapping(run)["report"]["run"] == str(run.pk)
    found = evidence.verify(b"".join(results.evidence(run)))
    assert found.report == record.body == outgoing.report_of(run)
    assert found.samples == 30


def test_a_run_without_a_report_and_an_unknown_language_are_refused(run, operator):
    waiting = services.start_run(operator, run.solution, run.suite)
    for form in (outgoing.statement, outgoing.act_mapping, results.evidence, lambda one: outgoing.pdf(one, "en")):
        with pytest.raises(StateError):
            form(waiting)
    with pytest.raises(CheckError, match="“fr”"):
        outgoing.pdf(run, "fr")
