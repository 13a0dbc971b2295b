"""A run whose samples are spread over many processes or machines; the report is that of a run on one of them.

Each shard's answers are scored and kept as they come. The journal is what makes it idempotent: what is in it is not
asked again, so a worker that is lost costs only the samples of its unfinished shard.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast, overload

import orjson

from sild import spread
from sild.sandbox.engine import levels, pack
from sild.sandbox.engine.errors import IsolationError, SandboxError
from sild.sandbox.engine.process import Usage
from sild.sandbox.engine.runner import Run
from sild.sandbox.engine.solution import load
from sild.sandbox.engine.tried import Tried
from sild.spread.errors import SpreadError
from sild.spread.shards import Work

if TYPE_CHECKING:
    from sild.sandbox.engine import probe
    from sild.sandbox.engine.journal import Journal
    from sild.sandbox.engine.jsonl import Conversation
    from sild.spread.shards import Pool

LEVELS = (levels.L1, levels.L2)  # which a worker isolates at
ANSWER = "sild.sandbox.engine.warm:answer"
SHARDS_EACH = 8  # for each worker, so that one that is lost or slow costs little
MOST_IN_SHARD = 1000


class SpreadFailedError(SandboxError):
    """The samples could not be spread, or a worker could not do its part; what is finished is kept."""

    code = "spread"


@dataclass(slots=True)
class Talked:
    """What all shards came to, as one conversation has it."""

    output_bytes: int = 0
    error_bytes: int = 0
    said_on_stderr: bytes = b""
    incomplete: bool = False
    answers: int = 0
    cpu_seconds: float = 0.0
    memory_bytes: int = 0
    written_bytes: int = 0
    tried: Tried | None = field(default_factory=Tried)
    devices: set[str] = field(default_factory=set)
    started: float = field(default_factory=time.monotonic)
    ended: float = field(default_factory=time.monotonic)

    @property
    def pipelined(self) -> tuple[int, float]:
        """Answers, and the seconds that they took."""
        return self.answers, self.ended - self.started

    def add(self, told: dict[str, Any]) -> None:
        """Add one shard's."""
        self.answers += len(told["answers"])
        self.output_bytes += told["output_bytes"]
        self.error_bytes += told["error_bytes"]
        self.said_on_stderr = self.said_on_stderr or told["said_on_stderr"].encode()
        self.cpu_seconds += told["cpu_seconds"]
        self.memory_bytes = max(self.memory_bytes, told["memory_bytes"])
        self.written_bytes += told["written_bytes"]
        self.devices.update(told["devices"])
        if self.tried is not None and told["tried"] is not None:
            self.tried.add(told["tried"])
        else:
            self.tried = None  # nobody counts in containers
        self.ended = time.monotonic()

    def usage(self) -> Usage:
        """What was used: processor time of all workers together, memory of the one that used most."""
        seconds = self.ended - self.started
        return Usage(0, "", seconds, self.cpu_seconds, self.memory_bytes, 0, 0, 0, self.written_bytes)


@dataclass
class SpreadRun(Run):
    """A run that is spread; each worker isolates at the run's level and is given the GPUs that the solution asks for.

    Attributes:
        address: of the pool, as `sild.spread.pool` takes it.
    """

    address: str = spread.LOCAL
    pool: Pool | None = None

    def _prove(self) -> list[probe.Check]:
        """Refuse a level that is not the workers' to give, then try to break out of the isolation here.

        Raises:
            IsolationError: the level does not fit, or it does not hold.
        """
        level = self.isolation.level
        if level not in LEVELS:
            raise IsolationError(
                f"A run at level {level} is not spread over workers: at L3 the cluster spreads its Jobs by itself. "
                f"Spread it at {' or '.join(LEVELS)}, or run it unspread."
            )
        levels.fitting(level, self.solution.form.start, self.solution.form.limits.gpus)
        return super()._prove()

    def _converse(self, journal: Journal) -> tuple[Usage, Conversation]:
        """Give out what has not been answered yet in shards, and take answers as they come."""
        self._leave_out_finished(journal)
        talked = Talked()
        try:
            self.pool = spread.pool(self.address)
            self._give_out(self.pool, journal, talked)
        except SpreadError as error:
            raise SpreadFailedError(f"{error} What is finished is kept; resume the run to go on.") from error
        self.tried = talked.tried.as_dict(talked.written_bytes) if talked.tried else None
        self.devices = sorted(talked.devices)
        return talked.usage(), cast("Conversation", talked)

    def _give_out(self, pool: Pool, journal: Journal, talked: Talked) -> None:
        """Map over the shards."""
        work = Work(ANSWER, self._package(), gpus=self.solution.form.limits.gpus)
        size = min(MOST_IN_SHARD, max(1, len(self.asked) // (SHARDS_EACH * pool.width)))
        receive = self._receiver(journal)
        for number, output in pool.map(work, _Shards(self, size, self._alone(journal))):
            told = orjson.loads(output)
            for index, value, error, seconds, alone in told["answers"]:
                receive(number * size + index + 1, value, error, seconds, alone=alone)
            self._count(told["faults"])
            talked.add(told)
            self._turn(journal)

    def _package(self) -> bytes:
        """The packed solution, from a copy that nobody else changes."""
        copy = self.folder / "solution"
        shutil.rmtree(copy, ignore_errors=True)
        try:
            pack.copy(self.solution.folder, copy)
            if load(copy).digest != self.solution.digest:
                raise SandboxError("The solution's files changed while the run was prepared. Start the run again.")
            return pack.pack(copy)
        finally:
            shutil.rmtree(copy, ignore_errors=True)

    def shard(self, start: int, size: int, alone: int) -> bytes:
        """The questions of one shard, of which so many are asked one at a time."""
        questions = [self._question(*one).decode() for one in self.asked[start : start + size]]
        return orjson.dumps({"questions": questions, "alone": alone, "level": self.isolation.level})

    def _count(self, faults: list[dict[str, Any]]) -> None:
        """Add a shard's faults to the run's."""
        for fault in faults:
            self.faults.add(fault["code"], count=fault["count"])
            for example in fault["examples"]:
                self.faults.add(fault["code"], example, count=0)

    def _isolation(self) -> dict[str, Any]:
        """The isolation in force here, and where the samples were; every worker tries to break out of its own first."""
        told = super()._isolation()
        where = self.pool.name if self.pool else self.address
        told["measures"].append({"name": "spread", "ok": True, "detail": f"{where}; each worker passed the self-test"})
        return told


@dataclass(frozen=True, slots=True)
class _Shards(Sequence[bytes]):
    """The shards of a run, each made when it is given out; the first one's are asked one at a time, for latency."""

    run: SpreadRun
    size: int
    alone: int

    def __len__(self) -> int:
        return len(range(0, len(self.run.asked), self.size))

    @overload
    def __getitem__(self, number: int) -> bytes: ...

    @overload
    def __getitem__(self, number: slice) -> list[bytes]: ...

    def __getitem__(self, number: int | slice) -> bytes | list[bytes]:
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        start = range(len(self))[number] * self.size
        return self.run.shard(start, self.size, 0 if start else self.alone)
