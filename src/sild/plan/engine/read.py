"""Reading a memorandum from YAML: every problem in one pass, each with line and column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from sild.plan.engine.consistency import contradictions
from sild.plan.engine.errors import MemorandumError, Problem
from sild.plan.engine.memorandum import Memorandum

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

SHIPPED = Path(__file__).parents[1] / "memoranda"
MAX_BYTES = 1024 * 1024
Place = tuple[str | int, ...]


def shipped() -> list[str]:
    """Names of the memoranda that come with Sild."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def read(name: str) -> Memorandum:
    """Read a shipped memorandum by name, or any by the path of its file.

    Raises:
        MemorandumError: there is no such file, or something is wrong with it.
    """
    path = SHIPPED / f"{name}.yaml" if name in shipped() else Path(name)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise MemorandumError(str(path), sentence=f"{path} is larger than {MAX_BYTES} bytes, too long to be read.")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MemorandumError(
            name,
            sentence=f"“{name}” is neither a memorandum that comes with Sild ({', '.join(shipped())}) "
            f"nor a readable file: {getattr(error, 'strerror', None) or error}.",
        ) from error
    return parse(text, path.name)


def parse(text: str, file: str) -> Memorandum:
    """Validate the text of a memorandum's file; `file` is what errors call it.

    Raises:
        MemorandumError: with every problem and its place.
    """
    data = _load(text, file)
    problems = [_problem(data, place, sentence) for place, sentence in contradictions(data)]
    try:
        memorandum = Memorandum.model_validate(data)
    except ValidationError as error:
        found = [one for one in error.errors() if not _is_echo(one)]
        problems += [_problem(data, _place(data, _relevant(one["loc"])), _sentence(one)) for one in found]
        raise MemorandumError(file, list(dict.fromkeys(problems))) from error
    if problems:
        raise MemorandumError(file, problems)
    return memorandum


def _load(text: str, file: str) -> Any:
    """YAML 1.2 as nested mappings that remember where they stood."""
    try:
        return YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise MemorandumError(file, [Problem(line, column, f"This is not YAML: {error.problem}.")]) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise MemorandumError(file, [Problem(1, 1, f"This is not YAML: {error}.")]) from error


def _relevant(location: Place) -> Place:
    """Stop at a member of `where`: below it pydantic tells of each form that the value might have had."""
    return location[: location.index("where") + 2] if "where" in location else location


def _place(data: Any, location: Sequence[str | int]) -> Place:
    """The part of a pydantic location that stands in the file: names of union members and `[key]` do not."""
    place: list[str | int] = []
    for part in location:
        if _has(data, part):
            data = data[part]
            place.append(part)
    return tuple(place)


def _has(data: Any, part: str | int) -> bool:
    """True when the file has that member or item."""
    if isinstance(data, Mapping):
        return part in data
    return isinstance(data, list) and isinstance(part, int) and part < len(data)


def _problem(data: Any, place: Place, sentence: str) -> Problem:
    """A problem at the last part of the place that has a position of its own."""
    line, column = 0, 0
    for part in place:
        line, column = _position(data, part) or (line, column)
        data = data[part]
    return Problem(line + 1, column + 1, f"{_dotted(place)}: {sentence}" if place else sentence)


def _position(container: Any, part: str | int) -> tuple[int, int] | None:
    """Line and column of a member or item, from 0; None for one that was merged in from elsewhere."""
    try:
        position: tuple[int, int] | None = (
            container.lc.key(part) if isinstance(container, CommentedMap) else container.lc.item(part)
        )
    except KeyError:
        return None
    return position


def _dotted(place: Place) -> str:
    """A place as people write it: `commitments[2].due`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")


def _is_echo(error: ErrorDetails) -> bool:
    """True when a list is called too short only because its items are wrong, which is told already."""
    return error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"]


def _sentence(error: ErrorDetails) -> str:
    """What pydantic found, as a sentence that says what to do."""
    name = error["loc"][-1] if error["loc"] else "the file"
    if "where" in error["loc"]:
        return "give the value that it must have (text, number, true or false), or {min: NUMBER}."
    if error["type"].startswith("date"):
        return "write a date as YYYY-MM-DD."
    own = {
        "missing": f"“{name}” is missing; add it.",
        "extra_forbidden": f"“{name}” is not known here; remove it or correct its spelling.",
        "model_type": "a mapping with names and values is expected here.",
        "dict_type": "a mapping with names and values is expected here.",
        "string_pattern_mismatch": f"“{error['input']}” has not the form {error.get('ctx', {}).get('pattern')}.",
    }
    return own.get(error["type"]) or f"{error['msg'][:1].lower()}{error['msg'][1:]}."
