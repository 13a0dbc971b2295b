"""More words of `sild record`: who sees what, changing that, passing on, and what is not acknowledged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from sild.exchange.terminal import Json, Tlp, To, audience, say, table
from sild.language import gettext as _
from sild.language import gettext_noops

if TYPE_CHECKING:
    from sild.exchange.sight import Preview, Sight

console = Console(highlight=False, markup=False)
HEADINGS = gettext_noops("node", "sees", "stage", "reason", "record", "kind", "withdraws", "issued", "fetched")


def sees(record_id: str, as_json: Json = False) -> None:
    """Say what each partner sees of a record, and how far it came."""
    from sild.exchange import services, sight
    from sild.people.actor import Actor

    print_rows(sight.of_record(services.get(Actor.operator(), record_id)), as_json=as_json)


def mark(
    record_id: str,
    to: To,
    tlp: Tlp,
    as_json: Json = False,
) -> None:
    """Publish a record anew under another marking or for others; whoever loses it gets a withdrawal."""
    from sild.exchange import services
    from sild.people.actor import Actor

    actor = Actor.operator()
    made = services.mark(actor, services.get(actor, record_id), tlp, audience(to))
    told = _("Published as %(record)s under TLP:%(tlp)s. See: sild record outstanding")
    say(made.reference, told % {"record": made.pk, "tlp": tlp}, as_json=as_json)


def withdraw(
    record_id: str,
    reason: Annotated[str, typer.Option(help="Why; its readers see it.")],
    as_json: Json = False,
) -> None:
    """Take a record back."""
    from sild.exchange import services
    from sild.people.actor import Actor

    actor = Actor.operator()
    made = services.withdraw(actor, services.get(actor, record_id), reason)
    told = _("Withdrawn by %(record)s. See: sild record outstanding")
    say(made.reference, told % {"record": made.pk}, as_json=as_json)


def pass_on(record_id: str, to: To, as_json: Json = False) -> None:
    """Pass a partner's record on, with its issuer's own proof; CLEAR and GREEN alone may be passed on."""
    from sild.exchange import forwarding, services
    from sild.people.actor import Actor

    actor = Actor.operator()
    made = forwarding.redistribute(actor, services.get(actor, record_id), audience(to))
    say(made.reference, _("Passed on as %(record)s.") % {"record": made.pk}, as_json=as_json)


def original(record_id: str, file: Path) -> None:
    """Write what a partner passed on, with its issuer's own proof, to a file."""
    from sild.exchange import forwarding, services
    from sild.people.actor import Actor

    record = services.require_shown(services.get(Actor.operator(), record_id))
    file.write_bytes(forwarding.original_file(record))
    console.print(_("Wrote %(file)s. Anybody can check it: sild record verify %(file)s") % {"file": file})


def outstanding(
    everything: Annotated[bool, typer.Option("--all", help="Everything that was sent, not withdrawals alone.")] = False,
    as_json: Json = False,
) -> None:
    """Say which withdrawals partners have not acknowledged yet, oldest first."""
    from sild.exchange import receipts
    from sild.people.actor import Actor

    rows = [one.plain for one in receipts.all_outstanding(Actor.operator(), withdrawals=not everything)]
    if as_json:
        console.print_json(json.dumps(rows, default=str))
    else:
        table(rows, as_json=False, none=_("Partners have acknowledged everything."))


def print_preview(shown: Preview, *, as_json: bool) -> None:
    """Print what publishing a draft would do."""
    if as_json:
        facts = {"refusal": shown.refusal, "code": shown.code, "names": [str(one.id) for one in shown.named]}
        console.print_json(json.dumps({**facts, "partners": _plain(shown.rows)}))
        return
    if shown.refusal:
        refused = _("It would be refused.")
        console.print(f"{refused} {shown.refusal}", style="red")
    print_rows(shown.rows, as_json=False)


def print_rows(rows: list[Sight], *, as_json: bool) -> None:
    """Print one row for each partner."""
    labelled = [{**one, "stage": row.stage.label} for one, row in zip(_plain(rows), rows, strict=True)]
    table(_plain(rows) if as_json else labelled, as_json=as_json, none=_("There are no partners yet."))


def _plain(rows: list[Sight]) -> list[dict[str, Any]]:
    """Rows as JSON."""
    return [{"node": row.partner.node, "sees": row.sees, "stage": str(row.stage), "reason": row.reason} for row in rows]
