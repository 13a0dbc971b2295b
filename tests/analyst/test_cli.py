"""The commands, as the demo and scripts use them."""

import json

import pytest
from typer.testing import CliRunner

from analyst.bundles import small_attack
from sild.analyst.cli import app
from sild.analyst.engine.errors import TextError
from sild.analyst.errors import AnalystError

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def run(*words):
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def report(tmp_path):
    file = tmp_path / "report.md"
    file.write_text("It used Mimikatz to dump credentials from LSASS memory on 203.0.113[.]5.", encoding="utf-8")
    return file


def test_the_story_runs_by_commands(report_from_kyiv, report):
    activated = json.loads(run("activate", report_from_kyiv().pk, "--to", "kyiv", "--json"))
    assert set(activated) == {"record", "solution"}
    found = json.loads(run("read", report, "--json"))
    assert (found["name"], found["indicators"], found["techniques"] >= 1) == ("report.md", 1, True)
    assert set(found) == {"id", "name", "indicators", "techniques", "milliseconds"}
    rows = json.loads(run("proposals", found["id"], "--json"))
    assert {row["verdict"] for row in rows} == {"open"}
    assert "Rejected 1" in run("reject", found["id"], rows[0]["key"])
    assert "Accepted 1" in run("accept", found["id"], rows[1]["key"])
    assert json.loads(run("accept", found["id"], "--json")) == {"accepted": len(rows) - 2}
    assert "rejected" in run("proposals", found["id"])
    shared = json.loads(run("publish", found["id"], "--to", "kyiv", "--tlp", "AMBER", "--json"))
    assert set(shared) == {"id", "hash", "leaf", "objects"}
    assert shared["objects"] >= 6


def test_several_files_give_a_list_and_people_get_tables(in_use, report, tmp_path):
    other = tmp_path / "other.md"
    other.write_text("Nothing happened on that day in the city.")
    assert len(json.loads(run("read", report, other, "--json"))) == 2
    assert "T1003.001" in run("read", report)
    assert "203.0.113.5" in run("read", report)


def test_a_file_that_cannot_be_read_is_an_error_with_a_sentence(in_use, tmp_path):
    with pytest.raises(AnalystError, match="cannot be read"):
        run("read", tmp_path / "none.md")
    huge = tmp_path / "huge.txt"
    with huge.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(TextError, match="20 MB"):
        run("read", huge)


def test_a_bundle_of_proposals_and_the_figures_by_language_are_printed(in_use, report, tmp_path):
    bundle = json.loads(run("read", report, "--stix"))
    assert {"indicator", "tool", "attack-pattern"} <= {item["type"] for item in bundle["objects"]}
    assert json.loads(run("corrections", tmp_path / "c.jsonl", "--json"))["reports"] == 0
    assert set(json.loads(run("corpus", "--side", "train", "--json"))["gap"]) == {"techniques", "indicators", "names"}
    assert "Gap" in run("corpus", "--side", "train")


def test_solution_and_suite_are_written(tmp_path):
    written = json.loads(run("solution", tmp_path / "solution", "--json"))
    assert written["digest"].startswith("sha256:")
    assert (tmp_path / "solution" / "solution.yaml").is_file()
    assert "samples" in run("suite", tmp_path / "suite")
    assert (tmp_path / "suite" / "suite.yaml").is_file()


def test_attack_is_imported_and_the_card_is_shown(tmp_path):
    file = tmp_path / "attack.json"
    file.write_bytes(small_attack())
    imported = json.loads(run("attack", "import", file, "--json"))
    assert (imported["version"], imported["techniques"]) == ("99.0", 2)
    assert "The MITRE Corporation" in run("card")
    assert json.loads(run("card", "--json"))["name"] == "threat-analyst"
