"""The word `sild log`: how this node's log stands, and what a person decides when it went back."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console

from sild.exchange.terminal import Json
from sild.language import cell, gettext_noops, heading, ngettext
from sild.language import gettext as _

log_app = typer.Typer(no_args_is_help=True, help="This node's log: how it stands, and what to do when it went back.")
console = Console(highlight=False, markup=False)
HEADINGS = gettext_noops("signed", "marked", "waiting", "may sign", "held back")


@log_app.command("status")
def log_status(as_json: Json = False) -> None:
    """Say how far the log was signed, what waits, and why if it is held. Status 1 when it is held."""
    facts = _facts()
    if as_json:
        console.print_json(json.dumps(facts))
    else:
        shown = {heading("held back" if name == "held" else name): cell(value) for name, value in facts.items()}
        width = max(10, *map(len, shown))
        for name, value in shown.items():
            console.print(f"{name:<{width}} {value}")
    if facts["held"]:
        raise SystemExit(1)


@log_app.command("confirm")
def log_confirm() -> None:
    """Vouch that this node was not restored from a backup, when no partner can be asked; what waits is signed."""
    from sild.exchange import witnesses
    from sild.people.actor import Actor

    answered = witnesses.ask_all()
    size = witnesses.confirm(Actor.operator(), said_by=answered)
    told = ngettext(
        "The log is signed up to %(count)d leaf; %(why)s.", "The log is signed up to %(count)d leaves; %(why)s.", size
    )
    agreed = _("%(nodes)s agreed") % {"nodes": ", ".join(answered)}
    alone = _("no partner could be asked, so this rests on your word")
    console.print(told % {"count": size, "why": agreed if answered else alone})


@log_app.command("recover")
def log_recover(
    agency: Annotated[str, typer.Option(help="Short name of the agency that gets records kept to one agency.")] = "",
) -> None:
    """Fetch records that this node lost back from partners, and go on with the log that was signed."""
    from sild.exchange import recovery
    from sild.people import services as people
    from sild.people.actor import Actor

    count = recovery.recover(Actor.operator(), people.agency_named(agency) if agency else None)
    told = ngettext(
        "%(count)d record is back, and the log is whole. Ask partners to let this node go on: it was frozen.",
        "%(count)d records are back, and the log is whole. Ask partners to let this node go on: it was frozen.",
        count,
    )
    console.print(told % {"count": count})


@log_app.command("end")
def log_end(
    reason: Annotated[str, typer.Option(help="Why; the audit trail and whoever publishes here are told.")],
) -> None:
    """End this node's log for good; it publishes nothing more. Make a new node under a new name instead."""
    from sild.exchange import witnesses
    from sild.people.actor import Actor

    witnesses.end(Actor.operator(), reason)
    console.print(_("The log is ended. Tell your partners, and make a new node: sild init"))


def _facts() -> dict[str, Any]:
    """How the log stands."""
    from sild.exchange import guard, log
    from sild.exchange.log_models import Checkpoint

    held = log.held()
    known = guard.marks().furthest()
    return {
        "signed": Checkpoint.objects.values_list("size", flat=True).first() or 0,
        "marked": known.size if known else 0,
        "waiting": log.unsigned(),
        "may_sign": guard.may_sign() and not held,
        "held": held,
    }
