"""The words `sild partner`, `sild record` and `sild bundle`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from sild.exchange import marking_cli
from sild.exchange.terminal import Json, Tlp, To, audience, say, table
from sild.language import gettext as _
from sild.language import gettext_noops, ngettext

partner_app = typer.Typer(no_args_is_help=True, help="Partners: add one, compare fingerprints, pin it.")
record_app = typer.Typer(no_args_is_help=True, help="Records: publish, list, show, verify.")
bundle_app = typer.Typer(no_args_is_help=True, help="Bundles: carry records by hand when there is no network.")
console = Console(highlight=False, markup=False)

HEADINGS = gettext_noops(
    "node", "state", "fingerprint", "delivered", "sent", "imported", "their log", "group", "failures", "next try",
    "error", "id", "kind", "subject", "withdrawn", "issuer", "tlp", "issued", "file",
)  # fmt: skip
STATES = gettext_noops("added", "pinned", "frozen")
# Django starts only when a command needs it, so imports of models and services stand inside the commands.


@partner_app.command("add")
def partner_add(
    source: Annotated[
        str, typer.Argument(help="https:// address of the partner's exchange, or a file with its identity.")
    ],
    name: Annotated[str, typer.Option(help="What people here call it.")] = "",
    url: Annotated[str, typer.Option(help="Its address, when the identity comes from a file.")] = "",
    as_json: Json = False,
) -> None:
    """Add a partner and print its fingerprint; nothing is exchanged until it is pinned."""
    from sild.exchange import partners
    from sild.exchange.client import Client
    from sild.people.actor import Actor
    from sild.trust import spoken

    if source.startswith("https://"):
        with Client(source, None) as client:
            document, url = client.identity(), source
    else:
        document = Path(source).read_bytes()
    partner = partners.add(Actor.operator(), document, url, name=name)
    if as_json:
        console.print_json(
            json.dumps({"node": partner.node, "fingerprint": partner.fingerprint, "state": partner.state})
        )
        return
    places = {"node": partner.node, "fingerprint": partner.fingerprint}
    console.print(_("Added %(node)s. Its fingerprint is %(fingerprint)s.") % places)
    for language in spoken.LANGUAGES:
        console.print(f"  {language}: {spoken.say(partner.fingerprint, language)}")
    told = _("Compare it aloud with an official there, then: sild partner pin %(node)s FINGERPRINT")
    console.print(told % {"node": partner.node})


@partner_app.command("pin")
def partner_pin(
    node: str,
    fingerprint: Annotated[list[str], typer.Argument(help="As it was heard: letters and digits, or words.")],
) -> None:
    """Pin a partner with the fingerprint that its official read aloud."""
    from sild.exchange import partners
    from sild.people.actor import Actor

    partner = partners.pin(Actor.operator(), node, " ".join(fingerprint))
    told = _("Pinned %(node)s (%(fingerprint)s). Records flow from now on.")
    console.print(told % {"node": partner.node, "fingerprint": partner.fingerprint})


@partner_app.command("unpin")
def partner_unpin(
    node: str,
    reason: Annotated[str, typer.Option(help="Why, as in: their root was compromised; the audit trail keeps it.")],
) -> None:
    """Remove the pin of a partner: from now on nothing goes there and nothing comes from there."""
    from sild.exchange import partners
    from sild.people.actor import Actor

    partner = partners.unpin(Actor.operator(), node, reason)
    told = _("Unpinned %(node)s. To pin it again, compare fingerprints anew: sild partner pin %(node)s")
    console.print(told % {"node": partner.node})


@partner_app.command("unfreeze")
def partner_unfreeze(
    node: str,
    decision: Annotated[str, typer.Option(help="Why import may go on; the audit trail keeps it.")],
) -> None:
    """Let a frozen partner go on, after its people explained what happened."""
    from sild.exchange import partners
    from sild.people.actor import Actor

    partners.unfreeze(Actor.operator(), node, decision)
    console.print(_("Import from %(node)s goes on.") % {"node": node})


@partner_app.command("list")
def partner_list(as_json: Json = False) -> None:
    """List partners, how far each is trusted and how delivery stands."""
    from sild.exchange import lag
    from sild.exchange.models import Partner

    rows = [
        {
            "node": partner.node,
            "state": partner.state,
            "fingerprint": partner.fingerprint,
            "delivered": behind.delivered,
            "sent": behind.sent,
            "imported": sum(partner.positions.values()),
            "their_log": partner.their_size,
            "group": partner.last_group,
            "failures": partner.failures,
            "next_try": partner.next_try.isoformat() if partner.next_try else None,
            "error": partner.last_error,
        }
        for partner in Partner.objects.all()
        for behind in [lag.of(partner)]
    ]
    table(rows, as_json=as_json, coded=("state",))


@partner_app.command("pull")
def partner_pull(node: str) -> None:
    """Ask one partner for news now."""
    from sild.exchange import partners
    from sild.exchange.pull import pull

    done = pull(partners.get(node))
    told = ngettext(
        "%(records)d record imported, %(refused)d refused, checkpoint %(cosigned)s cosigned.",
        "%(records)d records imported, %(refused)d refused, checkpoint %(cosigned)s cosigned.",
        len(done.records),
    )
    console.print(told % {"records": len(done.records), "refused": len(done.refused), "cosigned": done.cosigned})


@record_app.command("publish")
def record_publish(
    kind: Annotated[str, typer.Argument(help="As in exchange.comment.")],
    body: Annotated[Path, typer.Argument(help="File with the body as JSON, or - for standard input.")],
    subject: Annotated[str, typer.Option(help="What it is about.")],
    to: To,
    tlp: Tlp = "AMBER",
    answers: Annotated[str, typer.Option(help="Id of the record that it answers.")] = "",
    replaces: Annotated[str, typer.Option(help="Id of our record of which it is a new version.")] = "",
    attach: Annotated[list[Path] | None, typer.Option(help="File that travels beside it; may be repeated.")] = None,
    preview: Annotated[bool, typer.Option(help="Only say what each partner would see.")] = False,
    urgent: Annotated[bool, typer.Option("--urgent", help="Overtake whatever waits; counted per day.")] = False,
    as_json: Json = False,
) -> None:
    """Publish a record."""
    from sild.exchange import files, services, sight
    from sild.people.actor import Actor

    actor = Actor.operator()
    draft = services.Draft(
        kind=kind,
        subject=subject,
        body=_read_json(body),
        tlp=tlp,
        audience=audience(to),
        answers=services.get(actor, answers) if answers else None,
        replaces=services.get(actor, replaces) if replaces else None,
        attachments=[] if preview else [files.draft(path) for path in attach or ()],
        urgent=urgent,
    )
    if preview:
        marking_cli.print_preview(sight.of_draft(draft), as_json=as_json)
        return
    [record] = services.publish_batch(actor, [draft])
    places = {"record": record.pk, "leaf": record.leaf_index, "hash": record.hash}
    told = _("Published %(record)s as leaf %(leaf)s (%(hash)s).") % places
    say({**record.reference, "leaf": record.leaf_index}, told, as_json=as_json)


@record_app.command("list")
def record_list(
    kind: Annotated[str, typer.Option(help="Only this kind.")] = "",
    issuer: Annotated[str, typer.Option(help="Only from this node.")] = "",
    as_json: Json = False,
) -> None:
    """List records, newest first."""
    from sild.exchange.models import Record

    queryset = Record.objects.all()
    if kind:
        queryset = queryset.filter(kind=kind)
    if issuer:
        queryset = queryset.filter(issuer=issuer)
    rows = [
        {
            "id": str(record.pk),
            "kind": record.kind,
            "subject": record.subject if record.is_shown else "",
            "withdrawn": record.withdrawn,
            "issuer": record.issuer,
            "tlp": record.tlp,
            "issued": record.issued.isoformat(),
        }
        for record in queryset
    ]
    table(rows, as_json=as_json)


@record_app.command("show")
def record_show(
    record_id: str,
    file: Annotated[Path | None, typer.Option(help="Write the record with its proof to this file.")] = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait until it is here with its files.")] = 0,
    cosigned_by: Annotated[str, typer.Option(help="Wait until this partner has cosigned it, too.")] = "",
) -> None:
    """Show a record, or write it with its proof to a file."""
    from sild.exchange import evidence, services, waiting
    from sild.people.actor import Actor

    record = services.require_shown(waiting.for_record(Actor.operator(), record_id, wait, cosigned_by=cosigned_by))
    if file:
        file.write_bytes(evidence.record_file(record))
        console.print(_("Wrote %(file)s. Anybody can check it: sild record verify %(file)s") % {"file": file})
    else:
        console.print_json(json.dumps(record.content))


@record_app.command("files")
def record_files(
    record_id: str,
    out: Annotated[Path, typer.Option(help="Folder to write them to.")] = Path(),
    wait: Annotated[float, typer.Option(help="Seconds to wait until they are here.")] = 0,
    as_json: Json = False,
) -> None:
    """Write the files that belong to a record to a folder; each is checked on the way."""
    from sild.exchange import files, waiting
    from sild.people.actor import Actor

    record = waiting.for_record(Actor.operator(), record_id, wait)
    paths = [str(path) for path in files.write_all(record, out)]
    table([{"file": path} for path in paths], as_json=as_json)


@record_app.command("sweep")
def record_sweep(as_json: Json = False) -> None:
    """Remove files that no record and no module refers to, and what unfinished transfers left."""
    from dataclasses import asdict

    from sild.exchange.sweeping import sweep
    from sild.people.actor import Actor

    swept = sweep(Actor.operator())
    told = ngettext(
        "%(files)d file (%(bytes)d bytes) went; unfinished transfers that went: %(parts)d.",
        "%(files)d files (%(bytes)d bytes) went; unfinished transfers that went: %(parts)d.",
        swept.files,
    )
    say(asdict(swept), told % asdict(swept), as_json=as_json)


@record_app.command("verify")
def record_verify(
    file: Path,
    fingerprint: Annotated[str, typer.Option(help="Fingerprint of the issuer that you got from its officials.")] = "",
    renewal: Annotated[Path | None, typer.Option(help="A renewal of evidence, as `sild trust renew` wrote it.")] = None,
    lang: Annotated[str, typer.Option(help="en, et or uk; by default what SILD_LANGUAGE or LC_MESSAGES says.")] = "",
    as_json: Json = False,
) -> None:
    """Verify a record's file: no node and no network needed. Status 1 when it does not verify."""
    from sild.trust.verifier import Asked, run

    status = run(Asked(str(file), "", fingerprint, "", str(renewal or ""), lang, as_json))
    if status:
        raise SystemExit(status)


for name, command in (
    ("sees", marking_cli.sees),
    ("mark", marking_cli.mark),
    ("withdraw", marking_cli.withdraw),
    ("pass-on", marking_cli.pass_on),
    ("original", marking_cli.original),
    ("outstanding", marking_cli.outstanding),
):
    record_app.command(name)(command)


@bundle_app.command("export")
def bundle_export(
    file: Annotated[Path, typer.Argument(help="Where to write the bundle.")],
    to: Annotated[str, typer.Option(help="The partner that it is for.")],
    since: Annotated[int, typer.Option(help="Its last entry; by default what it has confirmed.")] = -1,
    have: Annotated[list[int] | None, typer.Option(help="Size of our log that the partner verified last.")] = None,
    as_json: Json = False,
) -> None:
    """Write all that a partner lacks to one file, with attachments: the same bytes as over the wire."""
    from sild.exchange import bundles
    from sild.people.actor import Actor

    made = bundles.export(Actor.operator(), to, file, since=None if since < 0 else since, have=have or ())
    told = ngettext(
        "%(bundle)s: entries %(first)d to %(last)d and %(urgent)d urgent ones for %(to)s, with %(files)d file.",
        "%(bundle)s: entries %(first)d to %(last)d and %(urgent)d urgent ones for %(to)s, with %(files)d files.",
        made.files,
    )
    places = {"bundle": file, "to": to, "first": made.after + 1, "last": made.last}
    say(made.facts, told % {**places, "urgent": made.urgent, "files": made.files}, as_json=as_json)


@bundle_app.command("import")
def bundle_import(file: Path, as_json: Json = False) -> None:
    """Import a bundle: the same checks as over the wire; a second time changes nothing."""
    from sild.exchange import bundles
    from sild.people.actor import Actor

    taken = bundles.take(Actor.operator(), file)
    told = ngettext(
        "From %(source)s: %(records)d record imported, %(refused)d refused, files %(files)d; known %(known)d.",
        "From %(source)s: %(records)d records imported, %(refused)d refused, files %(files)d; known %(known)d.",
        taken.records,
    )
    names = ("source", "records", "refused", "files", "known")
    say(taken.facts, told % {name: getattr(taken, name) for name in names}, as_json=as_json)


def _read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file, or on standard input."""
    try:
        content = json.loads(sys.stdin.read() if str(path) == "-" else path.read_text())
    except (OSError, ValueError) as error:
        told = _("%(file)s is not readable JSON: %(why)s.") % {"file": path, "why": error}
        raise SystemExit(_fail(told)) from error
    if not isinstance(content, dict):
        told = _("%(file)s holds no JSON object: a record's body starts with a curly bracket.") % {"file": path}
        raise SystemExit(_fail(told))
    return content


def _fail(sentence: str) -> int:
    """Print the sentence on standard error; 1."""
    Console(stderr=True, highlight=False, markup=False).print(sentence, style="red")
    return 1
