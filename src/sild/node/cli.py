"""The `sild` command: one entry, each module adds its own part."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from rich.console import Console

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Sild: turns a memorandum between governments into working projects.",
)
console = Console(highlight=False)

# The words that modules bring and where their commands stand; a module is imported only when its word is typed.
GROUPS = {
    "partner": ("sild.exchange.cli", "partner_app"),
    "bundle": ("sild.exchange.cli", "bundle_app"),
    "record": ("sild.exchange.cli", "record_app"),
    "log": ("sild.exchange.log_cli", "log_app"),
    "trust": ("sild.exchange.trust_cli", "trust_app"),
    "agency": ("sild.people.cli", "agency_app"),
    "person": ("sild.people.cli", "person_app"),
    "token": ("sild.people.cli", "token_app"),
    "plan": ("sild.plan.cli", "app"),
    "sandbox": ("sild.sandbox.cli", "app"),
    "analyst": ("sild.analyst.cli", "app"),
    "threats": ("sild.threats.cli", "app"),
}
# Words that are one command each.
COMMANDS = dict.fromkeys(("sign", "verify", "seal", "open"), "sild.exchange.document_cli")
COMMANDS |= dict.fromkeys(("backup", "restore"), "sild.node.backup_cli")
# Commands that need nothing of Django, and commands that work before there is a node.
WITHOUT_DJANGO = (
    ["init"],
    ["doctor"],
    ["demo"],
    ["record", "verify"],
    ["verify"],
    ["restore"],
    ["sandbox", "evidence", "verify"],
    ["sandbox", "check-sample"],
)
WITHOUT_NODE = tuple(["analyst", word] for word in ("solution", "suite", "card", "train", "corpus"))

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.command()
def init(
    node: Annotated[str, typer.Option(help="The node's id, as in tallinn.")],
    title: Annotated[str, typer.Option(help="The name that people see.")] = "",
    pages: Annotated[str, typer.Option(help="host:port of the pages.")] = "127.0.0.1:8000",
    exchange: Annotated[str, typer.Option(help="host:port where partners connect.")] = "127.0.0.1:8443",
    root_token: Annotated[str, typer.Option(help="PKCS#11 URI for the root's Ed25519 key.")] = "",
    log_token: Annotated[str, typer.Option(help="PKCS#11 URI for the log's Ed25519 key.")] = "",
) -> None:
    """Make a node in SILD_HOME: keys, settings and database."""
    from sild.node import config, home

    tokens = {"root": root_token, "log": log_token}
    keys = home.create(config.load().home, node, title=title, pages=pages, exchange=exchange, tokens=tokens)
    _boot()
    _migrate()
    console.print(f"Made the node {node} in {config.load().home}.")
    console.print(f"Its fingerprint is [bold]{keys.fingerprint}[/bold]. Start it with: sild up")


@app.command()
def up() -> None:
    """Run the node: web, worker and exchange, until Ctrl-C."""
    from django.conf import settings

    from sild.exchange import keys
    from sild.node import supervise
    from sild.people.actor import Actor
    from sild.trust import selftest

    selftest.require()
    _migrate()
    keys.forget(Actor.operator())
    keys.announce(Actor.operator())
    console.print(
        f"{settings.CONFIG.title}: pages on http://{settings.CONFIG.pages}, partners on {settings.CONFIG.partner_url}"
    )
    supervise.up(settings.CONFIG.home)


@app.command()
def migrate() -> None:
    """Bring the database's tables to this version; `sild up` does it by itself."""
    _migrate()


@app.command()
def status(as_json: Json = False) -> None:
    """Say who this node is, whether it runs, and how it stands with its partners."""
    from django.conf import settings

    from sild.exchange import evidence, log
    from sild.exchange.models import Partner, Record
    from sild.node import supervise
    from sild.trust.spoken import LANGUAGES, say

    fingerprint = evidence.own_identity().fingerprint
    checkpoint = log.latest()
    facts: dict[str, Any] = {
        "node": settings.CONFIG.node,
        "fingerprint": fingerprint,
        "words": {language: say(fingerprint, language) for language in LANGUAGES},
        "running": supervise.is_running(settings.CONFIG.home),
        "pages": f"http://{settings.CONFIG.pages}",
        "exchange": settings.CONFIG.partner_url,
        "log_size": checkpoint.size if checkpoint else 0,
        "records": Record.objects.count(),
        "partners": {partner.node: partner.state for partner in Partner.objects.all()},
    }
    if as_json:
        console.print_json(json.dumps(facts))
        return
    words = facts.pop("words")
    for language in LANGUAGES:
        facts[f"in words {language}"] = words[language]
    for name, value in facts.items():
        console.print(f"{name.replace('_', ' '):<12} {value}")


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what this host offers, what is missing and how to get it. Status 1 when something is."""
    from sild.node import config
    from sild.node.doctor import examine

    current = config.load()
    if current.is_initialised:
        _boot()
    findings = []
    for finding in examine(current):
        findings.append(finding)
        if not as_json:
            mark = "[green]ok[/green]     " if finding.ok else "[red]missing[/red]"
            console.print(f"{mark} {finding.name}: {finding.detail}{'' if finding.ok else ' ' + finding.mend}")
    if as_json:
        console.print_json(
            json.dumps([{"name": f.name, "ok": f.ok, "detail": f.detail, "mend": f.mend} for f in findings])
        )
    if not all(finding.ok for finding in findings):
        raise SystemExit(1)


@app.command()
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End with status 0 after the story instead of serving on.")
    ] = False,
) -> None:
    """Play the whole story with two nodes on this machine."""
    from sild.node.demo import play

    play(once=once)


def main() -> None:
    """Run the command line; what goes wrong is a sentence, or one for each flaw, and status 1, never a traceback."""
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    _add_words(words[0] if words else "")
    try:
        if words and "--help" not in sys.argv and not _is_one_of(WITHOUT_DJANGO, words):
            _boot()
            if not _is_one_of(WITHOUT_NODE, words):
                _require_node()
        app()
    except Exception as error:
        if os.environ.get("SILD_TRACEBACK"):
            raise
        typer.secho(_sentence(error), fg=typer.colors.RED, err=True)
        raise SystemExit(1) from error


def _add_words(typed: str) -> None:
    """Let the modules bring their words: the one that was typed, or all of them when the list is wanted."""
    for name, (module, attribute) in GROUPS.items():
        if typed in {name, ""}:
            app.add_typer(getattr(import_module(module), attribute), name=name)
    for name, module in COMMANDS.items():
        if typed in {name, ""}:
            app.command(name)(getattr(import_module(module), f"{name}_command"))


def _is_one_of(commands: tuple[list[str], ...], words: list[str]) -> bool:
    """Tell whether the words begin with one of these commands."""
    return any(words[: len(some)] == some for some in commands)


def _sentence(error: Exception) -> str:
    """What to tell a person of an error."""
    if hasattr(error, "code") and not isinstance(error, OSError):
        return str(error)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}."
    what = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".")
    return f"Sild failed where it should not: {what}. With SILD_TRACEBACK=1 it shows where."


def _boot() -> None:
    """Start Django with the node's settings."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sild.node.settings")
    django.setup()


def _migrate() -> None:
    """Apply what migrations wait."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def _require_node() -> None:
    """Refuse with a sentence when there is no node in SILD_HOME."""
    from django.conf import settings

    from sild.node.config import ConfigError

    if not settings.CONFIG.is_initialised:
        raise ConfigError(f"There is no node in {settings.CONFIG.home}. Make one: sild init --node NAME")


if __name__ == "__main__":
    main()
