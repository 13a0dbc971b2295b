"""What a solution is asked: the sample's input, a template with named fields, a chat with examples.

Templates know `{name}`, `{{` and `}}` and nothing else: no attributes, no indices, no conversions, no code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import Field, JsonValue, model_validator

from sild.sandbox.engine.forms import Form

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}\n]*)\}|[{}]")
_NAME = re.compile(r"[^\W\d]\w*")
Id = Annotated[str, Field(min_length=1, max_length=200)]


class Solver(Form):
    """How a solution is asked: `plain`, or as a `chat` with a system message and examples from named samples.

    `examples` are ids; these samples are shown with their targets, and not asked.
    """

    kind: Literal["plain", "chat"] = "plain"
    system: Annotated[str, Field(max_length=20000)] = ""
    examples: Annotated[list[Id], Field(max_length=100)] = []
    temperature: Annotated[float | int | None, Field(ge=0, le=2)] = None
    max_tokens: Annotated[int | None, Field(ge=1)] = None

    @model_validator(mode="after")
    def _only_chat(self) -> Self:
        """Refuse what a plain question has no place for."""
        if self.kind == "plain" and (self.system or self.examples or self.temperature is not None or self.max_tokens):
            raise ValueError("system, examples, temperature and max_tokens belong to the solver “chat”")
        return self


class TemplateError(ValueError):
    """A template is broken.

    Attributes:
        line: which of its lines, from 0.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was parsed: texts, and fields as (line, name)."""

    pieces: tuple[str | tuple[int, str], ...]

    @property
    def fields(self) -> frozenset[str]:
        """The names that it asks for."""
        return frozenset(piece[1] for piece in self.pieces if not isinstance(piece, str))

    def render(self, values: dict[str, JsonValue]) -> str:
        """The text; each of its fields has to be in `values`, and what they hold is never read as a template."""
        return "".join(piece if isinstance(piece, str) else as_text(values[piece[1]]) for piece in self.pieces)


def parse(text: str) -> Template:
    """Parse a template.

    Raises:
        TemplateError: a brace stands alone, or holds anything but a name.
    """
    pieces: list[str | tuple[int, str]] = []
    end = 0
    for found in _PIECE.finditer(text):
        line = text.count("\n", 0, found.start())
        pieces.append(text[end : found.start()])
        end = found.end()
        if found[0] in {"{{", "}}"}:
            pieces.append(found[0][0])
        elif found[1] is None:
            raise TemplateError(line, f"a “{found[0]}” stands alone; write it twice to mean the character")
        elif not _NAME.fullmatch(found[1]):
            raise TemplateError(line, f"“{found[0]}” is no field: only a name may stand in braces, as in {{question}}")
        else:
            pieces.append((line, found[1]))
    pieces.append(text[end:])
    return Template(tuple(piece for piece in pieces if piece))


def values(value: JsonValue) -> dict[str, JsonValue]:
    """The fields of a sample's input: an object's members, or the input itself under the name `input`."""
    return value if isinstance(value, dict) else {"input": value}


def question(template: Template | None, solver: Solver, value: JsonValue, shown: list[tuple[Any, Any]]) -> JsonValue:
    """What is asked for an input.

    Args:
        template: of the suite, if it has one.
        solver: of the suite.
        value: the sample's input.
        shown: inputs and targets of the examples.
    """
    if solver.kind == "plain":
        return template.render(values(value)) if template else value
    messages = [{"role": "system", "content": solver.system}] if solver.system else []
    for asked, target in shown:
        messages.append({"role": "user", "content": _content(template, asked)})
        messages.append({"role": "assistant", "content": reply(target)})
    messages.append({"role": "user", "content": _content(template, value)})
    request: dict[str, Any] = {"messages": messages}
    for name in ("temperature", "max_tokens"):
        if (told := getattr(solver, name)) is not None:
            request[name] = told
    return request


def reply(target: JsonValue) -> str:
    """A target as an assistant would have said it: a choice's letter, the first of several right answers, a text."""
    if isinstance(target, dict) and "right" in target:
        return as_text(target["right"])
    answers = target.get("answers") if isinstance(target, dict) else None
    if isinstance(answers, list) and answers:
        return as_text(answers[0])
    return as_text(target)


def as_text(value: JsonValue) -> str:
    """A text as it is, anything else as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _content(template: Template | None, value: JsonValue) -> str:
    """An input as a message."""
    return template.render(values(value)) if template else as_text(value)
