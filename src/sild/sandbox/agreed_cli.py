"""The commands for what is agreed before a run: `sild sandbox preregister` and `sild sandbox sealed`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sild.language import gettext as _
from sild.language import gettext_noops, word

if TYPE_CHECKING:
    from sild.exchange.gate import Audience

sealed_app = typer.Typer(no_args_is_help=True, help="Sealed suites: partners learn figures, and no items.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
To = Annotated[list[str], typer.Option(help="Node that it is for, “partners” or “public”; may be repeated.")]
TlpOption = Annotated[str, typer.Option(help="CLEAR, GREEN, AMBER or AMBER+STRICT.")]
STATES = gettext_noops("waiting", "accepted", "declined", "limit", "answered")
Asked = Annotated[str, typer.Argument(metavar="REQUEST")]
# Django starts only when a command needs it, so imports of models and services stand inside the commands.


def preregister(solution: str, suite: str, to: To, tlp: TlpOption = "GREEN", as_json: Json = False) -> None:
    """Publish, before any run, that SOLUTION will be tested on SUITE with the suite's thresholds."""
    from sild.people.actor import Actor
    from sild.sandbox import finding, registration

    actor = Actor.operator()
    found = finding.solution(actor, solution), finding.suite(actor, suite)
    made = registration.preregister(actor, *found, audience=_audience(to), tlp=tlp)
    facts = {"id": str(made.pk), "record": str(made.record_id), "hash": made.record_hash}
    told = _("Registered %(what)s as record %(record)s.") % {"what": made, "record": made.record_id}
    _say(facts, told, as_json=as_json)


@sealed_app.command()
def offer(
    suite: str,
    to: To,
    tlp: TlpOption = "GREEN",
    submissions: Annotated[int, typer.Option(min=1, max=1000, help="How often a partner may ask.")] = 5,
    smallest: Annotated[int, typer.Option(min=2, max=1000, help="Smallest group that is shown.")] = 10,
    as_json: Json = False,
) -> None:
    """Seal SUITE for good and offer it to partners."""
    from sild.people.actor import Actor
    from sild.sandbox import finding, sealed

    actor = Actor.operator()
    made = sealed.offer(
        actor,
        finding.suite(actor, suite),
        audience=_audience(to),
        tlp=tlp,
        submissions=submissions,
        smallest=smallest,
    )
    told = _("Offered %(what)s: %(record)s.") % {"what": made, "record": made.record_id}
    _say({"id": str(made.pk), "record": str(made.record_id)}, told, as_json=as_json)


@sealed_app.command()
def ask(solution: str, offered: Annotated[str, typer.Argument(metavar="OFFER")], as_json: Json = False) -> None:
    """Ask the owner of the sealed suite in the record OFFER to test SOLUTION."""
    from sild.exchange import services as exchange
    from sild.people.actor import Actor
    from sild.sandbox import finding, sealed

    actor = Actor.operator()
    record = sealed.request(actor, finding.solution(actor, solution), exchange.get(actor, offered))
    _say({"record": str(record.pk)}, _("Asked by record %(record)s.") % {"record": record.pk}, as_json=as_json)


@sealed_app.command()
def requests(as_json: Json = False) -> None:
    """List what partners asked."""
    from sild.people.actor import Actor
    from sild.sandbox import sealed

    rows = [
        {"id": str(one.pk), "partner": one.origin, "solution": str(one.solution), "state": one.state}
        for one in sealed.requests(Actor.operator())
    ]
    shown = [{**row, "state": word(row["state"])} for row in rows]
    sentence = "\n".join("  ".join(row.values()) for row in shown) or _("There are none yet.")
    typer.echo(json.dumps(rows, ensure_ascii=False) if as_json else sentence)


@sealed_app.command()
def accept(request: Asked, as_json: Json = False) -> None:
    """Run what REQUEST asks for, here and now."""
    from sild.people.actor import Actor
    from sild.sandbox import sealed
    from sild.sandbox.execution import execute_run

    actor = Actor.operator()
    run = execute_run(sealed.accept(actor, sealed.find(actor, request)))
    told = _("Run %(run)s is finished; answer the request.") % {"run": run.pk}
    _say({"run": str(run.pk), "passed": run.passed}, told, as_json=as_json)


@sealed_app.command()
def decline(request: Asked, as_json: Json = False) -> None:
    """Decline REQUEST."""
    from sild.people.actor import Actor
    from sild.sandbox import sealed

    actor = Actor.operator()
    asked = sealed.decline(actor, sealed.find(actor, request))
    told = _("Declined %(request)s.") % {"request": asked}
    _say({"id": str(asked.pk), "state": asked.state}, told, as_json=as_json)


@sealed_app.command()
def answer(request: Asked, as_json: Json = False) -> None:
    """Send the partner the figures, or that there are none."""
    from sild.people.actor import Actor
    from sild.sandbox import sealed

    actor = Actor.operator()
    record = sealed.answer(actor, sealed.find(actor, request))
    _say({"record": str(record.pk)}, _("Answered by record %(record)s.") % {"record": record.pk}, as_json=as_json)


def _audience(to: list[str]) -> Audience:
    """The words of --to as the exchange takes them."""
    return to[0] if to in (["partners"], ["public"]) else to


def _say(facts: dict[str, Any], sentence: str, *, as_json: bool) -> None:
    """JSON for machines or a sentence for people, on standard output."""
    typer.echo(json.dumps(facts, ensure_ascii=False) if as_json else sentence)
