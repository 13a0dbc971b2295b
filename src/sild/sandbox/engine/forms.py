"""Descriptions in YAML, read so that every flaw names its file, line and column, and all flaws come at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarstring import LiteralScalarString

from sild.sandbox.engine.errors import Flaw, FormError

if TYPE_CHECKING:
    from pathlib import Path

LANGUAGES = frozenset({"en", "et", "uk"})
MAX_BYTES = 1024 * 1024

F = TypeVar("F", bound=BaseModel)


class Form(BaseModel):
    """Base of all forms: members that are not known are flaws, types are not guessed."""

    model_config = ConfigDict(extra="forbid", defer_build=True, frozen=True, strict=True)


def _texts(value: dict[str, str]) -> dict[str, str]:
    """Check a text in several languages."""
    unknown = sorted(set(value) - LANGUAGES)
    if unknown:
        raise ValueError(f"the languages are en, et and uk, not {', '.join(unknown)}")
    if not any(text.strip() for text in value.values()):
        raise ValueError("give the text in at least one of en, et and uk")
    return value


Text = Annotated[dict[str, Annotated[str, Field(max_length=5000)]], AfterValidator(_texts)]
Name = Annotated[
    str,
    Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="lower-case letters, digits and hyphens, as in `analyst`"),
]
Version = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,39}$", description="as in 1.0.2")]


def read(path: Path, form: type[F], *, name: str = "") -> F:
    """Read a file as a form.

    Args:
        path: the file.
        form: what it must be.
        name: what the file is called in messages; its own name by default.

    Raises:
        FormError: every flaw in it, each with line and column.
    """
    name = name or path.name
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FormError([Flaw(name, 0, 0, "", f"the file cannot be read: {error.strerror}")]) from error
    return parse(data, form, name=name)


def parse(data: bytes, form: type[F], *, name: str) -> F:
    """Parse bytes as a form; see `read`."""
    content = _load(data, name)
    try:
        return form.model_validate(_plain(content))
    except ValidationError as error:
        raise FormError([_flaw(name, content, found) for found in error.errors(include_url=False)]) from error


def content(data: bytes, name: str) -> tuple[CommentedMap, Any]:
    """What stands in a file of another's making: with the places of its nodes for `place`, and as plain values.

    Raises:
        FormError: it is not YAML.
    """
    loaded = _load(data, name)
    return loaded, _plain(loaded)


def _load(data: bytes, name: str) -> CommentedMap:
    """YAML with the places of its nodes."""
    if len(data) > MAX_BYTES:
        raise FormError(
            [Flaw(name, 0, 0, "", f"the file is larger than {MAX_BYTES} bytes; put long data into a JSONL file")]
        )
    try:
        content = YAML(typ="rt").load(data.decode())
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise FormError([Flaw(name, line, 1, "", "this line is not UTF-8")]) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise FormError([Flaw(name, line, column, "", f"this is not YAML: {error.problem}")]) from error
    except (YAMLError, RecursionError, ValueError) as error:
        raise FormError([Flaw(name, 0, 0, "", f"this is not YAML: {error}")]) from error
    if not isinstance(content, CommentedMap):
        raise FormError([Flaw(name, 1, 1, "", "the file holds no members; it starts with a line like “name: …”")])
    return content


def _plain(node: Any, depth: int = 0) -> Any:
    """The node without YAML's own types; an alias within itself ends as a flaw, not as a loop."""
    if depth > 20:  # noqa: PLR2004 -- no form is that deep
        return None
    if isinstance(node, CommentedMap):
        return {str(key): _plain(value, depth + 1) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value, depth + 1) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node if node is None else str(node)


def _flaw(name: str, content: CommentedMap, found: Any) -> Flaw:
    """One of pydantic's findings, with its place in the file."""
    location: tuple[Any, ...] = found["loc"]
    line, column = place(content, location)
    message = found["msg"].removeprefix("Value error, ")
    if found["type"] == "extra_forbidden":
        message = "there is no such member; remove it or check its spelling"
    elif found["type"] == "missing":
        message = "this member is missing"
    return Flaw(name, line, column, ".".join(map(str, location)), message)


def place(content: Any, location: tuple[Any, ...]) -> tuple[int, int]:
    """Line and column, from 1, of the deepest node on the way that is in the file."""
    line, column, node = 1, 1, content
    for step in location:
        try:
            if isinstance(node, CommentedMap):
                line, column = (number + 1 for number in node.lc.key(step))
            elif isinstance(node, CommentedSeq):
                line, column = (number + 1 for number in node.lc.item(step))
            else:
                break
            node = node[step]
        except (KeyError, IndexError, TypeError, AttributeError):
            break
    return line, column


def member(data: bytes, name: str, form: type[F]) -> F | None:
    """A member of a file as a form, whatever is wrong elsewhere in the file; None when it is wrong or not there."""
    try:
        return form.model_validate(_plain(_load(data, "")).get(name))
    except (FormError, ValidationError):
        return None


def line_in(data: bytes, location: tuple[str, ...], offset: int) -> int:
    """The file's line, from 1, of a line of a text in it, from 0; the text's first line where it is not a block."""
    content = node = _load(data, "")
    line, _column = place(content, location)
    for step in location:
        node = node[step]
    return line + 1 + offset if isinstance(node, LiteralScalarString) else line
