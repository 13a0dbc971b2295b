"""A run: a solution, isolated, answers a suite's samples; every answer is scored and kept; a report comes out."""

from __future__ import annotations

import os
import platform
import shutil
import time
import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import orjson

from sild.sandbox.engine import graded_run, measure, pack, probe
from sild.sandbox.engine.containers.images import named
from sild.sandbox.engine.errors import CancelledError, IsolationError, SandboxError
from sild.sandbox.engine.faults import Faults, harmless
from sild.sandbox.engine.journal import Journal, Kept
from sild.sandbox.engine.jsonl import Conversation
from sild.sandbox.engine.process import NOT_STARTED
from sild.sandbox.engine.report import STATEMENT, check
from sild.sandbox.engine.result import Result
from sild.sandbox.engine.solution import job, load, packages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sild.sandbox.engine.grader_endpoint import Endpoint
    from sild.sandbox.engine.isolation import Isolation
    from sild.sandbox.engine.process import Usage
    from sild.sandbox.engine.solution import Solution
    from sild.sandbox.engine.suite import Suite

ALONE = 100  # questions that are asked one at a time, for latency
_STDERR_CHARACTERS = 1000
RESOURCES_METHOD = "all processes together; from control groups where there are any, else from /proc"
IN_CONTAINER_METHOD = (
    "all processes together, those of Podman and its runtime among them; from control groups where there are any, "
    "else from /proc"
)
RESULTS_METHOD = (
    "a JSON line for each sample, in the data's order; "
    "Merkle tree over the lines with each output's digest (RFC 6962, 2.1)"
)


def _no_progress(_done: int, _total: int) -> None:
    """Tell nobody."""


def _never() -> bool:
    """Nobody cancels."""
    return False


@dataclass(slots=True)
class Run:
    """One run of one solution on one suite.

    Attributes:
        solution, suite: as they were read.
        folder: the run's own; an interrupted run goes on where its journal ends.
        isolation: what it runs in.
        name: the run's id in the report.
        attempt: which attempt of this solution on this suite it is, from 1.
        registration: what was registered before, as `registration.Part` has it; None outside a node.
        grader: the endpoint that answers for the suite's grader; None where there is none.
        let_out: whether it may reach the places that the solution asks for.
        progress: called with samples done and to do, some times a second.
        cancelled: asked some times a second whether to stop.
    """

    solution: Solution
    suite: Suite
    folder: Path
    isolation: Isolation
    name: str = field(default_factory=lambda: str(uuid.uuid4()))
    attempt: int = 1
    registration: dict[str, Any] | None = None
    grader: Endpoint | None = None
    progress: Callable[[int, int], None] = _no_progress
    cancelled: Callable[[], bool] = _never
    faults: Faults = field(default_factory=Faults)
    asked: Sequence[tuple[int, int]] = ()
    let_out: bool = False
    tried: dict[str, Any] | None = None
    contacts: list[dict[str, Any]] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)

    def execute(self) -> dict[str, Any]:
        """Run it and report; `report.check` accepts what comes out.

        Raises:
            IsolationError: no isolation here, or it does not hold; nothing of the solution was run.
            RuntimeMissingError: the solution needs a package that is not installed.
            CancelledError: `cancelled` said so.
            SandboxError: the solution changed since it was read, or the folder is another run's.
        """
        graded_run.require(self.suite, self.grader)
        checks = self._prove()
        started = time.monotonic()
        with Journal(self.folder, self._identity()) as journal:
            resumed = len(journal)
            usage, conversation = self._converse(journal)
            self._name_the_end(usage, conversation)
            answered = len(journal)
            self._fill_in(journal)
            graded = self._grade(journal)
            kept = journal.finish(partial(self._turn, journal))
            facts = _Facts(journal, usage, conversation, kept, resumed, answered, time.monotonic() - started)
            report = self._report(facts, checks) | graded
        check(report)
        return report

    def _grade(self, journal: Journal) -> dict[str, Any]:
        """Have a model grade the replies, where the suite says so; the report's part."""
        if self.grader is None or self.suite.form.grader is None:
            return {}
        turn = partial(self._turn, journal)
        return {"grading": graded_run.grade(self.suite, self.grader, journal, turn)}

    def _prove(self) -> list[probe.Check]:
        """Try to break out of the isolation first."""
        checks = self.isolation.prove()
        probe.require(checks)
        return checks

    def _identity(self) -> dict[str, Any]:
        """What the journal's results belong to."""
        return {
            "solution": self.solution.digest,
            "suite": self.suite.digest,
            "attempt": self.attempt,
            "started": _now(),
        }

    def _converse(self, journal: Journal) -> tuple[Usage, Conversation]:
        """Start the solution from a copy that nobody else changes, ask what has not been answered yet."""
        self._leave_out_finished(journal)
        copy = self.folder / "solution"
        shutil.rmtree(copy, ignore_errors=True)
        try:
            pack.copy(self.solution.folder, copy)
            copied = load(copy)
            if copied.digest != self.solution.digest:
                raise SandboxError("The solution's files changed while the run was prepared. Start the run again.")
            with self.isolation.start(job(copied, let_out=self.let_out)) as process:
                conversation = Conversation(process, self._receiver(journal), self.faults, alone=self._alone(journal))
                conversation.run(self._questions(), lambda: self._turn(journal))
                usage = process.finish()
                self.tried = process.tried.as_dict(usage.written_bytes) if process.tried else None
                self.contacts, self.devices = process.contacts, list(process.devices)
                return usage, conversation
        finally:
            shutil.rmtree(copy, ignore_errors=True)

    def _leave_out_finished(self, journal: Journal) -> None:
        """Ask what has not been answered yet."""
        self.asked = self.suite.asked.without(journal.answered())

    def _alone(self, journal: Journal) -> int:
        """How many questions are still to be asked one at a time."""
        return max(0, ALONE - journal.alone)

    def _questions(self) -> Iterator[bytes]:
        """The questions, as JSON; where they are repeated, each with the member `seed` after it."""
        for position, repeat in self.asked:
            yield self._question(position, repeat)

    def _question(self, position: int, repeat: int) -> bytes:
        """One of the questions."""
        form = self.suite.form
        seed = b',"seed":%d' % (form.seed + repeat) if form.repeats > 1 else b""
        return orjson.dumps(self.suite.question(position)) + seed

    def _receiver(self, journal: Journal) -> Any:
        """What is done with an answer: score it and keep it."""
        read, scorer = measure.reader(self.suite), self.suite.scorer

        def receive(number: int, output: object, error: str, seconds: float, *, alone: bool) -> None:
            position, repeat = self.asked[number - 1]
            sample = self.suite.samples[position]
            value = None
            if not error:
                try:
                    value = read(output)
                except ValueError as wrong:
                    error = f"wrong shape: {wrong}"
                    self.faults.add("wrong-shape", str(wrong))
            score = scorer.score(value, self.suite.target(sample))
            result = Result(position, sample.id, output, error, score, seconds * 1000, alone, repeat)
            journal.add(result, sample.slices)

        return receive

    def _turn(self, journal: Journal) -> None:
        """Some times a second: save, tell, listen."""
        journal.flush(if_due=True)
        self.progress(len(journal), len(self.suite.asked))
        if self.cancelled():
            raise CancelledError("The run was cancelled. What is finished is kept; resume it to go on.")

    def _name_the_end(self, usage: Usage, conversation: Conversation) -> None:
        """Count how the process ended, if it did not end as it should.

        Raises:
            IsolationError: it never ran.
        """
        if usage.stopped_by == NOT_STARTED:
            why = harmless(conversation.said_on_stderr)
            raise IsolationError(f"The isolation could not be set up, so the solution was not run: {why}")
        if usage.stopped_by:
            self.faults.add(usage.stopped_by)
        elif conversation.incomplete:
            self.faults.add("early-exit", f"status {usage.exit}")

    def _fill_in(self, journal: Journal) -> None:
        """Keep a result for each sample that got no answer, so that nothing is left out by not answering it."""
        if len(journal) == len(self.suite.asked):
            return
        missing = self.suite.asked.without(journal.answered())
        self.faults.add("unanswered", count=len(missing))
        for position, repeat in missing:
            sample = self.suite.samples[position]
            result = Result(position, sample.id, None, "no answer", 0.0, 0.0, alone=False, repeat=repeat)
            journal.add(result, sample.slices, filled=True)

    def _report(self, facts: _Facts, checks: list[probe.Check]) -> dict[str, Any]:
        """Put the report together."""
        results = facts.journal
        groups = measure.pairs_of(self.suite, results, self.folder)
        measured = measure.metrics(self.suite, groups) + measure.gaps(self.suite, groups)
        measured += measure.costs(results, facts.usage.cpu_seconds, self.suite.form.seed)
        verdicts = measure.verdicts(self.suite.form.thresholds, measured)
        return {
            "schema": 1,
            "statement": STATEMENT,
            "run": self.name,
            "attempt": self.attempt,
            "started": facts.journal.identity["started"],
            "ended": _now(),
            "seconds": round(facts.seconds, 3),
            "passed": all(verdict["met"] for verdict in verdicts),
            "samples": len(results),
            "answered": facts.answered,
            "resumed": facts.resumed,
            "solution": self._solution(),
            "suite": self._suite(),
            "registration": self.registration,
            "verdicts": verdicts,
            "quality": measured[0],
            "metrics": measured,
            "latency": measure.latency(results),
            "throughput": self._throughput(facts),
            "results": _results(facts.kept),
            "isolation": self._isolation(),
            "confinement": probe.as_dicts(checks),
            "faults": self.faults.as_list(),
            "resources": _resources(facts, self.isolation.backend),
            "tried": self.tried,
            "egress": {
                "asked": self.solution.form.egress,
                "allowed": self.let_out,
                "contacts": self.contacts,
            },
            "host": _host(),
        }

    def _solution(self) -> dict[str, Any]:
        """What was tested."""
        form = self.solution.form
        told = form.model_dump(mode="json", exclude={"start", "runtime", "egress"})
        return told | {
            "digest": self.solution.digest,
            "protocol": form.start.protocol,
            "packages": packages(form),
        }

    def _suite(self) -> dict[str, Any]:
        """What it was tested with."""
        form = self.suite.form
        told = form.model_dump(
            mode="json", include={"name", "version", "title", "datasheet", "scorer", "seed", "limit", "repeats"}
        )
        return told | {
            "digest": self.suite.digest,
            "data_sha256": self.suite.data_sha256,
            "samples_in_data": len(self.suite.samples),
            "thresholds_digest": self.suite.thresholds_digest,
        }

    def _isolation(self) -> dict[str, Any]:
        """The isolation in force."""
        measures = [
            {"name": finding.name, "ok": finding.ok, "detail": finding.detail.split(" (/")[0]}
            for finding in self.isolation.available()
        ]
        if image := self.solution.form.start.image:
            measures.append({"name": "image", "ok": True, "detail": named(self.solution.folder, image)})
        if self.devices:
            measures.append({"name": "gpu devices", "ok": True, "detail": ", ".join(self.devices)})
        return {"level": self.isolation.level, "backend": self.isolation.backend, "measures": measures}

    def _throughput(self, facts: _Facts) -> dict[str, Any]:
        """Answers a second, while many were in flight."""
        answers, seconds = facts.conversation.pipelined
        return {
            "per_second": round(answers / seconds, 1) if seconds else 0,
            "answers": answers,
            "seconds": round(seconds, 3),
            "window": self.solution.form.limits.window,
            "method": "answers received, scored and kept, over the time from the first to the last with many in flight",
        }


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a run left behind."""

    journal: Journal
    usage: Usage
    conversation: Conversation
    kept: Kept
    resumed: int
    answered: int
    seconds: float


def _results(kept: Kept) -> dict[str, Any]:
    """How the results can be checked."""
    return {
        "file": kept.file,
        "sha256": kept.sha256,
        "bytes": kept.size,
        "root": kept.root,
        "leaves": kept.leaves,
        "method": RESULTS_METHOD,
    }


def _resources(facts: _Facts, backend: str) -> dict[str, Any]:
    """What was used."""
    told = {key: round(value, 3) if isinstance(value, float) else value for key, value in asdict(facts.usage).items()}
    del told["written_bytes"]  # stands with what it tried
    return told | {
        "output_bytes": facts.conversation.output_bytes,
        "error_output_bytes": facts.conversation.error_bytes,
        "error_output": harmless(facts.conversation.said_on_stderr, _STDERR_CHARACTERS),
        "method": IN_CONTAINER_METHOD if backend.startswith("podman") else RESOURCES_METHOD,
    }


def _host() -> dict[str, Any]:
    """What of the host matters."""
    try:
        ours = version("sild")
    except PackageNotFoundError:
        ours = "from its sources"
    return {
        "kernel": platform.release(),
        "machine": platform.machine(),
        "cpus": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "sild": ours,
    }


def _now() -> str:
    """The time in RFC 3339 form."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
