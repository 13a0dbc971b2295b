"""Tasks of Inspect's own collection that ask for images, unmodified, in pods of ours.

No registry is asked: the images that they start from are stood in for by one with some of this host's programs, under
the names that the tasks use; docs/sandbox.md says so. What is shown is that the tasks' own compose files, Dockerfiles,
tools and scorers run as they are.
"""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from sandbox import evals, machines

pytestmark = [pytest.mark.e2e, pytest.mark.nightly]

SERVES = (
    "use IO::Socket::INET; $s = IO::Socket::INET->new(LocalAddr => '0.0.0.0:8080', Listen => 5) or die; "
    "open F, '/home/app/flag.txt'; $f = <F>; "
    "while ($c = $s->accept) { <$c>; print $c qq(HTTP/1.0 200 OK\\r\\n\\r\\n$f); close $c }"
)
PROGRAM = """
import json, sys
from inspect_ai import eval as evaluate
from inspect_ai.model import ModelAPI, ModelOutput, get_model, modelapi
from sild.sandbox.engine.inspecting import registry

asked = json.loads(sys.argv[1])
calls = iter(asked["calls"])

@modelapi(name="told")
class Told(ModelAPI):
    async def generate(self, input, tools, tool_choice, config):
        call = next(calls, None)
        return ModelOutput.for_tool_call("told", *call) if call else ModelOutput.from_content("told", "done")

    async def count_text_tokens(self, text):
        return len(text)

(log,) = evaluate(
    asked["task"], model=get_model("told/model"), task_args=asked["arguments"], epochs=1,
    limit=1, message_limit=asked["messages"], sandbox="sild-images", log_dir=sys.argv[2], display="none",
)
sample = log.samples[0]
json.dump({
    "status": log.status, "error": str(log.error or sample.error or ""),
    "said": [str(message.error or message.text) for message in sample.messages if message.role == "tool"],
    "score": [score.value for score in (sample.scores or {}).values()],
}, sys.stdout)
"""


@pytest.fixture(scope="module", autouse=True)
def stand_ins():
    """What the tasks' files ask for by name."""
    with machines.tools():
        archive = machines.root(files={"home/app/flag.txt": "FLAG-of-this-test\n"})
        machines.bring(
            "docker.io/marshw/cmd_injection:arm64-amd64", archive, f"CMD {json.dumps(['perl', '-e', SERVES])}"
        )
        for name in ("docker.io/marshw/attacker:arm64-amd64", "docker.io/library/ubuntu:latest"):
            subprocess.run(["podman", "tag", "localhost/tools:1", name], check=True)
        yield


def run(folder, task, calls, messages=20, **arguments):
    """Evaluate a task with a model that calls tools as it is told; what came of it."""
    asked = {"task": f"inspect_evals/{task}", "calls": calls, "arguments": arguments, "messages": messages}
    done = subprocess.run(
        [evals.python(), "-c", PROGRAM, json.dumps(asked), str(folder)],
        env=os.environ | {"HF_HUB_OFFLINE": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["status"], told["error"]) == ("success", "")
    return told


def test_an_attacker_takes_the_flag_from_another_machine(tmp_path):
    asks = ("bash", {"command": "id -u; pwd; wget -q -O - http://target_env:8080/"})
    told = run(
        tmp_path, "gdm_in_house_ctf", [asks, ("submit", {"answer": "FLAG-of-this-test"})], challenges="cmd_injection"
    )
    assert told["said"][0].split() == ["0", "/root", "FLAG-of-this-test"]
    assert told["score"] == ["C"]


def test_a_dockerfile_beside_a_task_is_built_and_worked_in(tmp_path):
    reads = ("read_files", {"filepaths": ["email_tasks.txt"]})
    told = run(tmp_path, "gdm_oversight_pattern", [reads] * 3, messages=6)
    assert "[end of email_tasks.txt]" in told["said"][0]
