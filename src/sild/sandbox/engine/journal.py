"""Results of a run as they come, on disk: nothing finished is lost when the run is killed, nothing is kept twice."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from array import array
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import orjson

from sild.sandbox.engine import store
from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.engine.result import Result
from sild.trust import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path


_FLUSH_SECONDS = 0.25
_FLUSH_BYTES = 256 * 1024
_AT_ONCE, _BETWEEN_TURNS = 16, 500
_ADD = "INSERT INTO result VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)"
_UNGRADED = "SELECT line FROM result LEFT JOIN grade USING (place) WHERE NOT failed AND grade IS NULL ORDER BY place"
_GRADED = """
SELECT place, line, grade FROM result JOIN grade USING (place) WHERE place > ? AND NOT failed ORDER BY place LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """The finished results as JSON lines in the order of the suite's data: the name of a file of them, SHA-256, size.

    And the root of the Merkle tree over their leaves.
    """

    file: str
    sha256: str
    size: int
    root: str
    leaves: int


class Journal:
    """The results of one run, iterated in the order of the suite's data, the repeats of a sample together."""

    def __init__(self, folder: Path, identity: dict[str, Any]) -> None:
        """Open the folder's file, or begin one; what an earlier session only filled in is asked again.

        Args:
            folder: of the run.
            identity: what the results belong to: solution, suite, attempt, start.

        Raises:
            SandboxError: the folder holds the results of another run, or they are damaged.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / store.FILE
        self._connection = store.write(self.path)
        try:
            with store.spoken(self.path):
                self.identity = self._recover(identity)
                self._connection.execute("DELETE FROM result WHERE filled")
                self._count = int(self._one("SELECT count(*) FROM result"))
                self._slices = self._known_slices()
        except BaseException:
            self._connection.close()
            raise
        self._waiting: list[tuple[Any, ...]] = []
        self._bytes, self._flushed = 0, time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.flush()
            with suppress(sqlite3.Error):  # somebody may be reading; the log beside the file is as good
                self._connection.execute("PRAGMA journal_mode=DELETE")
        finally:
            self._connection.close()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Result]:
        return map(Result.parse, self.lines())

    def lines(self) -> Iterator[bytes]:
        """The result of each as it is stored."""
        self.flush()
        return (line for (line,) in self._rows("SELECT line FROM result ORDER BY place"))

    def answered(self) -> Iterator[tuple[int, int]]:
        """Position and repeat of each."""
        self.flush()
        return (store.question_of(place) for (place,) in self._rows("SELECT place FROM result"))

    @property
    def alone(self) -> int:
        """How many were asked one at a time."""
        self.flush()
        return int(self._one("SELECT count(*) FROM result WHERE alone"))

    def add(self, result: Result, slices: Mapping[str, str] | None = None, *, filled: bool = False) -> None:
        """Keep a result; it is on disk at the next `flush`.

        Args:
            result: of one sample.
            slices: that the sample belongs to.
            filled: whether it stands for an answer that did not come.
        """
        line = result.line().decode()
        place = store.place_of(result.position, result.repeat)
        score, ms = round(result.score, 6), round(result.milliseconds, 3)  # as in the line
        number = self._number_of(slices) if slices else 0
        # Numbers: the driver takes twice as long over truth values.
        flags = 1 if result.error else 0, int(result.alone), int(filled)
        self._waiting.append((place, score, ms, *flags, number, line))
        self._count += 1
        self._bytes += len(line)
        if self._bytes > _FLUSH_BYTES:
            self.flush()

    def flush(self, *, if_due: bool = False) -> None:
        """Hand what waits to the operating system, where our own death cannot lose it.

        Raises:
            SandboxError: there is no room for it.
        """
        if if_due and time.monotonic() - self._flushed < _FLUSH_SECONDS:
            return
        if self._waiting:
            with store.spoken(self.path):
                self._change(_ADD, self._waiting)
            self._waiting.clear()
            self._bytes = 0
        self._flushed = time.monotonic()

    def ungraded(self) -> Iterator[Result]:
        """Results with an answer that has no grade yet."""
        self.flush()
        return (Result.parse(line) for (line,) in self._rows(_UNGRADED))

    def grade(self, question: tuple[int, int], given: str) -> None:
        """Keep a grade at once, so that none is asked for twice."""
        with store.spoken(self.path):
            self._connection.execute("INSERT INTO grade VALUES (?, ?)", (store.place_of(*question), given))

    def score(self, worth: Mapping[str, float | int]) -> None:
        """Score each graded result by what its grade is worth."""
        self.flush()
        after = -1
        while rows := list(self._rows(_GRADED, after, _AT_ONCE)):
            changed = []
            for place, line, grade in rows:
                scored = replace(Result.parse(line), score=float(worth[grade.decode()]))
                changed.append((round(scored.score, 6), scored.line().decode(), place))
            with store.spoken(self.path):
                self._change("UPDATE result SET score = ?, line = ? WHERE place = ?", changed)
            after = rows[-1][0]

    def finish(self, turn: Callable[[], None] = lambda: None) -> Kept:
        """Find what is browsed by, sync everything, and say what the lines hash to.

        Leaves are hashed as in RFC 6962, section 2.1, over `Result.leaf`.

        Args:
            turn: called now and then; what it raises ends it.

        Raises:
            SandboxError: there is no room for it.
        """
        sha256, size = hashlib.sha256(), 0
        refused = array("q")

        def leaves() -> Iterator[bytes]:
            nonlocal size
            for number, line in enumerate(self.lines(), 1):
                sha256.update(line + b"\n")
                size += len(line) + 1
                result = Result.parse(line)
                if _refuses(result):
                    refused.append(store.place_of(result.position, result.repeat))
                if not number % _BETWEEN_TURNS:
                    turn()
                yield tree.leaf_hash(result.leaf())

        root = tree.root_of(leaves()).hex()
        with store.spoken(self.path):
            self._change("UPDATE result SET refused = 1 WHERE place = ?", zip(refused))
            self._connection.execute(store.INDEX)
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return Kept(f"results-{sha256.hexdigest()}.jsonl", sha256.hexdigest(), size, root, len(self))

    def _recover(self, identity: dict[str, Any]) -> dict[str, Any]:
        """What an earlier session said that the results belong to; this one's when there was none."""
        row = self._connection.execute("SELECT identity FROM run").fetchone()
        if row is None:
            self._connection.execute("INSERT INTO run VALUES (?)", (orjson.dumps(identity).decode(),))
            return identity
        told: dict[str, Any] = orjson.loads(row[0])
        if any(told.get(name) != identity[name] for name in ("solution", "suite", "attempt")):
            raise SandboxError(f"{self.path} has the results of another run. Give this run a folder of its own.")
        return told

    def _known_slices(self) -> dict[tuple[str, ...], int]:
        """The number of each set of slices."""
        found: dict[int, list[str]] = {}
        for number, name in self._connection.execute("SELECT number, name FROM slice ORDER BY name"):
            found.setdefault(number, []).append(name.decode())
        return {tuple(names): number for number, names in found.items()}

    def _number_of(self, slices: Mapping[str, str]) -> int:
        """The number of a set of slices; it is noted at once, before a result has it."""
        names = tuple(sorted(f"{kind}={value}" for kind, value in slices.items()))
        number = self._slices.get(names)
        if number is None:
            number = self._slices[names] = len(self._slices) + 1
            with store.spoken(self.path):
                self._change("INSERT INTO slice VALUES (?, ?)", [(number, name) for name in names])
        return number

    def _change(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """All rows or none."""
        self._connection.execute("BEGIN")
        try:
            self._connection.executemany(statement, rows)
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise

    def _rows(self, statement: str, *values: Any) -> Iterator[Any]:
        """Rows one at a time."""
        with store.spoken(self.path):
            yield from self._connection.execute(statement, values)

    def _one(self, statement: str) -> Any:
        """The only value."""
        return self._connection.execute(statement).fetchone()[0]


def keep(folder: Path, results: Iterable[Result]) -> Kept:
    """Put finished results into a folder, in place of those that are there."""
    (folder / store.FILE).unlink(missing_ok=True)
    with Journal(folder, {}) as journal:
        for result in results:
            journal.add(result)
        return journal.finish()


def _refuses(result: Result) -> bool:
    """Whether the reply refuses, as the refusal scorer's detector reads it in English, Estonian and Ukrainian."""
    from sild.sandbox.engine.scorers import refusals  # noqa: PLC0415 -- its model is loaded for texts alone

    return isinstance(result.output, str) and refusals.refuses(result.output)
