"""The system-call filter of containers: Podman's list, less what level L1 refuses."""

from __future__ import annotations

import json

import pytest

from sild.sandbox.engine import seccomp
from sild.sandbox.engine.containers import profile

pytestmark = pytest.mark.integration


def test_nothing_that_level_l1_refuses_is_allowed():
    told = json.loads(profile.profile(profile.path()))
    allowed = {name for rule in told["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW" for name in rule["names"]}
    assert told["defaultAction"] == "SCMP_ACT_ERRNO"
    assert not allowed & (seccomp.refused() | {"clone3"})
    assert {"read", "clone", "execve"} < allowed


def test_processes_are_made_but_no_namespaces():
    told = json.loads(profile.profile(profile.path()))
    [clone] = [rule for rule in told["syscalls"] if "clone" in rule["names"]]
    [flags] = clone["args"]
    assert (flags["index"], flags["op"], flags["valueTwo"]) == (0, "SCMP_CMP_MASKED_EQ", 0)
    assert flags["value"] & 0x10000000


def test_a_list_that_is_not_there_or_not_readable_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(profile, "FILES", (tmp_path / "missing",))
    profile.path.cache_clear()
    assert profile.path() is None
    profile.path.cache_clear()
    (tmp_path / "broken").write_text("{")
    with pytest.raises(ValueError, match="Expecting"):
        profile.profile(tmp_path / "broken")
