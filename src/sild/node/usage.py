"""Help and mistyped commands in the terminal's language; Typer has its own words in English alone."""

from __future__ import annotations

import gettext as standard
import os
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand

from sild.language import ENGLISH, Sentences, gettext_noops, open_catalogue, spoken
from sild.language import gettext as _

# What Typer asks gettext for.
SAID_BY_TYPER = gettext_noops("Arguments", "Options", "Commands", "default: {default}", "required", "Missing command.")
IN_TABLES = gettext_noops("yes", "no")
# What it says of a mistake without asking.
MISTAKES = Sentences(
    *gettext_noops(
        "No such command %(name)s. Did you mean %(others)s?",
        "No such command %(name)s.",
        "No such option: %(name)s (Possible options: %(others)s)",
        "No such option: %(name)s",
        "Missing argument %(name)s.",
        "Missing option %(name)s.",
        "Option %(name)s requires an argument.",
        "Option %(name)s does not take a value.",
        "Got unexpected extra argument(s) (%(names)s)",
        "Invalid value for %(name)s: %(why)s",
        "Invalid value: %(why)s",
        "Input should be a valid integer, unable to parse string as an integer",
        "Input should be a valid number, unable to parse string as a number",
        "Input should be greater than or equal to %(number)s",
        "Input should be less than or equal to %(number)s",
        "Value error, %(name)s is not one of %(others)s.",
        "file %(name)s does not exist.",
        "path %(name)s does not exist.",
        "dir %(name)s does not exist.",
        "file %(name)s is a directory.",
    )
)


class Command(TyperCommand):
    """A command whose usage line and whose own option are in the terminal's language."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """The line that says how it is typed."""
        write_usage(self, ctx, formatter)

    def get_help_option(self, ctx: Any) -> Any:
        """`--help`."""
        return spoken_help(super().get_help_option(ctx))


def write_usage(command: Any, ctx: Any, formatter: Any) -> None:
    """The line that says how a command is typed."""
    pieces = [_("[OPTIONS]") if one == "[OPTIONS]" else one for one in command.collect_usage_pieces(ctx)]
    shown = [_("COMMAND [ARGS]...") if one == "COMMAND [ARGS]..." else one for one in pieces]
    formatter.write_usage(ctx.command_path, " ".join(shown), prefix=_("Usage: "))


def spoken_help(option: Any) -> Any:
    """`--help`, False when it is not typed: Typer lets pydantic convert None, and its import is half of a start."""
    if option is not None:
        option.default, option.help = False, _("Show this message and exit.")
    return option


def speak(command: Any, module: str) -> None:
    """Let a command, and each of a group, say what it and what its parameters are for in the terminal's language.

    Args:
        command: as Typer made it, in English.
        module: whose catalogue has the words, as in `sandbox`.
    """
    open_catalogue(module)
    if spoken() == ENGLISH:
        return
    for one in (command, *command.params):
        if english := getattr(one, "help", None):
            flush = " ".join(english.split())
            one.help = _(flush)
    for one in getattr(command, "commands", {}).values():
        speak(one, module)


def ask_us() -> None:
    """Let Typer's own words be looked up in the node's catalogue, by the way that gettext has for a program's words."""
    if spoken() != ENGLISH:
        os.environ["LANGUAGE"] = spoken()
        standard.bindtextdomain("django", Path(__file__).parent / "locale")
        standard.textdomain("django")


def show(error: typer.TyperException) -> int:
    """Say on standard error what was mistyped, and how the command is typed; returns the process's status."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":  # its message is the help
        typer.echo(error.format_message(), err=True)
        return error.exit_code
    if context is not None:
        typer.echo(context.get_usage(), err=True)
        typer.echo(_("Try '%(command)s' for help.") % {"command": f"{context.command_path} --help"} + "\n", err=True)
    typer.echo(_("Error: %(why)s") % {"why": told(error.format_message())}, err=True)
    return error.exit_code


def told(sentence: str) -> str:
    """What Typer says of a mistake, in the terminal's language; as it is when it is not known here."""
    return sentence if spoken() == ENGLISH else MISTAKES.told(sentence, _)
