"""What the commands of all modules share: options that mean the same everywhere, and how they answer.

`say` answers for a terminal: sentences wrapped at its width, JSON indented and coloured. `say_plainly` answers with the
sentence as it stands, JSON on one line. What a partner named is never read as Rich's markup. Rich is a third of a
start: it is imported to print.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sild.language import cell, heading, word
from sild.language import gettext as _

if TYPE_CHECKING:
    from collections.abc import Collection

    from sild.exchange.gate import Audience

_TO = typer.Option(help="Node that it is for, “partners” or “public”; may be repeated.")
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
To = Annotated[list[str], _TO]
OptionalTo = Annotated[list[str] | None, _TO]
Tlp = Annotated[str, typer.Option(help="CLEAR, GREEN, AMBER, AMBER+STRICT or RED; what is RED never leaves the node.")]


def audience(to: list[str] | None) -> Audience:
    """What was given with `--to`, as the gate takes it: node ids, or one of its two words.

    Raises:
        typer.BadParameter: one of the two words stands beside others.
    """
    words = [one for one in to or () if one in {"partners", "public"}]
    if words and to != words[:1]:
        raise typer.BadParameter(_("After --to “%(word)s” stands alone. Leave the others out.") % {"word": words[0]})
    return words[0] if words else to or []


def say(facts: Any, sentence: str, *, as_json: bool, wrap: bool = True) -> None:
    """Answer for a terminal, on standard output.

    Args:
        facts: what machines get; anything that JSON has.
        sentence: what people get, in the terminal's language.
        as_json: whether `--json` was typed.
        wrap: False where names of files would be cut in two at the line's end.
    """
    from rich.console import Console

    console = Console(highlight=False, markup=False, soft_wrap=not wrap)
    if as_json:
        console.print_json(json.dumps(facts))
    else:
        console.print(sentence)


def say_plainly(facts: Any, sentence: str, *, as_json: bool) -> None:
    """Answer with a line of JSON or with the sentence as it stands."""
    typer.echo(json.dumps(facts, ensure_ascii=False) if as_json else sentence)


def table(
    rows: list[dict[str, Any]], *, as_json: bool, coded: Collection[str] = (), none: str = "", plainly: bool = False
) -> None:
    """Answer with a table for people, or with a list of objects for machines.

    Args:
        rows: each with the same members, which head the columns.
        as_json: whether `--json` was typed.
        coded: members whose values are codes, as in `pinned`, that people get in words.
        none: what people get when there are no rows; by default that there are none yet.
        plainly: JSON on one line.
    """
    if as_json or not rows:
        answer = say_plainly if plainly else say
        answer(rows, none or _("There are none yet."), as_json=as_json)
        return
    from rich.console import Console
    from rich.table import Table

    shown = Table(*map(heading, rows[0]))
    for row in rows:
        shown.add_row(*(word(value) if name in coded else cell(value) for name, value in row.items()))
    Console(highlight=False, markup=False).print(shown)
