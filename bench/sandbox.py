"""The sandbox's figures: what isolation costs, and how fast samples pass through it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import Figure, best_of, starts
from sandbox_chat import figures as chat
from sandbox_chat import mock
from sandbox_refusals import figures as refusals

from sild.sandbox.engine import bubblewrap, default_isolation, evidence, probe, redact, solution, suite
from sild.sandbox.engine.interpreter import interpreter
from sild.sandbox.engine.isolation import Job
from sild.sandbox.engine.journal import Journal
from sild.sandbox.engine.reading import Which, found_results, kept_results
from sild.sandbox.engine.remote import EndpointRun
from sild.sandbox.engine.result import Result
from sild.sandbox.engine.runner import Run
from sild.sandbox.engine.spreading import SpreadRun

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SAMPLES = 20_000
ROUNDS = 60
LONG = (50_000, 100_000)
KINDS = {
    "command": "an isolated command",
    "repeats": "an isolated command, each item five times",
    "spread": "spread over two processes",
    "endpoint": "a chat endpoint",
}
ECHO = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"id": asked["id"], "output": asked["input"]}), flush=True)
"""


def run(parts: Sequence[str] = ()) -> list[Figure]:
    """Measure everything, or these parts."""
    default_isolation().require()
    found = []
    for part in parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="sild-bench-") as folder:
            found += [replace(figure, part=part) for figure in PARTS[part](Path(folder))]
    return found


def _starts() -> list[Figure]:
    """What isolation adds to the start and end of a process that does nothing."""
    python = interpreter()
    program = (python.program, "-I", "-S", "-c", "pass")
    job = Job(program, python.binds, masked=python.masked)
    bare, wrapped, ours = _best_in_turn(
        lambda: subprocess.run(program, check=True),
        lambda: subprocess.run(_bare_bubblewrap(program), check=True),
        lambda: _confined(job),
    )
    peer = "bare bubblewrap over a bare process"
    return [
        Figure(
            "isolated process, start to end, over a bare one",
            ours - bare,
            "ms",
            20,
            peer=peer,
            peer_value=wrapped - bare,
        ),
        Figure("isolated process, start to end", ours, "ms", peer="bare process", peer_value=bare),
    ]


def _helps() -> list[Figure]:
    """How long the command line takes to say what it can do, beside Inspect's where that is installed."""
    sild = [sys.executable, "-m", "sild.node.cli"]
    inspect = Path(sys.executable).with_name("inspect")
    peers = [[str(inspect), "--help"]] if inspect.exists() else []
    everything, ours, *theirs = starts([[*sild, "--help"], [*sild, "sandbox", "--help"], *peers])
    peer, value = ("inspect --help", theirs[0]) if theirs else (None, None)
    return [
        Figure("sild --help", everything, "ms", 300, peer=peer, peer_value=value),
        Figure("sild sandbox --help", ours, "ms", 300, peer=peer, peer_value=value),
    ]


def _fresh() -> Figure:
    """Sandboxes a second when every sample gets a new one, two at a time."""
    python = interpreter()
    job = Job((python.program, "-I", "-S", "-c", "print(1)"), python.binds, masked=python.masked)
    count = 100
    with ThreadPoolExecutor(2) as pool:
        seconds = best_of(lambda: list(pool.map(lambda _number: _confined(job), range(count))), 3)
    return Figure("a fresh sandbox for each sample, two at a time", count / seconds, "samples/s", 50, "higher")


def _best_in_turn(*functions: Callable[[], object]) -> list[float]:
    """Shortest wall time of each function in milliseconds, called in turn so that what disturbs one disturbs all."""
    best = [float("inf")] * len(functions)
    for _ in range(ROUNDS):
        best = [min(known, best_of(function, 1) * 1000) for known, function in zip(best, functions, strict=True)]
    return best


def _bare_bubblewrap(program: tuple[str, ...]) -> list[str]:
    """The same program under bubblewrap alone: namespaces, no filter, no limits, no user of its own."""
    binds = [word for bind in interpreter().binds for word in ("--ro-bind", bind.source, bind.target)]
    system = ["--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"]
    return [
        bubblewrap.program()[0],
        "--unshare-all",
        *system,
        *binds,
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--",
        *program,
    ]


def _confined(job: Job) -> None:
    """Start a job and wait for its end."""
    with default_isolation().start(job) as process:
        process.stdin.close()
        process.finish()


def _samples(folder: Path) -> list[Figure]:
    """Samples a second through an isolated solution that answers at once; scored, stored, hashed into a tree."""
    _write(folder)
    bare = _bare_rate(folder)
    reports = [_report(folder, number) for number in range(3)]
    through = max(report["throughput"]["per_second"] for report in reports)
    whole = min(report["seconds"] for report in reports)
    name = f"{SAMPLES:,} samples through an isolated solution, JSON lines"
    peer = "the same program in a bare process, one question at a time, nothing scored or stored"
    stored = sum(path.stat().st_size for path in (folder / "run-0").iterdir()) / SAMPLES
    return [
        Figure(f"{name}: asked, answered, scored, stored", through, "samples/s", 5000, "higher", peer, bare),
        Figure(f"{name}: from start to report", SAMPLES / whole, "samples/s", 5000, "higher"),
        Figure("on disk for each sample, all that a run leaves", stored, "bytes", 400),
    ]


def _bare_rate(folder: Path) -> float:
    """Questions a second to the same program in a bare process."""
    count = 5000
    lines = [b'{"id":"%d","input":%d}\n' % (number, number) for number in range(count)]

    def ask() -> None:
        command = [interpreter().program, str(folder / "s" / "main.py")]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            for line in lines:
                process.stdin.write(line)
                process.stdout.readline()
            process.stdin.close()

    return count / best_of(ask, 3)


def _report(folder: Path, number: int) -> dict[str, Any]:
    """The report of one whole run."""
    read = solution.load(folder / "s"), suite.load(folder / "t")
    return Run(*read, folder / f"run-{number}", default_isolation()).execute()


def _evidence(folder: Path) -> list[Figure]:
    """Checking a file with ten thousand samples as somebody else would."""
    file = folder / "evidence.jsonl"
    _child("evidence", folder / "ten", 10_000, file)
    command = [sys.executable, "-m", "sild.node.cli", "sandbox", "evidence", "verify", str(file)]
    seconds = best_of(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL), 3)
    return [Figure("10,000-sample evidence file verified offline, start of the command line included", seconds, "s", 2)]


def _memory(folder: Path) -> list[Figure]:
    """What a run takes in memory, and how much more when it is twice as long."""
    with mock() as port:
        found = []
        for what, name in KINDS.items():
            half, whole = (_child(what, folder / f"{what}-{count}", count, port) / 2**20 for count in LONG)
            found += [
                Figure(f"most memory of the node's process, {name}, {LONG[0]:,} samples", half, "MiB"),
                Figure(f"most memory of the node's process, {name}, {LONG[1]:,} samples", whole, "MiB", 300),
                Figure(f"memory that {LONG[1] - LONG[0]:,} samples more take, {name}", whole - half, "MiB", 3),
            ]
        return found


def _browse(folder: Path) -> list[Figure]:
    """Finding samples among a hundred thousand, as a page does: the first hundred of what it asks for."""
    names = [f"language={language}" for language in ("en", "et", "uk")]
    with Journal(folder, {}) as journal:
        for place in range(LONG[1]):
            right, error = float(place % 100 > 0), "no answer" if place % 1000 == 0 else ""
            found = Result(place, f"s{place}", place, error, 0.0 if error else right, place % 997 / 10, alone=False)
            journal.add(found, {"language": names[place % 3].removeprefix("language=")})
        sha256 = journal.finish().sha256
    first = best_of(lambda: next(kept_results(folder, sha256)), 1)
    asked: list[tuple[Which, str]] = [("wrong", ""), ("unanswered", names[0]), ("slow", names[1]), ("all", names[2])]

    def look(which: Which, part: str) -> list[Result]:
        return list(islice(found_results(folder, sha256, which, part), 100))

    slowest = max(best_of(partial(look, *one), 3) for one in asked)
    return [
        Figure(f"{LONG[1]:,} results checked against their report, once", first * 1000, "ms"),
        Figure(f"wrong, slow, without an answer, of a slice, among {LONG[1]:,} results", slowest * 1000, "ms", 200),
    ]


def _child(what: str, folder: Path, count: int, where: object) -> int:
    """A run in a process of its own, so that its memory is its own; the most that it had, in bytes."""
    folder.mkdir()
    _write(folder, count, 5 if what == "repeats" else 1)
    done = subprocess.run(
        [sys.executable, __file__, what, str(folder), str(where)], check=True, capture_output=True, text=True
    )
    return int(done.stdout)


def _in_child(what: str, folder: Path, where: str) -> None:
    """What the child does: one run, and for evidence its file."""
    if what == "endpoint":
        start = {"protocol": "endpoint", "url": f"http://127.0.0.1:{where}/v1", "model": "mock"}
        written = folder / "s" / "solution.yaml"
        form = json.loads(written.read_text()) | {"start": start, "limits": {"window": 100}}
        written.write_text(json.dumps(form))
    read = solution.load(folder / "s"), suite.load(folder / "t")
    kind: Any = {"endpoint": EndpointRun, "spread": partial(SpreadRun, address="local:2")}.get(what, Run)
    report = kind(*read, folder / "run", default_isolation()).execute()
    if what == "evidence":
        kept = kept_results(folder / "run", report["results"]["sha256"])
        with Path(where).open("wb") as out:
            out.writelines(evidence.write(report, ((result, redact.withheld(result)) for result in kept)))
    # Unlike getrusage's, this is of the program alone and not of the one that it was started by (proc(5), VmHWM).
    told = Path("/proc/self/status").read_text().split("VmHWM:")[1]
    print(int(told.split()[0]) * 1024)


def _probe() -> Figure:
    """The escape self-test, which runs before each run."""
    return Figure(
        "escape self-test, nine attempts", best_of(lambda: probe.escape_checks(default_isolation()), 5) * 1000, "ms"
    )


def _write(folder: Path, count: int = SAMPLES, repeats: int = 1) -> None:
    """A solution and a suite of so many samples."""
    text = {"en": "Made for this benchmark."}
    about = {"name": "echo", "version": "1.0", "title": text}
    for name in ("s", "t"):
        (folder / name).mkdir()
    form = {
        **about,
        "owner": "bench",
        "purpose": text,
        "intended_use": text,
        "languages": ["en"],
        "risk_class": "minimal",
        "start": {"command": ["python3", "main.py"]},
    }
    (folder / "s" / "solution.yaml").write_text(json.dumps(form))
    (folder / "s" / "main.py").write_text(ECHO)
    suite: dict[str, object] = {
        **about,
        "data": {"file": "data.jsonl"},
        "datasheet": {"source": "numbers", "licence": "EUPL-1.2", "language": "en"},
        "scorer": {"name": "exact"},
        "repeats": repeats,
        "thresholds": [{"metric": "accuracy", "at_least": 1}],
    }
    (folder / "t" / "suite.yaml").write_text(json.dumps(suite))
    lines = (json.dumps({"id": str(number), "input": number, "target": number}) for number in range(count // repeats))
    (folder / "t" / "data.jsonl").write_text("\n".join(lines))


PARTS: dict[str, Callable[[Path], list[Figure]]] = {
    "isolation": lambda _folder: [*_starts(), _fresh(), _probe()],
    "help": lambda _folder: _helps(),
    "samples": _samples,
    "evidence": _evidence,
    "memory": _memory,
    "browse": _browse,
    "chat": lambda folder: chat(folder / "chat"),
    "refusals": lambda _folder: refusals(),
}


if __name__ == "__main__":
    _in_child(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
