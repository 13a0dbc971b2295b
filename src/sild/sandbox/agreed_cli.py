"""The commands for what is agreed before a run: `sild sandbox preregister` and `sild sandbox sealed`."""

from __future__ import annotations

from typing import Annotated

import typer

from sild.exchange.terminal import Json, Tlp, To, audience, say_plainly
from sild.language import gettext as _
from sild.language import gettext_noops, word

sealed_app = typer.Typer(no_args_is_help=True, help="Sealed suites: partners learn figures, and no items.")

STATES = gettext_noops("waiting", "accepted", "declined", "limit", "answered")
Asked = Annotated[str, typer.Argument(metavar="REQUEST")]
# Django starts only when a command needs it, so imports of models and services stand inside the commands.


def preregister(solution: str, suite: str, to: To, tlp: Tlp = "GREEN", as_json: Json = False) -> None:
    """Publish, before any run, that SOLUTION will be tested on SUITE with the suite's thresholds."""
    from sild.people.actor import Actor
    from sild.sandbox import finding, registration

    actor = Actor.operator()
    found = finding.solution(actor, solution), finding.suite(actor, suite)
    made = registration.preregister(actor, *found, audience=audience(to), tlp=tlp)
    facts = {"id": str(made.pk), "record": str(made.record_id), "hash": made.record_hash}
    told = _("Registered %(what)s as record %(record)s.") % {"what": made, "record": made.record_id}
    say_plainly(facts, told, as_json=as_json)


@sealed_app.command()
def offer(
    suite: str,
    to: To,
    tlp: Tlp = "GREEN",
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
        audience=audience(to),
        tlp=tlp,
        submissions=submissions,
        smallest=smallest,
    )
    told = _("Offered %(what)s: %(record)s.") % {"what": made, "record": made.record_id}
    say_plainly({"id": str(made.pk), "record": str(made.record_id)}, told, as_json=as_json)


@sealed_app.command()
def ask(solution: str, offered: Annotated[str, typer.Argument(metavar="OFFER")], as_json: Json = False) -> None:
    """Ask the owner of the sealed suite in the record OFFER to test SOLUTION."""
    from sild.exchange import services as exchange
    from sild.people.actor import Actor
    from sild.sandbox import finding, sealed

    actor = Actor.operator()
    record = sealed.request(actor, finding.solution(actor, solution), exchange.get(actor, offered))
    say_plainly({"record": str(record.pk)}, _("Asked by record %(record)s.") % {"record": record.pk}, as_json=as_json)


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
    say_plainly(rows, sentence, as_json=as_json)


@sealed_app.command()
def accept(request: Asked, as_json: Json = False) -> None:
    """Run what REQUEST asks for, here and now."""
    from sild.people.actor import Actor
    from sild.sandbox import sealed
    from sild.sandbox.execution import execute_run

    actor = Actor.operator()
    run = execute_run(sealed.accept(actor, sealed.find(actor, request)))
    told = _("Run %(run)s is finished; answer the request.") % {"run": run.pk}
    say_plainly({"run": str(run.pk), "passed": run.passed}, told, as_json=as_json)


@sealed_app.command()
def decline(request: Asked, as_json: Json = False) -> None:
    """Decline REQUEST."""
    from sild.people.actor import Actor
    from sild.sandbox import sealed

    actor = Actor.operator()
    asked = sealed.decline(actor, sealed.find(actor, request))
    told = _("Declined %(request)s.") % {"request": asked}
    say_plainly({"id": str(asked.pk), "state": asked.state}, told, as_json=as_json)


@sealed_app.command()
def answer(request: Asked, as_json: Json = False) -> None:
    """Send the partner the figures, or that there are none."""
    from sild.people.actor import Actor
    from sild.sandbox import sealed

    actor = Actor.operator()
    record = sealed.answer(actor, sealed.find(actor, request))
    say_plainly(
        {"record": str(record.pk)}, _("Answered by record %(record)s.") % {"record": record.pk}, as_json=as_json
    )
