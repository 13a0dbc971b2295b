"""A run over a real Ray cluster, one of whose machines is killed meanwhile, beside the same run in one process."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest
import ray
from ray.cluster_utils import Cluster

from sandbox.factories import numbers, write_solution, write_suite
from sandbox.images import write_archive
from sild.sandbox.engine import default_isolation, levels, solution, suite, watch
from sild.sandbox.engine.errors import IsolationError
from sild.sandbox.engine.reading import kept_results
from sild.sandbox.engine.runner import Run
from sild.sandbox.engine.spreading import SpreadFailedError, SpreadRun
from sild.spread import gpus
from sild.spread.cluster import RayPool
from sild.spread.errors import LostError, ShardError, SpreadError
from sild.spread.shards import Outputs, Work
from spread.gpu_specs import describe, world

pytestmark = pytest.mark.integration

# Wrong for each seventh number, refuses each eleventh, and takes a little time, so that a worker can be lost meanwhile.
SLOW = """
import json, sys, time
for line in sys.stdin:
    asked = json.loads(line)
    number = asked["input"]
    time.sleep(0.002)
    told = {"error": "no"} if number % 11 == 0 else {"output": number + (number % 7 == 0)}
    print(json.dumps({"id": asked["id"], **told}), flush=True)
"""
TIMES = {"latency_p50_ms", "latency_p95_ms", "cpu_ms_per_answer"}


@pytest.fixture(scope="module")
def cluster():
    with pytest.MonkeyPatch.context() as patch, world() as folder:  # its processes find what tests let them do
        patch.setenv("PYTHONPATH", ":".join(path for path in sys.path if path))
        patch.setenv("RAY_worker_niceness", "0")  # else everything that tests do beside it comes before its workers
        patch.setenv(gpus.CDI, str(describe(folder / "cdi", 2)))
        made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        yield made
        ray.shutdown()
        made.shutdown()


def written(folder, count=1000):
    samples = [sample | {"slices": {"parity": str(sample["input"] % 2)}} for sample in numbers(count)]
    asked = write_suite(folder / "t", samples, threshold=("accuracy", 0.5))
    return solution.load(write_solution(folder / "s", SLOW)), suite.load(asked)


def figures(report):
    """What does not depend on how long things took."""
    names = ("passed", "samples", "answered", "faults", "quality", "solution", "suite")
    told = {name: report[name] for name in names}
    told["verdicts"] = [verdict for verdict in report["verdicts"] if verdict["metric"] not in TIMES]
    return told | {"metrics": [metric for metric in report["metrics"] if metric["name"] not in TIMES]}


def answers(folder, report):
    """Each sample's answer and score."""
    lines = kept_results(folder, report["results"]["sha256"])
    return [(line.position, line.sample, line.output, line.error, line.score) for line in lines]


def test_a_machine_that_is_lost_changes_no_figure(cluster, tmp_path):
    tested, asked = written(tmp_path)
    alone = Run(tested, asked, tmp_path / "alone", default_isolation()).execute()
    machines = [cluster.add_node(num_cpus=1) for _ in range(2)]
    lost = []

    def progress(done, total):
        if not lost and total // 10 < done:
            cluster.remove_node(machines[0], allow_graceful=False)
            lost.append(done)

    spread = SpreadRun(
        tested, asked, tmp_path / "spread", default_isolation(), address=cluster.address, progress=progress
    )
    report = spread.execute()
    assert lost
    assert lost[0] < 1000
    assert figures(report) == figures(alone)
    assert answers(tmp_path / "spread", report) == answers(tmp_path / "alone", alone)
    assert "Ray" in report["isolation"]["measures"][-1]["detail"]
    assert report["resources"]["cpu_seconds"] > 0
    for machine in machines[1:]:
        cluster.remove_node(machine)


def test_a_cluster_keeps_outputs_gives_gpus_and_names_errors(cluster, tmp_path):
    machine = cluster.add_node(num_cpus=1, num_gpus=1)
    pool, outputs = RayPool(cluster.address), Outputs(tmp_path)
    work = Work("spread.parts:join", b"c", gpus=1)
    assert dict(pool.map(work, [b"0", b"1"], outputs)) == {0: b"c0", 1: b"c1"}
    assert outputs.get(work.key(b"1")) == b"c1"
    with pytest.raises(SpreadError, match="asks for 2 GPU"):
        list(pool.map(Work("spread.parts:join", gpus=2), [b""]))
    with pytest.raises(ShardError, match="ValueError: wrong"):
        list(pool.map(Work("spread.parts:fail"), [b"wrong"]))
    for given in (0, 1):
        with pytest.raises(LostError, match="4 times"):
            list(pool.map(Work("spread.parts:die", gpus=given), [b""]))
    other = cluster.add_node(num_cpus=2)
    with pytest.raises(SpreadError, match="asks for 2 CPU and 1 GPU at once; no machine of the cluster has both"):
        list(pool.map(Work("spread.parts:join", processors=2, gpus=1), [b""]))
    running = pool.map(Work("spread.parts:process", gpus=1), [b""] * 1000)
    next(running)
    cluster.remove_node(machine, allow_graceful=False)  # the only one with a GPU: nobody waits for another for ever
    with pytest.raises(SpreadError, match="asks for 1 GPU at once; no machine of the cluster has more than 0"):
        list(running)
    cluster.remove_node(other)


def test_processes_of_this_machine_change_no_figure_either(tmp_path):
    tested, asked = written(tmp_path, 300)
    alone = Run(tested, asked, tmp_path / "alone", default_isolation()).execute()
    spread = SpreadRun(tested, asked, tmp_path / "spread", default_isolation(), address="local:2").execute()
    assert figures(spread) == figures(alone)
    assert sum(line.alone for line in kept_results(tmp_path / "spread", spread["results"]["sha256"])) > 10


# What a question makes it try: a file and a program by its number, one address and one name for all, a process.
CURIOUS = """
import json, os, socket, subprocess, sys
for line in sys.stdin:
    asked = json.loads(line)
    for path in (f"/home/{asked['input']}", b"/home/\\xff"):
        try:
            open(path)
        except OSError:
            pass
    try:
        subprocess.run([f"/home/program{asked['input'] % 3}"])
    except OSError:
        pass
    for reach in (lambda: socket.create_connection(("192.0.2.1", 25)), lambda: socket.gethostbyname("example.org")):
        try:
            reach()
        except OSError:
            pass
    print(json.dumps({"id": asked["id"], "output": asked["input"]}), flush=True)
"""


def test_what_it_tried_is_counted_wherever_it_tried_it(tmp_path):
    tested = solution.load(write_solution(tmp_path / "s", CURIOUS))
    asked = suite.load(write_suite(tmp_path / "t", numbers(20)))
    alone = Run(tested, asked, tmp_path / "alone", default_isolation()).execute()["tried"]
    spread = SpreadRun(tested, asked, tmp_path / "spread", default_isolation(), address="local:2").execute()["tried"]
    for told in (alone, spread):
        del told["written_bytes"]  # as seen ten times a second
    assert spread == alone
    assert (spread["addresses"]["attempts"], spread["processes"]) == (20, 20)
    assert [spread[kind]["different"] for kind in ("addresses", "names", "files", "programs")] == [1, 1, 21, 3]


def test_a_spread_run_that_was_stopped_asks_nothing_twice(tmp_path):
    tested, asked = written(tmp_path, 300)
    seen = []

    def progress(done, _total):
        seen.append(done)
        if len(seen) == 3:
            raise KeyboardInterrupt

    job = SpreadRun(tested, asked, tmp_path / "run", default_isolation(), address="local:1", progress=progress)
    with pytest.raises(KeyboardInterrupt):
        job.execute()
    report = SpreadRun(tested, asked, tmp_path / "run", default_isolation(), address="local:1").execute()
    assert report["resumed"] == seen[-1] > 0
    assert (report["samples"], report["answered"]) == (300, 300)


def test_a_worker_that_cannot_start_the_solution_fails_the_run_with_the_reason(tmp_path):
    tested = solution.load(write_solution(tmp_path / "s", SLOW, packages=["no-such-package"]))
    asked = suite.load(write_suite(tmp_path / "t", numbers(3)))
    job = SpreadRun(tested, asked, tmp_path / "run", default_isolation(), address="local:1")
    with pytest.raises(SpreadFailedError, match="pip install no-such-package"):
        job.execute()


# Right when it sees one device and no more.
WITH_GPU = """
import json, os, sys, time
seen = [name for name in ("0", "1") if os.path.exists(f"/gpus/{name}") and os.environ.get(f"GPU_{name}") == "given"]
for line in sys.stdin:
    asked = json.loads(line)
    time.sleep(0.002)
    print(json.dumps({"id": asked["id"], "output": asked["input"] if len(seen) == 1 else seen}), flush=True)
"""


def with_gpus(folder, count=1, questions=150):
    """A solution that asks for GPUs, and a suite."""
    limits = {"gpus": count, "wall_seconds": 60}
    asked = write_suite(folder / "t", numbers(questions))
    return solution.load(write_solution(folder / "s", WITH_GPU, limits=limits)), suite.load(asked)


def given(report):
    """The devices that a report names."""
    [detail] = [one["detail"] for one in report["isolation"]["measures"] if one["name"] == "gpu devices"]
    return detail.split(", ")


def test_workers_of_a_cluster_have_a_gpu_each_at_the_runs_level_and_one_may_be_killed(cluster, tmp_path):
    tested, asked = with_gpus(tmp_path)
    machine = cluster.add_node(num_cpus=2, num_gpus=2)
    killed = []

    def progress(done, _total):
        holders = [] if killed or not done else [pid for pid in watch.descendants(os.getpid()) if is_holder(pid)]
        for pid in holders[:1]:
            killed.append(done)
            os.kill(pid, signal.SIGKILL)

    level = levels.isolation("L2", tested.form.start)
    report = SpreadRun(tested, asked, tmp_path / "run", level, address=cluster.address, progress=progress).execute()
    assert 0 < killed[0] < 150
    assert (report["passed"], report["answered"], report["quality"]["value"]) == (True, 150, 1.0)
    assert report["isolation"]["level"] == "L2"
    assert given(report) == ["nvidia.com/gpu=0", "nvidia.com/gpu=1"]
    assert report["tried"] is None
    assert comes(lambda: ray.available_resources().get("GPU") == 2)  # what they had is free again
    greedy, _asked = with_gpus(tmp_path / "greedy", 3)
    job = SpreadRun(greedy, asked, tmp_path / "refused", level, address=cluster.address)
    with pytest.raises(SpreadFailedError, match="asks for 3 GPU at once; no machine of the cluster has more than 2"):
        job.execute()
    cluster.remove_node(machine)


def is_holder(pid):
    """Whether a process is a worker that keeps GPUs."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"ray::Holder")
    except OSError:
        return False


def comes(true, seconds=30):
    """Whether something comes to be."""
    deadline = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def test_a_worker_without_the_level_refuses_and_the_run_says_so(tmp_path, monkeypatch):
    tested, asked = with_gpus(tmp_path, 0)
    package = SpreadRun._package

    def leave(run):  # after the self-test here, before the workers start
        monkeypatch.setenv("PATH", "/nowhere")
        return package(run)

    monkeypatch.setattr(SpreadRun, "_package", leave)
    job = SpreadRun(tested, asked, tmp_path / "run", levels.isolation("L2", tested.form.start), address="local:1")
    with pytest.raises(SpreadFailedError, match=r"Level L2 is not to be had .*podman: it is not installed"):
        job.execute()


def test_processes_of_this_machine_have_gpus_of_their_own(tmp_path, monkeypatch):
    tested, asked = with_gpus(tmp_path)
    level = levels.isolation("L2", tested.form.start)
    with world() as folder:
        monkeypatch.setenv(gpus.CDI, str(describe(folder / "cdi", 2)))
        report = SpreadRun(tested, asked, tmp_path / "run", level, address="local:3").execute()
    assert (report["passed"], report["faults"], report["quality"]["value"]) == (True, [], 1.0)
    assert given(report) == ["nvidia.com/gpu=0", "nvidia.com/gpu=1"]


def test_an_image_is_spread_at_its_level_too(tmp_path):
    folder = write_solution(tmp_path / "s", start={"image": "image.tar"})
    write_archive(folder / "image.tar")
    tested, asked = solution.load(folder), suite.load(write_suite(tmp_path / "t", numbers(20)))
    level = levels.isolation("", tested.form.start)
    report = SpreadRun(tested, asked, tmp_path / "run", level, address="local:1").execute()
    assert (report["passed"], report["answered"], report["isolation"]["level"]) == (True, 20, "L1")


def test_a_level_that_is_not_a_workers_to_give_is_not_spread(tmp_path):
    tested, asked = with_gpus(tmp_path)
    reference = solution.Start(image=f"registry.example.org/a@sha256:{'a' * 64}")
    for isolation, why in (
        (levels.isolation("L3", reference), "level L3 is not spread over workers"),
        (default_isolation(), "Ask for level L2 or L3"),
    ):
        with pytest.raises(IsolationError, match=why):
            SpreadRun(tested, asked, tmp_path / "run", isolation, address="local:1").execute()
