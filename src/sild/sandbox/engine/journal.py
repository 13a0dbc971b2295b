"""Results of a run on disk: a journal that survives being killed, then one file named by its content."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

import orjson
import rfc8785

from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.engine.packed import Packed
from sild.trust import tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

JOURNAL = "journal.jsonl"
_FLUSH_SECONDS = 0.25
_FLUSH_BYTES = 256 * 1024
_SALT_BYTES = 12  # 96 bits: what was left out cannot be guessed, even a code of ten digits


def _salt() -> str:
    """A salt for one sample's output."""
    return secrets.token_urlsafe(_SALT_BYTES)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one sample.

    Attributes:
        position: of the sample in the suite's data.
        sample: its id.
        output: as the solution gave it; None without an answer.
        error: why there is no output; empty when there is one.
        score: from 0 to 1.
        milliseconds: from asking to answering; 0 without an answer.
        alone: whether no other question was in flight.
        repeat: which time the sample was asked, from 0.
        salt: of the output's digest, so that an output that is not shown cannot be guessed from it.
    """

    position: int
    sample: str
    output: Any
    error: str
    score: float
    milliseconds: float
    alone: bool
    repeat: int = 0
    salt: str = field(default_factory=_salt, compare=False)

    def line(self) -> bytes:
        """The result as it is stored; members in order, what is empty left out."""
        return self._dump({"error": self.error} if self.error else {"output": self.output, "salt": self.salt})

    def leaf(self) -> bytes:
        """What the tree is over and a proof shows: the line with the output's salted digest instead of the output.

        So a sample can be proved with its score while its output stays where it is, and the output later.
        """
        digest = None if self.error else digest_of(self.output, self.salt)
        return self._dump({"error": self.error} if self.error else {"digest": digest})

    def _dump(self, middle: dict[str, Any]) -> bytes:
        """The members that line and leaf share, around those that they do not."""
        told: dict[str, Any] = {"at": self.position, "id": self.sample}
        told |= {"repeat": self.repeat} if self.repeat else {}
        told |= middle
        told |= {"score": round(self.score, 6), "ms": round(self.milliseconds, 3)}
        return orjson.dumps(told | ({"alone": True} if self.alone else {}))

    @classmethod
    def parse(cls, line: bytes) -> Result:
        """Read a stored line."""
        told = orjson.loads(line)
        return cls(
            position=told["at"],
            sample=told["id"],
            output=told.get("output"),
            error=told.get("error", ""),
            score=told["score"],
            milliseconds=told["ms"],
            alone=told.get("alone", False),
            repeat=told.get("repeat", 0),
            salt=told.get("salt", ""),
        )


def digest_of(output: Any, salt: str) -> str:
    """SHA-256 in hex over the salt and the output in canonical JSON (RFC 8785)."""
    # For a text, orjson writes the same bytes in a twentieth of the time.
    canonical = orjson.dumps(output) if isinstance(output, str) else rfc8785.dumps(output)
    return hashlib.sha256(salt.encode() + canonical).hexdigest()


class Results(Packed[Result]):
    """Results of a run, each as the line that is stored."""

    def __init__(self, results: Iterable[Result] = ()) -> None:
        super().__init__(Result.parse)
        for result in results:
            self.append(result)

    def append(self, result: Result) -> None:
        """Keep one more."""
        self.add(result.line())


class Journal:
    """The results of an unfinished run, appended; a line that was cut off by a crash is dropped and asked again."""

    def __init__(self, folder: Path, identity: dict[str, Any]) -> None:
        """Open the folder's journal, or begin one.

        Args:
            folder: of the run.
            identity: what the results belong to: solution, suite, attempt, start.

        Raises:
            SandboxError: the folder holds the journal of another run.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / JOURNAL
        self.results = Results()
        self.identity = identity
        whole = self._recover()
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.truncate(self.path, whole)
        if not whole:
            os.write(self._descriptor, orjson.dumps(identity) + b"\n")
        self._waiting: list[bytes] = []
        self._flushed = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()
        os.fsync(self._descriptor)
        os.close(self._descriptor)

    def add(self, result: Result) -> None:
        """Keep a result; it is on disk at the next `flush`."""
        line = result.line()
        self.results.add(line)
        self._waiting.append(line + b"\n")

    def flush(self, *, if_due: bool = False) -> None:
        """Hand what waits to the operating system, where our own death cannot lose it."""
        if if_due and time.monotonic() - self._flushed < _FLUSH_SECONDS:
            return
        if self._waiting:
            os.write(self._descriptor, b"".join(self._waiting))
            self._waiting.clear()
        self._flushed = time.monotonic()

    def _recover(self) -> int:
        """Read what an earlier session kept; the number of bytes that are whole lines."""
        data = self.path.read_bytes() if self.path.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]
        if not whole:
            return 0
        first, _end, rest = whole.partition(b"\n")
        told = orjson.loads(first)
        if any(told.get(name) != self.identity[name] for name in ("solution", "suite", "attempt")):
            raise SandboxError(f"{self.path} is the journal of another run. Give this run a folder of its own.")
        self.identity = told
        for line in rest.splitlines():
            self.results.add(line)
        return len(whole)


@dataclass(frozen=True, slots=True)
class Kept:
    """The finished results: file, SHA-256, size, and the root of the Merkle tree over the results' leaves."""

    file: str
    sha256: str
    size: int
    root: str
    leaves: int


def keep(folder: Path, results: Iterable[Result]) -> Kept:
    """Write the results in the order of the suite's data into a file named by its SHA-256.

    Leaves are hashed as in RFC 6962, section 2.1, over `Result.leaf`.
    """
    ordered = in_order(results)
    sha256, size = hashlib.sha256(), 0
    temporary = folder / "results.new"
    with temporary.open("wb") as file:
        for line in ordered.lines():
            size += file.write(line + b"\n")
            sha256.update(line + b"\n")
        file.flush()
        os.fsync(file.fileno())
    path = folder / f"results-{sha256.hexdigest()}.jsonl"
    temporary.replace(path)
    root = tree.root_of(tree.leaf_hash(result.leaf()) for result in ordered)
    return Kept(path.name, sha256.hexdigest(), size, root.hex(), len(ordered))


def in_order(results: Iterable[Result]) -> Packed[Result]:
    """Results in the order of the suite's data, the repeats of a sample together."""
    packed = results if isinstance(results, Packed) else Results(results)
    keys = [result.position << 32 | result.repeat for result in packed]
    if all(map(int.__le__, keys, islice(keys, 1, None))):
        return packed
    return packed.reordered(sorted(range(len(keys)), key=keys.__getitem__))


def kept_results(folder: Path, sha256: str) -> Iterator[Result]:
    """The results of a finished run, one at a time, after the file was found to be the one that the report names.

    Raises:
        SandboxError: the file is gone or was changed.
    """
    path = folder / f"results-{sha256}.jsonl"
    if not path.exists():
        raise SandboxError(f"The results {path.name} are not on this machine.")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise SandboxError(f"The results {path.name} were changed after the run: their SHA-256 is another one.")
    return map(Result.parse, data.splitlines())
