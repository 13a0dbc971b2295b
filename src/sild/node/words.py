"""The words that modules bring to the command line: a module is imported only when one of its words is typed.

What each word is for stands here a second time, so that the list of words, and completion, need no module either.
"""

from __future__ import annotations

from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from typer.core import TyperGroup

from sild.language import gettext as _
from sild.node import start
from sild.node.usage import Command, speak, spoken_help, write_usage

if TYPE_CHECKING:
    from collections.abc import Callable


class Word(NamedTuple):
    """Where the commands of a word are.

    Attributes:
        module: imported when the word is typed.
        attribute: a Typer app, or the function of a word that is one command.
        help: what the app's or the function's own help says.
    """

    module: str
    attribute: str
    help: str


# Words that are one command each, then groups of commands.
WORDS = {
    "sign": Word(
        "sild.exchange.document_cli",
        "sign_command",
        "Sign a file in this node's name; the signature stands in a file of its own.",
    ),
    "verify": Word(
        "sild.exchange.document_cli",
        "verify_command",
        "Verify a file and its signature, or a record: no node and no network needed. "
        "Status 1 when it does not verify.",
    ),
    "seal": Word(
        "sild.exchange.document_cli",
        "seal_command",
        "Sign a file and seal it for some nodes; nobody else can open it.",
    ),
    "open": Word(
        "sild.exchange.document_cli",
        "open_command",
        "Open a file that was sealed for this node; nothing is written unless its signature verifies.",
    ),
    "backup": Word(
        "sild.node.backup_cli",
        "backup_command",
        "Back up this node while it runs: database, log and files; its keys are sealed apart.",
    ),
    "restore": Word(
        "sild.node.backup_cli",
        "restore_command",
        "Restore a backup into an empty SILD_HOME; every byte is verified first, and nothing is half restored.",
    ),
    "partner": Word("sild.exchange.cli", "partner_app", "Partners: add one, compare fingerprints, pin it."),
    "bundle": Word("sild.exchange.cli", "bundle_app", "Bundles: carry records by hand when there is no network."),
    "record": Word("sild.exchange.cli", "record_app", "Records: publish, list, show, verify."),
    "log": Word(
        "sild.exchange.log_cli", "log_app", "This node's log: how it stands, and what to do when it went back."
    ),
    "trust": Word("sild.exchange.trust_cli", "trust_app", "This node's keys: show, rotate, revoke."),
    "agency": Word("sild.people.cli", "agency_app", "Agencies on this node."),
    "person": Word("sild.people.cli", "person_app", "People who sign in."),
    "token": Word("sild.people.cli", "token_app", "Tokens with which machines act for an agency."),
    "plan": Word("sild.plan.cli", "app", "The action plan: load a memorandum, show it, claim, assess."),
    "sandbox": Word("sild.sandbox.cli", "app", "AI solutions: register them, test them in isolation, publish reports."),
    "analyst": Word("sild.analyst.cli", "app", "The analyst: reads threat reports, shares what it finds."),
    "threats": Word("sild.threats.cli", "app", "Threat information: import, export, search, ask, write, share."),
}
# Commands of modules that need nothing of Django, and commands that work before there is a node.
WITHOUT_DJANGO = ("record verify", "verify", "restore", "sandbox evidence verify", "sandbox check-sample")
WITHOUT_NODE = tuple(f"analyst {word}" for word in ("solution", "suite", "card", "train", "corpus"))


class Group(TyperGroup):
    """A group that comes to its commands without pydantic, and whose help is plain text: Rich is a third of a start."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Each command with all that its help says; Click would cut it off at the end of a line."""
        shown = ((name, self.commands[name]) for name in self.list_commands(ctx))
        rows = [(name, " ".join((command.help or "").split())) for name, command in shown if not command.hidden]
        with formatter.section(_("Commands")):
            formatter.write_dl(rows)

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """The line that says how it is typed."""
        write_usage(self, ctx, formatter)

    def get_help_option(self, ctx: Any) -> Any:
        """`--help`."""
        return spoken_help(super().get_help_option(ctx))


class Words(Group):
    """The node's own commands and the words of modules; to list a word does not import its module."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, word in WORDS.items():
            self.add_command(Command(name, help=word.help))
        speak(self, "node")

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that was typed, with its module."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, loaded(name) if name in WORDS else command, rest


def loaded(name: str) -> Any:
    """The command, or group of commands, of a word; each starts Django by itself when it runs and needs it."""
    found = getattr(import_module(WORDS[name].module), WORDS[name].attribute)
    if isinstance(found, typer.Typer):
        _use_group(found)
        command: Any = typer.main.get_group(found)
    else:
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        single.command(name, cls=Command)(found)
        command = typer.main.get_command(single)
    command.name = name
    speak(command, WORDS[name].module.split(".")[1])
    _start_django(command, name)
    return command


def _use_group(app: typer.Typer) -> None:
    """Let an app, and each within it, be a `Group`."""
    app.info.cls, app.rich_markup_mode = Group, None
    use_commands(app)
    for one in app.registered_groups:
        if one.typer_instance is not None:
            _use_group(one.typer_instance)


def use_commands(app: typer.Typer) -> None:
    """Let the commands of an app be a `Command`."""
    for one in app.registered_commands:
        one.cls = Command


def _start_django(command: Any, words: str) -> None:
    """Let a command, or each of a group, start Django before it runs."""
    for name, one in getattr(command, "commands", {}).items():
        _start_django(one, f"{words} {name}")
    if not hasattr(command, "commands") and not words.startswith(WITHOUT_DJANGO):
        command.callback = _started(command.callback, with_node=not words.startswith(WITHOUT_NODE))
    elif not hasattr(command, "commands"):
        command.callback = _spoken(command.callback)


def _spoken(callback: Callable[..., Any]) -> Callable[..., Any]:
    """The function of a command that starts no Django, told whether machines read what it prints."""

    @wraps(callback)
    def run(*arguments: Any, **options: Any) -> Any:
        start.speak(for_machines=bool(options.get("as_json")))
        return callback(*arguments, **options)

    return run


def _started(callback: Callable[..., Any], *, with_node: bool) -> Callable[..., Any]:
    """The function of a command, after Django's start."""

    @wraps(callback)
    def run(*arguments: Any, **options: Any) -> Any:
        begin = start.node if with_node else start.django
        begin(for_machines=bool(options.get("as_json")))
        return callback(*arguments, **options)

    return run
