"""A run over a real Ray cluster, one of whose machines is killed meanwhile, beside the same run in one process."""

from __future__ import annotations

import sys

import pytest
import ray
from ray.cluster_utils import Cluster

from sandbox.factories import numbers, write_solution, write_suite
from sild.sandbox.engine import default_isolation, solution, suite
from sild.sandbox.engine.reading import kept_results
from sild.sandbox.engine.runner import Run
from sild.sandbox.engine.spreading import SpreadFailedError, SpreadRun
from sild.spread.cluster import RayPool
from sild.spread.errors import LostError, ShardError, SpreadError
from sild.spread.shards import Outputs, Work

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
    with pytest.MonkeyPatch.context() as patch:  # its processes find what tests let them do
        patch.setenv("PYTHONPATH", ":".join(path for path in sys.path if path))
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
    with pytest.raises(LostError, match="4 times"):
        list(pool.map(Work("spread.parts:die"), [b""]))
    cluster.remove_node(machine)


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
