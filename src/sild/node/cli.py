"""The `sild` command: one entry, each module adds its own part."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import django
import typer
from rich.console import Console

from sild.people.errors import PeopleError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

# Command groups that modules bring, by the word that a person types; imported only when that word is typed.
GROUPS: dict[str, str] = {}
# Commands that work before, or without, a node.
WITHOUT_NODE = {"init", "doctor", "demo"}


def boot() -> None:
    """Start Django with the node's settings, once."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sild.node.settings")
    django.setup()


def main() -> None:
    """Run the command line; an error that a person can mend is one line and status 1."""
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    if words and words[0] in GROUPS:
        app.add_typer(import_module(GROUPS[words[0]]).app, name=words[0])
    if words and words[0] not in WITHOUT_NODE and "--help" not in sys.argv:
        boot()
    try:
        app()
    except PeopleError as error:
        Console(stderr=True).print(f"[red]{error}[/red]", highlight=False)
        raise SystemExit(1) from error
