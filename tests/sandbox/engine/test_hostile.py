"""Hostile solutions end within their limits, the report says what happened, and nothing is left on the host."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest

from sandbox.factories import numbers, write_solution, write_suite
from sandbox.hostile import CORPUS, TELL
from sild.sandbox.engine import cgroup, default_isolation
from sild.sandbox.engine.reading import kept_results
from sild.sandbox.engine.report import check
from sild.sandbox.engine.runner import Run
from sild.sandbox.engine.solution import load as load_solution
from sild.sandbox.engine.suite import load as load_suite

pytestmark = pytest.mark.integration

LIMITS = {"wall_seconds": 8, "start_seconds": 4, "sample_seconds": 2, "processes": 24}


def run(tmp_path, code, limits, protocol="jsonl", form=None):
    solution = write_solution(tmp_path / "solution", code, limits=LIMITS | limits, protocol=protocol, **(form or {}))
    suite = write_suite(tmp_path / "suite", numbers(20))
    return Run(
        load_solution(solution), load_suite(suite), tmp_path / "run", default_isolation(), let_out=True
    ).execute()


def left_on_host(tmp_path):
    """Bubblewrap's processes for this folder, without which nothing of a run lives on, and this process's groups."""
    processes = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            command = file.read_bytes()
            if str(tmp_path).encode() in command and b"--die-with-parent" in command:
                processes.append(command)
    # Groups of other programs come and go meanwhile: os.walk passes over what has gone, and glob does not.
    groups = [name for _folder, names, _files in os.walk("/sys/fs/cgroup") for name in names]
    return processes + [name for name in groups if name.startswith(f"{cgroup._owner(os.getpid())}-")]


@pytest.mark.parametrize("name", CORPUS)
def test_a_hostile_solution_ends_within_its_limits_and_is_reported(tmp_path, name):
    hostile = CORPUS[name]
    started = time.monotonic()
    report = run(tmp_path, hostile.code, hostile.limits, hostile.protocol, hostile.form)
    check(report)
    assert time.monotonic() - started < LIMITS["wall_seconds"] + 10
    named = {fault["code"] for fault in report["faults"]}
    assert hostile.faults <= named or hostile.one_of & named, (named, report["resources"])
    if hostile.answer is not None:
        [first, *_rest] = kept_results(tmp_path / "run", report["results"]["sha256"])
        assert first.output == hostile.answer, (first, report["resources"])
    for kind, things in hostile.tried.items():
        assert sorted(one["what"] for one in report["tried"][kind]["examples"]) == things, report["tried"]
    contacts = tuple((one["to"], one["outcome"]) for one in report["egress"]["contacts"])
    assert contacts == hostile.contacts
    assert report["samples"] == report["results"]["leaves"] == 20
    assert left_on_host(tmp_path) == []
    assert not (tmp_path / "run" / "solution").exists()
    assert "\x1b" not in str(report)


def test_a_socket_replaced_by_a_link_leads_nowhere_on_the_host(tmp_path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "host.sock"))
        server.listen()
        server.settimeout(0)
        code = (
            f"import os, time\nos.symlink({str(tmp_path / 'host.sock')!r}, os.environ['SILD_SOCKET'])\ntime.sleep(99)"
        )
        report = run(tmp_path, code, {"start_seconds": 1}, protocol="chat")
        with pytest.raises(BlockingIOError):
            server.accept()
    assert report["answered"] == 0


def test_links_in_the_scratch_folder_do_not_reach_the_host(tmp_path):
    target = tmp_path / "precious"
    target.write_text("unharmed")
    code = TELL + (f"os.symlink({str(target)!r}, '/scratch/out')\ntell(tried(open, '/scratch/out', 'w'))")
    report = run(tmp_path, code, {})
    [first, *_rest] = kept_results(tmp_path / "run", report["results"]["sha256"])
    assert first.output == "ENOENT"
    assert target.read_text() == "unharmed"
