"""The word `sild threats`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from sild.exchange.terminal import Json, Tlp, To, audience, say
from sild.language import cell, ngettext
from sild.language import gettext as _
from sild.threats import store_cli

if TYPE_CHECKING:
    from sild.people.actor import Actor
    from sild.threats.reading import Found

app = typer.Typer(no_args_is_help=True, help="Threat information: import, export, search, ask, write, share.")
app.add_typer(store_cli.collection_app, name="collection")
app.add_typer(store_cli.feed_app, name="feed")
app.command("pull")(store_cli.pull_command)
console = Console(highlight=False, markup=False)

Agency = Annotated[str, typer.Option(help="For which agency; needed when the node has several.")]
Ceiling = Annotated[str, typer.Option(help="The highest marking that goes in; TLP:RED never does.")]


@app.command("import")
def import_command(
    files: Annotated[list[Path], typer.Argument(help="STIX 2.1 or MISP as JSON, or CSV.")],
    tlp: Tlp = "AMBER",
    mapping: Annotated[str, typer.Option(help="For CSV, as in value=ip,description=comment.")] = "",
    agency: Agency = "",
    as_json: Json = False,
) -> None:
    """Take files in; status 1 when an object was refused, though the others are in."""
    from sild.threats import importing
    from sild.threats.engine import csvmap

    actor, rows = _actor(agency), []
    for file in files:
        columns = csvmap.parse_mapping(mapping)
        batch = importing.import_file(actor, file.name, file.read_bytes(), mapping=columns, level=tlp)
        rows.append({"file": file.name, "objects": batch.success_count, "refused": batch.failures})
        if not as_json:
            told = ngettext(
                "%(file)s: %(count)d object is here; refused: %(refused)d.",
                "%(file)s: %(count)d objects are here; refused: %(refused)d.",
                batch.success_count,
            )
            places = {"file": file.name, "count": batch.success_count, "refused": len(batch.failures)}
            console.print(told % places)
            for failure in batch.failures:
                console.print(f"  {failure['index']} {failure['id']}: {failure['message']}")
    if as_json:
        console.print_json(json.dumps(rows))
    if any(row["refused"] for row in rows):
        raise SystemExit(1)


@app.command("export")
def export_command(
    form: Annotated[str, typer.Argument(metavar="FORM", help="stix, misp or csv.")],
    kind: Annotated[str, typer.Option("--type", help="Only this STIX type.")] = "",
    text: Annotated[str, typer.Option(help="Only what contains these words.")] = "",
    ceiling: Ceiling = "AMBER+STRICT",
    agency: Agency = "",
) -> None:
    """Write what is here to the standard output: a STIX bundle, a MISP event, or CSV."""
    from sild.threats import exporting
    from sild.threats.enums import Level
    from sild.threats.search import Query

    actor, query, level = _actor(agency), Query(types=[kind] if kind else (), text=text), Level.of(ceiling)
    if form == "csv":
        sys.stdout.write(exporting.csv_text(actor, query, level))
        return
    write = {"stix": exporting.stix_bundle, "misp": exporting.misp_event}.get(form)
    if write is None:
        raise typer.BadParameter(_("Choose stix, misp or csv."))
    sys.stdout.write(json.dumps(write(actor, query, level), ensure_ascii=False, indent=2) + "\n")


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="Words; the last one may be the beginning of a word.")] = "",
    kind: Annotated[str, typer.Option("--type", help="A STIX type.")] = "",
    value: Annotated[str, typer.Option(help="An address, a name, a URL or a hash, defanged or not.")] = "",
    technique: Annotated[str, typer.Option(help="As in T1059.001.")] = "",
    actor_name: Annotated[str, typer.Option("--actor", help="Any name of an actor.")] = "",
    agency: Agency = "",
    as_json: Json = False,
) -> None:
    """Find what is here, newest first."""
    from sild.threats import finding
    from sild.threats.engine.pasted import classify
    from sild.threats.search import Query

    query = Query(
        types=[kind] if kind else (),
        text=text,
        value=classify(value).value if value else "",
        technique=technique.upper(),
        threat_actor=actor_name,
    )
    _show(finding.find(_actor(agency), query).items, as_json=as_json)


@app.command()
def seen(
    values: Annotated[list[str], typer.Argument(help="Indicators, defanged or not; - reads a list.")],
    agency: Agency = "",
    as_json: Json = False,
) -> None:
    """Say for each indicator whether we or a partner have seen it; status 1 when none was."""
    from sild.threats import asking

    text = sys.stdin.read() if values == ["-"] else "\n".join(values)
    answers = asking.ask(_actor(agency), text)
    rows = [
        {
            "value": answer.asked.value,
            "seen": answer.is_known,
            "ours": answer.is_ours,
            "nodes": answer.nodes,
            "objects": [found.stix_id for found in answer.objects],
        }
        for answer in answers
    ]
    if as_json:
        console.print_json(json.dumps(rows))
    for row in rows if not as_json else ():
        who = ", ".join([_("we")] * bool(row["ours"]) + list(row["nodes"]))  # type: ignore[call-overload]  # a list
        seen_by = _("seen by %(who)s") % {"who": who}
        shown = seen_by if row["seen"] else _("not seen")
        console.print(f"{row['value']}  {shown}")
    if not any(row["seen"] for row in rows):
        raise SystemExit(1)


@app.command()
def write(
    value: Annotated[str, typer.Argument(help="An address, a name, a URL or a hash, defanged or not.")],
    tlp: Tlp = "AMBER",
    description: str = "",
    confidence: Annotated[int | None, typer.Option(min=0, max=100)] = None,
    technique: Annotated[list[str] | None, typer.Option(help="As in T1059.001; may be repeated.")] = None,
    actor_name: Annotated[str, typer.Option("--actor", help="Any name of the actor.")] = "",
    agency: Agency = "",
    as_json: Json = False,
) -> None:
    """Write an indicator."""
    from sild.threats import writing

    context = writing.Context(
        tlp=tlp, description=description, confidence=confidence, techniques=technique or [], threat_actor=actor_name
    )
    stix_id = writing.write_indicator(_actor(agency), value, context)
    say({"id": stix_id}, _("Wrote %(id)s.") % {"id": stix_id}, as_json=as_json)


@app.command()
def share(
    stix_ids: Annotated[list[str], typer.Argument(metavar="ID…")],
    to: To,
    subject: Annotated[str, typer.Option(help="What it is about.")] = "",
    preview: Annotated[bool, typer.Option("--preview", help="Only say what each partner would see.")] = False,
    agency: Agency = "",
    as_json: Json = False,
) -> None:
    """Share objects with what they state, one record for each marking."""
    from sild.exchange.models import Partner
    from sild.threats import sharing

    actor, for_whom = _actor(agency), audience(to)
    if preview:
        planned = sharing.plan(actor, stix_ids, for_whom)
        rows = {one.node: [found.stix_id for found in planned.seen_by(one)] for one in Partner.objects.all()}
        lines = "\n".join(_would_see(node, len(ids)) for node, ids in rows.items())
        say(rows, lines or _("There is no partner yet."), as_json=as_json)
        return
    records = sharing.share(actor, stix_ids, for_whom, subject)
    rows_out = [{**record.reference, "tlp": record.tlp} for record in records]
    told = _("Published %(id)s under TLP:%(tlp)s.")
    say(rows_out, "\n".join(told % row for row in rows_out), as_json=as_json)


@app.command()
def sighting(stix_id: str, count: int = 1, description: str = "", agency: Agency = "", as_json: Json = False) -> None:
    """Note that it was seen here, and tell the partners who shared it."""
    from sild.threats import answering

    records = answering.report_sighting(_actor(agency), stix_id, count=count, description=description)
    _told(records, as_json=as_json)


@app.command()
def feedback(
    stix_id: str,
    opinion: Annotated[str, typer.Argument(help="strongly-agree, agree, neutral, disagree or strongly-disagree.")],
    explanation: str,
    agency: Agency = "",
    as_json: Json = False,
) -> None:
    """Say what you think of it after using it, and tell the partners who shared it."""
    from sild.threats import answering

    _told(answering.give_feedback(_actor(agency), stix_id, opinion, explanation), as_json=as_json)


@app.command()
def revoke(stix_id: str, agency: Agency = "", as_json: Json = False) -> None:
    """Revoke an object of one's own, here and at everybody it was shared with."""
    from sild.threats import sharing

    _told(sharing.revoke(_actor(agency), stix_id), as_json=as_json)


@app.command()
def show(stix_id: str, agency: Agency = "", as_json: Json = False) -> None:
    """Show an object, what it is still worth, and who signed it when."""
    from sild.threats import reading, standing

    actor = _actor(agency)
    found = reading.get(actor, stix_id)
    worth = standing.worth(found, reading.sightings(actor, stix_id))
    said = [
        {
            "who": one.who,
            "at": one.at.isoformat(),
            "record": str(one.record.pk) if one.record else None,
            "verified": one.verdict.ok if one.record else None,
            "standing": one.is_standing,
        }
        for one in standing.said(actor, stix_id)
    ]
    facts = {
        "tlp": found.level.tlp,
        "revoked": found.is_revoked,
        "score": worth.score if worth else None,
        "sightings": worth.seen if worth else 0,
        "said": said,
        "object": found.content,
    }
    if as_json:
        console.print_json(json.dumps(facts))
        return
    told = _("%(name)s  TLP:%(tlp)s  worth %(score)s")
    console.print(told % {"name": found.name or stix_id, "tlp": found.level.tlp, "score": cell(facts["score"])})
    unsigned = _("not signed")
    for one in said:
        console.print(f"  {one['who']} {one['at']} {one['record'] or unsigned}")
    console.print_json(json.dumps(found.content))


def _would_see(node: str, count: int) -> str:
    """How much of what would be shared a partner would see."""
    told = ngettext("%(node)s would see %(count)d object.", "%(node)s would see %(count)d objects.", count)
    return told % {"node": node, "count": count}


def _actor(agency: str) -> Actor:
    """The operator acting for an agency: the one named, or the only one that there is."""
    from sild.people.actor import Actor
    from sild.people.enums import Role
    from sild.people.services import agency_named
    from sild.threats.writing import agency_of

    operator = Actor.operator()
    chosen = agency_named(agency) if agency else agency_of(operator)
    return Actor(who=operator.who, role=Role.ADMINISTRATOR, agency=chosen, via="cli")


def _show(items: list[Found], *, as_json: bool) -> None:
    """Objects as a table or JSON."""
    rows = [
        {"id": found.stix_id, "type": found.kind, "name": found.name, "tlp": found.level.tlp, "added": found.added}
        for found in items
    ]
    if as_json:
        console.print_json(json.dumps(rows, default=str))
        return
    table = Table(_("Type"), _("Name"), "TLP", _("Id"), box=None)
    for row in rows:
        table.add_row(*(str(row[name]) for name in ("type", "name", "tlp", "id")))
    console.print(table if rows else _("Nothing fits."))


def _told(records: list[Any], *, as_json: bool) -> None:
    """The records that went out."""
    rows = [{**record.reference, "to": record.audience} for record in records]
    told = _("Told %(nodes)s in record %(record)s.")
    lines = [told % {"nodes": ", ".join(row["to"]), "record": row["id"]} for row in rows]
    say(rows, "\n".join(lines) or _("Noted here; there was nobody to tell."), as_json=as_json)
