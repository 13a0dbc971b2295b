"""The node's own commands: make it, run it, look at it. Those of modules are joined to them by `words`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sild.exchange.terminal import Json, say
from sild.language import cell, gettext_noops, heading, word
from sild.language import gettext as _
from sild.node import start
from sild.node.words import Words

if TYPE_CHECKING:
    from sild.node.doctor import Finding

app = typer.Typer(
    cls=Words,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Sild: turns a memorandum between governments into working projects.",
)

HEADINGS = gettext_noops("node", "fingerprint", "is running", "pages", "exchange", "log size", "records", "partners")
STATES = gettext_noops("added", "pinned", "frozen")


@app.command()
def init(
    node: Annotated[str, typer.Option(help="The node's id, as in tallinn.")],
    title: Annotated[str, typer.Option(help="The name that people see.")] = "",
    pages: Annotated[str, typer.Option(help="host:port of the pages.")] = "127.0.0.1:8000",
    exchange: Annotated[str, typer.Option(help="host:port where partners connect.")] = "127.0.0.1:8443",
    root_token: Annotated[str, typer.Option(help="PKCS#11 URI for the root's Ed25519 key.")] = "",
    log_token: Annotated[str, typer.Option(help="PKCS#11 URI for the log's Ed25519 key.")] = "",
    as_json: Json = False,
) -> None:
    """Make a node in SILD_HOME: keys, settings and database."""
    from sild.node import config, home

    start.speak(for_machines=as_json)
    tokens = {"root": root_token, "log": log_token}
    here = config.load()
    keys = home.create(here.home, here.run, node, title=title, pages=pages, exchange=exchange, tokens=tokens)
    start.django(for_machines=as_json)
    start.migrate()
    made = _("Made the node %(node)s in %(home)s.") % {"node": node, "home": here.home}
    told = _("Its fingerprint is %(fingerprint)s. Start it with: sild up") % {"fingerprint": keys.fingerprint}
    facts = {"node": node, "home": str(here.home), "fingerprint": keys.fingerprint}
    say(facts, f"{made}\n{told}", as_json=as_json)


@app.command()
def up() -> None:
    """Run the node: web, worker and exchange, until Ctrl-C."""
    start.node()
    from django.conf import settings

    from sild.exchange import keys
    from sild.node import supervise
    from sild.people.actor import Actor
    from sild.trust import selftest

    selftest.require()
    start.migrate()
    keys.forget(Actor.operator())
    keys.announce(Actor.operator())
    places = {"pages": f"http://{settings.CONFIG.pages}", "partners": settings.CONFIG.partner_url}
    told = _("%(title)s: pages on %(pages)s, partners on %(partners)s")
    _console().print(told % {"title": settings.CONFIG.title, **places})
    supervise.up(settings.CONFIG.home)


@app.command()
def migrate() -> None:
    """Bring the database's tables to this version; `sild up` does it by itself."""
    start.node()
    start.migrate()


@app.command()
def status(as_json: Json = False) -> None:
    """Say who this node is, whether it runs, and how it stands with its partners."""
    start.node(for_machines=as_json)
    from django.conf import settings

    from sild.exchange import evidence, log
    from sild.exchange.models import Partner, Record
    from sild.node import supervise
    from sild.trust import spoken

    fingerprint = evidence.own_identity().fingerprint
    checkpoint = log.latest()
    facts: dict[str, Any] = {
        "node": settings.CONFIG.node,
        "fingerprint": fingerprint,
        "words": {language: spoken.say(fingerprint, language) for language in spoken.LANGUAGES},
        "running": supervise.is_running(settings.CONFIG.home),
        "pages": f"http://{settings.CONFIG.pages}",
        "exchange": settings.CONFIG.partner_url,
        "log_size": checkpoint.size if checkpoint else 0,
        "records": Record.objects.count(),
        "partners": {partner.node: partner.state for partner in Partner.objects.all()},
    }
    if as_json:
        _console().print_json(json.dumps(facts))
        return
    _show(facts)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what this host offers, what is missing and how to get it. Status 1 when something is."""
    from sild.node import config
    from sild.node.doctor import examine

    start.django(for_machines=as_json)
    current = config.load()
    findings = []
    for finding in examine(current):
        findings.append(finding)
        if not as_json:
            _console().print(_found(finding))
    if as_json:
        _console().print_json(
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


def _show(facts: dict[str, Any]) -> None:
    """Print how the node stands, a line for each fact."""
    words, partners = facts.pop("words"), facts.pop("partners")
    facts = {"is_running" if name == "running" else name: value for name, value in facts.items()}
    shown = {heading(name): cell(value) for name, value in facts.items()}
    shown[heading("partners")] = ", ".join(f"{node}: {word(state)}" for node, state in partners.items()) or cell(None)
    for language, spoken in words.items():
        shown[_("in words %(language)s") % {"language": language}] = spoken
    width = max(map(len, shown))
    for name, value in shown.items():
        _console().print(f"{name:<{width}} {value}")


def _found(finding: Finding) -> str:
    """What was looked at, and whether it is there, with how to get what is missing."""
    marks = {True: (_("ok"), "green"), False: (_("missing"), "red")}
    word, colour = marks[finding.ok]
    gap = " " * (max(len(one) for one, _colour in marks.values()) - len(word))
    return (
        f"[{colour}]{word}[/{colour}]{gap} {finding.name}: {finding.detail}{'' if finding.ok else ' ' + finding.mend}"
    )


def _console() -> Any:
    """Where people read; its import is no part of a start that prints nothing with it."""
    from rich.console import Console

    return Console(highlight=False)
