"""The words `sild sandbox rerun …`: a partner runs a random choice of a report's samples again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sild.exchange.terminal import Json, say_plainly
from sild.language import gettext_noops, ngettext, word

if TYPE_CHECKING:
    from sild.sandbox.evidence_models import Rerun

rerun_app = typer.Typer(
    no_args_is_help=True, help="Run a random choice of a report's samples again, and countersign or dispute it."
)
SIDES = gettext_noops("checking", "checked")
STATES = gettext_noops("asked", "answered", "tested", "shown", "countersigned", "disputed")
RerunId = Annotated[str, typer.Argument(metavar="RERUN")]


@rerun_app.command()
def request(
    report: Annotated[str, typer.Argument(metavar="RECORD", help="Id of a partner's report.")],
    samples: Annotated[int, typer.Option(help="How many samples are drawn.")] = 20,
    as_json: Json = False,
) -> None:
    """Ask a partner for a draw from its report RECORD, committing to a secret."""
    from sild.exchange import services as exchange
    from sild.people.actor import Actor
    from sild.sandbox import rerun

    actor = Actor.operator()
    _say(rerun.request(actor, exchange.get(actor, report), samples), as_json=as_json)


@rerun_app.command("list")
def list_all(as_json: Json = False) -> None:
    """List re-runs, of partners' reports and of ours."""
    from sild.sandbox.evidence_models import Rerun

    rows = [facts(one) for one in Rerun.objects.select_related("report")]
    if rows or as_json:
        say_plainly(rows, "\n".join(map(_sentence, rows)), as_json=as_json)


@rerun_app.command()
def answer(rerun_id: RerunId, as_json: Json = False) -> None:
    """Answer a partner's request with random bytes of our own, which fixes the draw."""
    from sild.people.actor import Actor
    from sild.sandbox import rerun

    actor = Actor.operator()
    _say(rerun.answer(actor, rerun.find(actor, rerun_id)), as_json=as_json)


@rerun_app.command()
def execute(rerun_id: RerunId, as_json: Json = False) -> None:
    """Run the drawn samples in isolation, here and now, and tell the partner what came of it."""
    from sild.people.actor import Actor
    from sild.sandbox import rerun, rerun_execution

    _say(rerun_execution.execute(rerun.find(Actor.operator(), rerun_id)), as_json=as_json)


@rerun_app.command()
def show(rerun_id: RerunId, as_json: Json = False) -> None:
    """Show the partner our results of the drawn samples, each with its proof; personal data stays here."""
    from sild.people.actor import Actor
    from sild.sandbox import rerun

    actor = Actor.operator()
    _say(rerun.show(actor, rerun.find(actor, rerun_id)), as_json=as_json)


@rerun_app.command()
def countersign(
    rerun_id: RerunId,
    comment: Annotated[str, typer.Option(help="Why, when there are differences.")] = "",
    as_json: Json = False,
) -> None:
    """Countersign the report: the drawn samples came out as it says."""
    _judge(rerun_id, comment, countersign=True, as_json=as_json)


@rerun_app.command()
def dispute(rerun_id: RerunId, comment: Annotated[str, typer.Option(help="Why.")], as_json: Json = False) -> None:
    """Dispute the report, with the differences listed."""
    _judge(rerun_id, comment, countersign=False, as_json=as_json)


def _judge(rerun_id: str, comment: str, *, countersign: bool, as_json: bool) -> None:
    """Say the one or the other."""
    from sild.people.actor import Actor
    from sild.sandbox import rerun

    actor = Actor.operator()
    _say(rerun.judge(actor, rerun.find(actor, rerun_id), countersign=countersign, comment=comment), as_json=as_json)


def facts(one: Rerun) -> dict[str, Any]:
    """A re-run, as JSON."""
    return {
        "rerun": str(one.pk),
        "side": one.side,
        "partner": one.partner,
        "report": str(one.report_id),
        "subject": one.report.subject,
        "samples": one.samples,
        "state": one.state,
        "differences": one.differences,
        "error": one.error,
    }


def _sentence(row: dict[str, Any]) -> str:
    """A re-run in a line."""
    count = len(row["differences"])
    differ = ngettext("%(count)d differs", "%(count)d differ", count) % {"count": count}
    state = ", ".join([word(row["state"]), *([differ] if count else [])])
    return f"{row['rerun']}  {row['subject']}, {word(row['side'])} {row['partner']}: {state}. {row['error']}"


def _say(one: Rerun, *, as_json: bool) -> None:
    """JSON for machines or a sentence for people."""
    say_plainly(facts(one), _sentence(facts(one)), as_json=as_json)
