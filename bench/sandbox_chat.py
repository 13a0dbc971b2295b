"""Chat endpoints: what Inspect AI and this sandbox get through the same one, in the same run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from harness import Figure

from sild.sandbox.engine import default_isolation, solution, suite
from sild.sandbox.engine.kept import Kept, kept_job
from sild.sandbox.engine.remote import EndpointRun
from sild.sandbox.engine.runner import Run

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
MOCK = ROOT / "bench" / "sandbox_mock.py"
PINNED = ROOT / "requirements" / "peers-sandbox.txt"
VENV = ROOT / "build" / "peers-sandbox"
SAMPLES, PEER_SAMPLES, ISOLATED_SAMPLES, FRESH = 20_000, 1000, 5000, 100
CONNECTIONS = 100
TEXT = {"en": "Made for this benchmark."}
ABOUT = {"version": "1.0", "title": TEXT}
TASK = """
from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import exact
from inspect_ai.solver import generate

@task
def numbers():
    samples = [Sample(input=f"Say {number}", target=str(number)) for number in range(COUNT)]
    return Task(dataset=MemoryDataset(samples), solver=generate(), scorer=exact())
"""
SECONDS = """
import sys
from datetime import datetime
from inspect_ai.log import list_eval_logs, read_eval_log
log = read_eval_log(list_eval_logs(sys.argv[1])[0], header_only=True)
assert log.status == "success", log.error
begun, ended = (datetime.fromisoformat(at) for at in (log.stats.started_at, log.stats.completed_at))
print((ended - begun).total_seconds(), log.results.completed_samples, log.results.scores[0].metrics["mean"].value)
"""


def figures(folder: Path) -> list[Figure]:
    """Measure everything; the peer's figure is missing where it cannot be installed."""
    folder.mkdir()
    with mock() as port:
        ours = _endpoint(folder, port)
        peer = _inspect(folder, port)
    name = f"chat endpoint that answers at once, {CONNECTIONS} connections"
    says = f"Inspect AI 0.3.285, {PEER_SAMPLES:,} samples, --max-connections {CONNECTIONS}" if peer else None
    return [
        Figure(f"{name}: {SAMPLES:,} samples, all stored", ours, "samples/s", 1000, "higher", says, peer),
        Figure(
            f"chat solution in isolation: {ISOLATED_SAMPLES:,} samples, all stored",
            _isolated(folder),
            "samples/s",
            better="higher",
        ),
        Figure(
            f"a fresh sandbox for each sample: {FRESH} samples, Python in each", _fresh(), "samples/s", 50, "higher"
        ),
    ]


@contextmanager
def mock() -> Iterator[int]:
    """The endpoint, in a process of its own; its port."""
    with subprocess.Popen([sys.executable, str(MOCK)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def _endpoint(folder: Path, port: int) -> float:
    """Samples a second from the first to the last with all connections busy, scored and stored."""
    start = {"protocol": "endpoint", "url": f"http://127.0.0.1:{port}/v1", "model": "mock"}
    read = solution.load(_solution(folder / "endpoint", start)), suite.load(_suite(folder / "questions", SAMPLES))
    report = EndpointRun(*read, folder / "run-endpoint", default_isolation()).execute()
    assert report["passed"], report["faults"]
    rate: float = report["throughput"]["per_second"]
    return rate


def _isolated(folder: Path) -> float:
    """The same server in isolation, asked from inside."""
    made = _solution(folder / "isolated", {"protocol": "chat", "command": ["python3", "main.py"]})
    (made / "main.py").write_bytes(MOCK.read_bytes())
    read = solution.load(made), suite.load(_suite(folder / "few", ISOLATED_SAMPLES))
    report = Run(*read, folder / "run-isolated", default_isolation()).execute()
    assert report["passed"], report["faults"]
    rate: float = report["throughput"]["per_second"]
    return rate


def _fresh() -> float:
    """Sandboxes a second, two at a time: started, Python run in it, ended."""
    job, isolation = kept_job(), default_isolation()
    asked: dict[str, Any] = {"do": "exec", "command": ["python3", "-I", "-S", "-c", "print(1)"], "folder": "/scratch"}
    asked |= {"environment": {}, "most": 1000, "seconds": 10, "has_input": False}

    def one(_number: int) -> bytes:
        with Kept(isolation, job) as kept:
            return kept.ask(asked, most=2000)[1].result().payload

    begun = perf_counter()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        assert set(pool.map(one, range(FRESH))) == {b"1\n"}
    return FRESH / (perf_counter() - begun)


def _inspect(folder: Path, port: int) -> float | None:
    """Inspect's samples a second by its own log, start-up not counted; nothing when it cannot be installed."""
    try:
        python = _install()
    except (OSError, subprocess.SubprocessError) as error:
        print(f"Inspect AI could not be installed and is left out: {error}")
        return None
    task, logs = folder / "task.py", folder / "logs"
    task.write_text(TASK.replace("COUNT", str(PEER_SAMPLES)))
    settings = {"MOCK_BASE_URL": f"http://127.0.0.1:{port}/v1", "MOCK_API_KEY": "example", "INSPECT_LOG_DIR": str(logs)}
    command = [
        str(python.parent / "inspect"),
        "eval",
        task.name,
        "--model",
        "openai-api/mock/mock",
        "--display",
        "none",
    ]
    environment = {**os.environ, **settings}
    subprocess.run([*command, "--max-connections", str(CONNECTIONS)], check=True, cwd=folder, env=environment)
    told = subprocess.run([str(python), "-c", SECONDS, str(logs)], check=True, capture_output=True, text=True).stdout
    seconds, samples, accuracy = map(float, told.split())
    assert (samples, accuracy) == (PEER_SAMPLES, 1)
    return samples / seconds


def _install() -> Path:
    """The interpreter of the peer's own environment, made once."""
    python = VENV / "bin" / "python"
    if not (VENV / "done").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(PINNED)], check=True)
        (VENV / "done").touch()
    return python


def _solution(folder: Path, start: dict[str, Any]) -> Path:
    """A solution's folder."""
    folder.mkdir()
    words = {"owner": "bench", "purpose": TEXT, "intended_use": TEXT, "languages": ["en"], "risk_class": "minimal"}
    form = {**ABOUT, **words, "name": "mock", "start": start, "limits": {"window": CONNECTIONS}}
    (folder / "solution.yaml").write_text(json.dumps(form))
    return folder


def _suite(folder: Path, count: int) -> Path:
    """A suite's folder: each answer is in its question."""
    folder.mkdir()
    form = {
        **ABOUT,
        "name": "numbers",
        "data": {"file": "data.jsonl"},
        "datasheet": {"source": "numbers", "licence": "EUPL-1.2", "language": "en"},
        "scorer": {"name": "exact"},
        "thresholds": [{"metric": "accuracy", "at_least": 1}],
    }
    (folder / "suite.yaml").write_text(json.dumps(form))
    lines = (json.dumps({"id": str(n), "input": f"Say {n}", "target": str(n)}) for n in range(count))
    (folder / "data.jsonl").write_text("\n".join(lines))
    return folder
