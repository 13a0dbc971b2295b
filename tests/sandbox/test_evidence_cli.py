"""The words `sild sandbox evidence`, `rerun` and `watch`, as people and scripts type them."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from sandbox.factories import numbers, write_solution, write_suite
from sandbox.test_rerun import asked_by, outcome_of, proofs_of, say, take
from sild.exchange import evidence
from sild.sandbox import rerun, services
from sild.sandbox.cli import app
from sild.sandbox.engine import draw
from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.evidence_models import Rerun
from sild.sandbox.execution import execute_run

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def typed(*words, status=0):
    done = CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)
    assert done.exit_code == status, done.output
    return done.stdout


def in_json(*words, status=0):
    return json.loads(typed(*words, "--json", status=status))


@pytest.fixture
def run(tallinn, operator, tmp_path, db):
    asked = [*numbers(20), {"id": "mail", "input": "mari@example.ee", "target": "x"}]
    solution = services.register(operator, write_solution(tmp_path / "s"))
    suite = services.add_suite(operator, write_suite(tmp_path / "t", asked))
    return execute_run(services.start_run(operator, solution, suite))


def test_evidence_is_written_and_verified_against_the_record(kyiv, operator, run, tmp_path):
    assert json.loads(typed("evidence", "statement", run.pk))["subject"]
    assert json.loads(typed("evidence", "act", run.pk))["points"]
    typed("evidence", "pdf", run.pk, tmp_path / "r.pdf", "--language", "uk")
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")
    typed("evidence", "samples", run.pk, tmp_path / "e.jsonl")
    assert "give it with --record" in typed("evidence", "verify", tmp_path / "e.jsonl")
    published = services.publish_report(operator, run, audience=["kyiv"], tlp="GREEN")
    (tmp_path / "record").write_bytes(evidence.record_file(published))
    checked = in_json("evidence", "verify", tmp_path / "e.jsonl", "--record", tmp_path / "record")
    assert checked == {"samples": 21, "withheld": 1, "passed": True, "issuer": "tallinn"}
    again = execute_run(services.start_run(operator, run.solution, run.suite))
    typed("evidence", "samples", again.pk, tmp_path / "other.jsonl")
    with pytest.raises(SandboxError, match="another report"):
        typed("evidence", "verify", tmp_path / "other.jsonl", "--record", tmp_path / "record")
    (tmp_path / "record").write_bytes((tmp_path / "record").read_bytes().replace(b"tallinn", b"talling"))
    with pytest.raises(SandboxError):
        typed("evidence", "verify", tmp_path / "e.jsonl", "--record", tmp_path / "record")


def test_an_output_that_stayed_here_is_checked_with_its_salt(run, tmp_path):
    (tmp_path / "report").write_text(json.dumps(run.report))
    (tmp_path / "proof").write_text(typed("sample", run.pk, "mail", "--outside"))
    assert "example.ee" not in (tmp_path / "proof").read_text()
    salt = json.loads(typed("sample", run.pk, "mail", "--salt"))["salt"]
    (tmp_path / "output").write_text('"mari@example.ee"')
    words = ("check-sample", tmp_path / "report", tmp_path / "proof", "--output", tmp_path / "output", "--salt")
    assert "belongs to the report" in typed(*words, salt)
    with pytest.raises(SandboxError, match="not the one"):
        typed(*words, "wrong")


def test_a_watch_is_set_tested_listed_and_ended(run):
    made = in_json("watch", "start", run.pk, "--to", "partners", "--bound", "0.1")
    assert in_json("watch", "test", made["watch"])["state"] == "steady"
    assert "steady" in typed("watch", "list")
    assert in_json("watch", "list")[0]["every_hours"] == 24
    assert in_json("watch", "end", made["watch"])["due"] is None


def test_both_sides_of_a_re_run(kyiv, operator, run):
    report = services.publish_report(operator, run, audience=["kyiv"], tlp="GREEN")
    secret = draw.random_hex()
    asked_by(kyiv, report, secret)
    [row] = in_json("rerun", "list")
    assert in_json("rerun", "answer", row["rerun"])["state"] == "answered"
    found = Rerun.objects.get()
    say(kyiv, rerun.OUTCOME, found.answer, outcome_of(found, run, secret))
    assert "shown" in typed("rerun", "show", row["rerun"])

    kyiv.publish(run.report, kind="sandbox.report", subject="echo 1.0")
    [theirs] = take(kyiv)
    asked = Rerun.objects.get(pk=in_json("rerun", "request", theirs.pk, "--samples", 3)["rerun"])
    body = {"report": theirs.reference, "request": asked.request.reference, "random": draw.random_hex()}
    say(kyiv, rerun.ANSWER, asked.request, body)
    assert in_json("rerun", "execute", asked.pk)["state"] == "tested"
    asked = rerun.find(operator, str(asked.pk))
    told = {"report": theirs.reference, "outcome": asked.outcome.reference, "samples": proofs_of(run, asked)}
    say(kyiv, rerun.SHOWN, asked.outcome, told)
    assert in_json("rerun", "countersign", asked.pk)["state"] == "countersigned"
    assert "countersigned" in typed("rerun", "list")
