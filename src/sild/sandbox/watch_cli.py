"""The words `sild sandbox watch …`: solutions in use are tested again on a schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sild.exchange.terminal import Json, Tlp, audience, say_plainly
from sild.language import gettext as _
from sild.language import gettext_noops, word

if TYPE_CHECKING:
    from sild.sandbox.evidence_models import Watch

watch_app = typer.Typer(
    no_args_is_help=True, help="Test solutions in use again on a schedule, and say when they drift."
)
STATES = gettext_noops("steady", "unclear", "drifted", "failed")
WatchId = Annotated[str, typer.Argument(metavar="WATCH")]


@watch_app.command()
def start(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="The finished run on which it was adopted.")],
    to: Annotated[list[str], typer.Option(help="Who is told of drift: a node, “partners” or “public”; repeatable.")],
    every_hours: Annotated[int, typer.Option(help="Hours between two tests.")] = 24,
    bound: Annotated[float, typer.Option(help="How far the mean score may fall, from 0 to 1.")] = 0.05,
    tlp: Tlp = "GREEN",
    as_json: Json = False,
) -> None:
    """Watch the solution of RUN."""
    from sild.people.actor import Actor
    from sild.sandbox import finding, watching

    actor = Actor.operator()
    found = finding.run(actor, run_id)
    _say(
        watching.start(actor, found, every_hours=every_hours, bound=bound, tlp=tlp, audience=audience(to)),
        as_json=as_json,
    )


@watch_app.command("list")
def list_all(as_json: Json = False) -> None:
    """List watches with what the last test showed."""
    from sild.sandbox.evidence_models import Watch

    rows = [facts(one) for one in Watch.objects.select_related("baseline__solution", "baseline__suite")]
    if rows or as_json:
        say_plainly(rows, "\n".join(map(_sentence, rows)), as_json=as_json)


@watch_app.command("test")
def again(watch_id: WatchId, as_json: Json = False) -> None:
    """Test the watched solution here and now; status 1 when it drifted or the test failed."""
    from sild.people.actor import Actor
    from sild.sandbox import watch_tasks, watching
    from sild.sandbox.enums import Drift

    tested = watch_tasks.retest_now(watching.find(Actor.operator(), watch_id))
    _say(tested, as_json=as_json)
    if tested.state in {Drift.DRIFTED, Drift.FAILED}:
        raise SystemExit(1)


@watch_app.command()
def end(watch_id: WatchId, as_json: Json = False) -> None:
    """Watch no longer."""
    from sild.people.actor import Actor
    from sild.sandbox import watching

    actor = Actor.operator()
    _say(watching.end(actor, watching.find(actor, watch_id)), as_json=as_json)


def facts(one: Watch) -> dict[str, Any]:
    """A watch, as JSON."""
    return {
        "watch": str(one.pk),
        "what": str(one),
        "baseline": str(one.baseline_id),
        "every_hours": one.every_hours,
        "bound": one.bound,
        "due": None if one.ended else one.due.isoformat(),
        "ended": one.ended.isoformat() if one.ended else None,
        "state": one.state,
        "findings": one.findings,
        "record": str(one.record_id) if one.record_id else None,
    }


def _sentence(row: dict[str, Any]) -> str:
    """A watch in a line."""
    every = _("every %(hours)s h, bound %(bound)s") % {"hours": row["every_hours"], "bound": row["bound"]}
    when = _("ended") if row["ended"] else every
    shown = word(row["state"]) or _("not tested again yet")
    return f"{row['watch']}  {row['what']}: {shown} ({when})"


def _say(one: Watch, *, as_json: bool) -> None:
    """JSON for machines or a sentence for people."""
    say_plainly(facts(one), _sentence(facts(one)), as_json=as_json)
