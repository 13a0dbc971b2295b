"""The words `sild plan`: load a memorandum, show how it stands, claim, assess."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from sild.exchange.terminal import Json, Tlp, To, audience, say
from sild.language import gettext as _
from sild.language import ngettext

app = typer.Typer(no_args_is_help=True, help="The action plan: load a memorandum, show it, claim, assess.")
console = Console(highlight=False, markup=False)

PlanName = Annotated[str, typer.Option("--plan", help="Short name of the plan; the first one by default.")]
# Django starts only when a command needs it, so imports of models and services stand inside the commands.


@app.command()
def load(
    memorandum: Annotated[str, typer.Argument(help="A memorandum that comes with Sild, or the path of a YAML file.")],
    party: Annotated[list[str], typer.Option(help="CODE=NODE for each party, as in EE=tallinn.")],
    as_json: Json = False,
) -> None:
    """Load a memorandum as an action plan, or load it anew: texts follow the file, evidence stays."""
    from sild.people.actor import Actor
    from sild.plan import services
    from sild.plan.engine.read import read
    from sild.plan.errors import PartiesError

    pairs = [text.partition("=") for text in party]
    wrong = [text for text, (_code, sign, node) in zip(party, pairs, strict=True) if not sign or not node]
    if wrong:
        told = _("“%(given)s” does not name a party's node: write CODE=NODE, as in EE=tallinn.")
        raise PartiesError(told % {"given": wrong[0]})
    plan = services.load(Actor.operator(), read(memorandum), {code: node for code, _sign, node in pairs})
    number = plan.commitments.count()
    told = ngettext(
        "Loaded “%(plan)s” with %(count)d commitment. See: sild plan show",
        "Loaded “%(plan)s” with %(count)d commitments. See: sild plan show",
        number,
    )
    facts = {"slug": plan.slug, "title": str(plan), "commitments": number}
    say(facts, told % {"plan": plan, "count": number}, as_json=as_json)


@app.command()
def show(plan: PlanName = "", as_json: Json = False) -> None:
    """Show where each commitment stands and why."""
    from sild.people.actor import Actor
    from sild.plan import services, standing
    from sild.plan.enums import STATUS_LABELS
    from sild.plan.facts import facts

    actor = Actor.operator()
    found = services.plan_named(actor, plan)
    shown = standing.of_plan(found)
    if as_json:
        console.print_json(
            json.dumps({"slug": found.slug, "title": str(found), "commitments": [facts(actor, one) for one in shown]})
        )
        return
    table = Table(_("Commitment"), _("Status"), _("Due"), _("Why"), title=str(found))
    for one in shown:
        row = facts(actor, one)
        status = str(STATUS_LABELS[one.status])
        table.add_row(f"{row['title']}\n{row['slug']}", status, row["due"], row["why"])
    console.print(table)


@app.command()
def claim(
    commitment: Annotated[str, typer.Argument(help="Short name of the commitment.")],
    text: Annotated[str, typer.Option(help="What has been done.")],
    plan: PlanName = "",
    as_json: Json = False,
) -> None:
    """Write a claim down; it is words, so no status follows from it."""
    from sild.people.actor import Actor
    from sild.plan import services

    actor = Actor.operator()
    row = services.claim(actor, services.commitment_named(actor, commitment, plan), text)
    told = _("Written down for “%(commitment)s”. Evidence would be a record.") % {"commitment": row.commitment}
    say({"commitment": commitment, "who": row.who, "at": row.at.isoformat()}, told, as_json=as_json)


@app.command()
def assess(
    commitment: Annotated[str, typer.Argument(help="Short name of the commitment.")],
    verdict: Annotated[str, typer.Option(help="met or not-met.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    to: To,
    tlp: Tlp = "AMBER",
    plan: PlanName = "",
    as_json: Json = False,
) -> None:
    """Publish this node's verdict on what the other parties showed."""
    from sild.people.actor import Actor
    from sild.plan import services

    actor = Actor.operator()
    row = services.commitment_named(actor, commitment, plan)
    record = services.assess(actor, row, verdict, reason, audience(to), tlp=tlp)
    told = _("Published the verdict “%(verdict)s” on “%(commitment)s” as record %(record)s.")
    facts = {**record.reference, "verdict": verdict, "leaf": record.leaf_index}
    say(facts, told % {"verdict": verdict, "commitment": row, "record": record.pk}, as_json=as_json)
