"""A reading is one value that goes to JSON and back."""

import json

import pytest

from analyst.findings import TEXT, found
from sild.analyst.engine.model import load
from sild.analyst.engine.reader import from_dict, read

pytestmark = pytest.mark.unit


def test_findings_survive_json():
    findings = found()
    assert from_dict(json.loads(json.dumps(findings.as_dict()))) == findings


def test_techniques_are_listed_once_the_likeliest_first():
    findings = found(TEXT + "\n\nIt used Mimikatz again to dump credentials from LSASS memory.")
    assert len(set(findings.techniques)) == len(findings.techniques)
    best = {name: max(p.score for p in findings.proposals if p.technique == name) for name in findings.techniques}
    assert list(best.values()) == sorted(best.values(), reverse=True)


def test_the_model_is_named_with_its_version():
    assert found().model.startswith("threat-analyst ")


def test_names_of_actors_are_read_and_survive_as_json():
    findings = read("The group known as Sandworm Team came back to the ministry.", load())
    assert [entity.attack_id for entity in findings.entities] == ["G0034"]
    assert from_dict(findings.as_dict()) == findings
