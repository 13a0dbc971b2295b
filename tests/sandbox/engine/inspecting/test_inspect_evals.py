"""Tasks of Inspect's own collection, unmodified: our solution is the model, our isolation each sample's sandbox."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from sandbox import evals
from sandbox.factories import write_solution

pytestmark = [pytest.mark.e2e, pytest.mark.nightly]

# Their data come with the package; `used` says whether the task itself works in the sandbox.
TASKS = {
    "agent_threat_bench_data_exfil": (8, False),
    "mind2web_sc": (200, False),
    "gdm_self_reasoning_approved_directories": (20, True),
}
SAYS_THE_SAME = """
    import json, sys
    for line in sys.stdin:
        print(json.dumps({"id": json.loads(line)["id"], "output": "ANSWER: A"}), flush=True)
"""
PROGRAM = """
import json, sys
from pathlib import Path
from inspect_ai.log import read_eval_log
from sild.sandbox.engine import solution
from sild.sandbox.engine.inspecting.tasks import run_task

folder = Path(sys.argv[3])
log, here = run_task(solution.load(Path(sys.argv[1])), sys.argv[2], folder)
(file,) = folder.glob("*.eval")
events = [event.event for sample in read_eval_log(str(file)).samples for event in sample.events]
json.dump({"samples": len(log.samples), "checks": here["confinement"], "sandbox": events.count("sandbox")}, sys.stdout)
"""


@pytest.mark.parametrize("task", TASKS)
def test_a_task_of_inspect_evals_runs_in_our_isolation(tmp_path, task):
    solution = write_solution(tmp_path / "solution", SAYS_THE_SAME)
    done = subprocess.run(
        [evals.python(), "-c", PROGRAM, str(solution), f"inspect_evals/{task}", str(tmp_path / "logs")],
        env=os.environ | {"HF_HUB_OFFLINE": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    samples, used = TASKS[task]
    assert told["samples"] == samples
    assert len(told["checks"]) >= 8
    assert all(check["ok"] for check in told["checks"])
    assert (told["sandbox"] > 0) is used
