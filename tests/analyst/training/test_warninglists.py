"""Warning lists condensed: only hosts and hashes that speak for themselves."""

import json

import pytest

from sild.analyst.training import warninglists

pytestmark = pytest.mark.integration


def test_hosts_and_hashes_are_kept_and_places_for_everybody_are_not(tmp_path):
    lists = {
        "security-provider-blogpost": ["blog.example.com", "github.com", "not a host"],
        "automated-malware-analysis": [".Sandbox.example.net"],
        "whats-my-ip": [],
        "empty-hashes": ["D41D8CD98F00B204E9800998ECF8427E", "3::"],
        "common-ioc-false-positive": [],
    }
    for name, entries in lists.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "list.json").write_text(json.dumps({"list": entries}), encoding="utf-8")
    header, notice, *rest = warninglists.condense(tmp_path).splitlines()
    assert "pymispwarninglists 1.7.0" in header
    assert "BSD 3-Clause" in notice
    assert rest == ["blog.example.com", "d41d8cd98f00b204e9800998ecf8427e", "sandbox.example.net"]
