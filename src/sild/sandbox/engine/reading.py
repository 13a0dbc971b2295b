"""The results of a finished run, read again: all of them, or those that a page asks for."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import orjson

from sild.sandbox.engine import store
from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.engine.result import Result

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Which = Literal["wrong", "unanswered", "slow", "refused", "all"]
SLOWEST = 20
_WHERE: dict[Which, str] = {
    "all": "TRUE",
    "wrong": "score < 1",
    "unanswered": "failed",
    "slow": "TRUE",
    "refused": "refused",
}


def kept_lines(folder: Path, sha256: str) -> Iterator[bytes]:
    """The JSON lines of a finished run without their ends, after they were found to be those that the report names.

    Args:
        folder: of the run.
        sha256: over all lines, as the report has it.

    Raises:
        SandboxError: the file is gone, damaged, or was changed.
    """
    path = _checked(folder, sha256)
    return (line for (line,) in _rows(path, "SELECT line FROM result ORDER BY place"))


def kept_results(folder: Path, sha256: str) -> Iterator[Result]:
    """The results of a finished run, one at a time; see `kept_lines`."""
    return map(Result.parse, kept_lines(folder, sha256))


def found_results(folder: Path, sha256: str, which: Which = "all", part: str = "") -> Iterator[Result]:
    """Some of the results in the data's order; `slow` gives the slowest ones, the slowest first.

    Args:
        folder: of the run.
        sha256: as in `kept_lines`.
        which: those without a full score, without an answer, that refuse, the slowest, or all.
        part: only those of this slice, as in `language=et`.
    """
    path = _checked(folder, sha256)
    inside = " AND slices IN (SELECT number FROM slice WHERE name = ?)" if part else ""
    order = f"ms DESC, place LIMIT {SLOWEST}" if which == "slow" else "place"
    # The index has all that is asked for, so lines are read of those alone that are found.
    index = "SELECT place, ms FROM result INDEXED BY browse"
    chosen = f"{index} WHERE {_WHERE[which]}{inside} ORDER BY {order}"
    return _lines_at(path, chosen, (part,) if part else ())


def slices(folder: Path, sha256: str) -> list[str]:
    """The slices that samples of the run belong to, as in `language=et`."""
    path = _checked(folder, sha256)
    return [name.decode() for (name,) in _rows(path, "SELECT DISTINCT name FROM slice ORDER BY name")]


def _lines_at(path: Path, chosen: str, values: tuple[str, ...]) -> Iterator[Result]:
    """The results at the places that a query gives."""
    with store.spoken(path), closing(store.read(path)) as connection:
        for place, _ms in connection.execute(chosen, values):
            [line] = connection.execute("SELECT line FROM result WHERE place = ?", (place,)).fetchone()
            yield Result.parse(line)


def _rows(path: Path, statement: str) -> Iterator[Any]:
    """Rows one at a time."""
    with store.spoken(path), closing(store.read(path)) as connection:
        yield from connection.execute(statement)


def _checked(folder: Path, sha256: str) -> Path:
    """The file, which holds what the report names."""
    path = folder / store.FILE
    try:
        told = path.stat()
    except FileNotFoundError as error:
        raise SandboxError(f"The results {path} are not on this machine.") from error
    _check(path, (told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns), sha256)
    return path


@lru_cache(maxsize=256)
def _check(path: Path, _state: tuple[int, ...], sha256: str) -> None:
    """Read everything once for each state of the file, so that pages need not.

    Raises:
        SandboxError: it is damaged or was changed.
    """
    hashed = hashlib.sha256()
    wrong = f"The results in {path.name} were changed after the run"
    try:
        with closing(store.read(path)) as connection:
            for line, score, ms, failed in connection.execute(
                "SELECT line, score, ms, failed FROM result ORDER BY place"
            ):
                hashed.update(line + b"\n")
                told = orjson.loads(line)
                if (told["score"], told["ms"], "error" in told) != (score, ms, bool(failed)):
                    raise SandboxError(f"{wrong}: columns say something else than lines.")
    except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
        raise SandboxError(f"{wrong} or are damaged: {error}.") from error
    if hashed.hexdigest() != sha256:
        raise SandboxError(f"{wrong}: their SHA-256 is another one.")
