"""Containers: images answer as other solutions do, hostile ones end within their limits, and nothing is left."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox.factories import numbers, write_solution, write_suite
from sandbox.images import write_archive
from sild.sandbox.engine import levels
from sild.sandbox.engine.containers import podman
from sild.sandbox.engine.containers.arguments import CRUN, RUNSC
from sild.sandbox.engine.containers.podman import Podman
from sild.sandbox.engine.containers.room import PREFIX
from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.isolation import Job
from sild.sandbox.engine.limits import MIB, Limits
from sild.sandbox.engine.reading import kept_lines
from sild.sandbox.engine.report import check
from sild.sandbox.engine.runner import Run
from sild.sandbox.engine.solution import load as load_solution
from sild.sandbox.engine.suite import load as load_suite

pytestmark = pytest.mark.integration

LIMITS = {"wall_seconds": 20, "start_seconds": 15, "sample_seconds": 4, "processes": 24, "scratch_bytes": MIB}


@pytest.fixture(autouse=True)
def rooms(tmp_path_factory, monkeypatch):
    """A folder in which rooms are made, that must be empty afterwards."""
    folder = tmp_path_factory.mktemp("rooms")
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def image_solution(folder, command=(), limits=None):
    start = {"image": "image.tar", "command": list(command)}
    solution = write_solution(folder, start=start, limits=LIMITS | (limits or {}))
    write_archive(solution / "image.tar")
    return load_solution(solution)


def run(tmp_path, *command, level="", count=5, **limits):
    """The report of an image that does something, and what it answered."""
    solution = image_solution(tmp_path / "solution", command and ("/answer", *command), limits)
    suite = load_suite(write_suite(tmp_path / "suite", numbers(count)))
    made = Run(solution, suite, tmp_path / "run", levels.isolation(level, solution.form.start))
    report = made.execute()
    check(report)
    lines = kept_lines(tmp_path / "run", report["results"]["sha256"])
    return report, "".join(line.decode() + "\n" for line in lines)


@pytest.mark.parametrize(("level", "runtime"), [("", "crun"), ("L2", "runsc")])
def test_an_image_answers_after_the_self_test_at_its_level(tmp_path, level, runtime):
    report, _results = run(tmp_path, level=level, count=150)
    assert (report["passed"], report["answered"], report["faults"]) == (True, 150, [])
    assert report["isolation"]["level"] == (level or "L1")
    assert report["isolation"]["backend"].startswith("podman 4")
    assert runtime in report["isolation"]["backend"]
    names = [one["name"] for one in report["confinement"]]
    assert ("own-kernel" in names) == (level == "L2")
    assert {"network", "secret-file", "forks", "memory", "signals", "nested-namespace"} < set(names)
    image = next(one["detail"] for one in report["isolation"]["measures"] if one["name"] == "image")
    assert image.startswith("image.tar, sha256:")
    assert report["tried"] is None
    assert report["resources"]["stopped_by"] == ""
    assert "those of Podman and its runtime among them" in report["resources"]["method"]


@pytest.fixture
def untested(monkeypatch):
    """Without the self-test, which other tests have run."""
    monkeypatch.setattr(Podman, "prove", lambda _self: [])


@pytest.mark.parametrize("level", ["L1", "L2"])
def test_an_image_reaches_neither_the_host_nor_its_files(tmp_path, level, untested):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        report, results = run(tmp_path, "survey", str(listener.getsockname()[1]), str(secret), level=level)
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
    seen = json.loads(results.splitlines()[0])["output"]
    assert 0 < seen.pop("forks") < LIMITS["processes"]
    assert 0 < seen.pop("fills") <= MIB
    assert 20_000 <= seen.pop("user") < 60_000
    # Within a kernel of its own a user namespace gives nothing on the host.
    assert seen.pop("namespace") == (level == "L2")
    assert seen == {"reaches": 0, "reads": 0, "shadow": 0, "writes": 0, "scratch": 1}
    assert report["faults"] == []


def test_each_run_is_a_user_of_its_own():
    users = set()
    for _ in range(2):
        with Podman(CRUN).start(Job(("/usr/bin/id", "-u"))) as process:
            inside = int(process.stdout.read())
            users.add(inside)
            process.finish()
    assert len(users) == 2


@pytest.mark.parametrize("level", ["L1", "L2"])
@pytest.mark.parametrize(
    ("what", "fault", "limits"),
    [
        ("memory", ("memory-limit", "early-exit"), {"memory_bytes": 64 * MIB}),
        ("flood", ("output-limit", "not-json"), {"output_bytes": MIB}),
        ("spin", ("no-answer",), {"start_seconds": 2, "sample_seconds": 1}),
    ],
)
def test_bombs_end_within_their_limits(tmp_path, level, what, fault, limits, untested):
    report, _results = run(tmp_path, what, level=level, **limits)
    assert not report["passed"]
    assert {one["code"] for one in report["faults"]} & set(fault), report["faults"]
    assert report["resources"]["peak_memory_bytes"] < 512 * MIB


def test_how_an_image_ends_is_told(tmp_path, untested):
    report, _results = run(tmp_path, "exit", "7")
    assert report["resources"]["exit"] == 7
    assert "early-exit" in {one["code"] for one in report["faults"]}


def test_a_command_that_is_not_in_the_image_is_told_from_a_solution_that_fails(tmp_path, untested):
    solution = image_solution(tmp_path / "solution", ("/nothing",))
    suite = load_suite(write_suite(tmp_path / "suite", numbers(5)))
    with pytest.raises(IsolationError, match="nothing"):
        Run(solution, suite, tmp_path / "run", Podman(CRUN)).execute()


def test_what_is_no_image_is_not_run(tmp_path):
    (tmp_path / "image.tar").write_bytes(b"no archive")
    with pytest.raises(IsolationError, match="cannot be run here"):
        Podman(CRUN).start(Job((), image=str(tmp_path / "image.tar")))
    with pytest.raises(IsolationError, match="could not be read"):
        Podman(CRUN).start(Job((), image=str(tmp_path / "missing.tar")))


def test_nothing_is_let_out():
    with pytest.raises(IsolationError, match="nothing is let out"):
        Podman(RUNSC).start(Job(("true",), egress=("example.org:443",)))


@pytest.mark.parametrize("runtime", [CRUN, RUNSC], ids=lambda runtime: runtime.name)
def test_this_host_offers_every_measure(runtime):
    found = Podman(runtime).available()
    assert all(finding.ok for finding in found), found
    assert {"podman", runtime.name, "seccomp", "container"} < {finding.name for finding in found}
    assert Podman(runtime).level == runtime.level


def test_a_host_without_the_runtime_refuses_and_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    podman._version.cache_clear()
    with pytest.raises(IsolationError, match=r"Level L2 is not .*podman: it is not installed.*apt-get install runsc"):
        Podman(RUNSC).start(Job(("true",)))
    podman._version.cache_clear()


def test_kill_of_podman_or_of_its_monitor_leaves_no_process(tmp_path):
    for victim in ("podman", "conmon"):
        with Podman(CRUN).start(Job(("/usr/bin/sleep", "60"), limits=Limits(wall_seconds=30))) as process:
            tree = wait_for(lambda process=process: below(process._popen.pid, 3))
            os.kill(next(pid for pid in tree if name(pid) == victim), signal.SIGKILL)
            process.kill("ended by the test")
            process.finish()
        assert not [pid for pid in tree if Path(f"/proc/{pid}").exists()]


NODE = """
import sys, time
from sild.sandbox.engine.containers.podman import Podman
from sild.sandbox.engine.containers.arguments import CRUN
from sild.sandbox.engine.isolation import Job
with Podman(CRUN).start(Job(("/usr/bin/sleep", "60"))) as process:
    print(process._popen.pid, flush=True)
    time.sleep(60)
"""


def test_kill_of_the_node_leaves_no_process_and_its_folder_is_swept(rooms):
    with subprocess.Popen([sys.executable, "-c", NODE], stdout=subprocess.PIPE, env=dict(os.environ)) as node:
        pid = int(node.stdout.readline())
        tree = wait_for(lambda: below(pid, 3))
        node.kill()
    wait_for(lambda: not [pid for pid in tree if Path(f"/proc/{pid}").exists()])
    assert len(list(rooms.glob(f"{PREFIX}*"))) == 1
    with Podman(CRUN).start(Job(("/usr/bin/true",))) as process:
        process.finish()


def below(pid, least):
    """A process and what is below it, once there are so many."""
    found = [pid, *podman.watch.descendants(pid)]
    return found if len(found) > least and "sleep" in map(name, found) else None


def name(pid):
    """The name of a program."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def wait_for(found, seconds=15):
    """What a function gives once it gives something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.02)
    raise AssertionError(f"nothing within {seconds} s")
