"""The word `sild analyst`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from sild.exchange.terminal import Json, Tlp, To, audience, say
from sild.language import decimal, gettext_noops, heading, ngettext, number, word
from sild.language import gettext as _

app = typer.Typer(no_args_is_help=True, help="The analyst: reads threat reports, shares what it finds.")
attack_app = typer.Typer(no_args_is_help=True, help="ATT&CK as MITRE publishes it.")
app.add_typer(attack_app, name="attack")
console = Console(highlight=False, markup=False)

WORDS = gettext_noops("accepted", "corrected", "rejected", "open", "techniques", "indicators", "names")
FIGURES = gettext_noops(
    "development", "held out", "held out strong", "held out reports", "held out reports strong", "sentences",
    "none sentences", "groups", "classes", "micro f1", "micro f1 low", "micro f1 high", "micro precision",
    "micro recall", "macro f1", "macro precision", "macro recall", "top1", "none proposed", "calibration error",
)  # fmt: skip
Attack = Annotated[
    str,
    typer.Option(help="A STIX bundle as MITRE publishes it, or the hash of one that was imported; else the package."),
]


@app.command()
def read(
    files: Annotated[list[Path], typer.Argument(help="PDF, DOCX, HTML, e-mail, Markdown or plain text.")],
    tlp: Annotated[str, typer.Option(help="The reports' own marking.")] = "AMBER",
    ask: Annotated[bool, typer.Option("--ask", help="Ask the endpoint that SILD_ANALYST_ENDPOINT names, too.")] = False,
    stix: Annotated[bool, typer.Option("--stix", help="Print a STIX 2.1 bundle of all proposals, unseen.")] = False,
    as_json: Json = False,
) -> None:
    """Read reports and keep what was found; --json prints an object for one file, a list for several."""
    from rich.progress import track

    from sild.analyst import services
    from sild.analyst.extraction import parent
    from sild.people.actor import Actor

    rows = []
    for file in track(files, _("Reading"), console=console, disable=as_json or stix or len(files) == 1, transient=True):
        reading = services.read_file(Actor.operator(), file.name, _bytes(file, parent.MAX_FILE), tlp, ask=ask)
        if stix:
            rows.append(services.unseen_bundle(reading))
            continue
        rows.append(
            {
                "id": str(reading.pk),
                "name": reading.name,
                "indicators": len(reading.found.indicators),
                "techniques": len(reading.found.techniques),
                "milliseconds": reading.milliseconds,
            }
        )
        if not as_json:
            _show(reading)
    if as_json or stix:
        console.print_json(json.dumps(rows[0] if len(rows) == 1 else rows))


@app.command()
def proposals(reading_id: str, as_json: Json = False) -> None:
    """Show what was proposed for a text, with the key of each proposal and what was decided."""
    from sild.analyst import deciding, services
    from sild.people.actor import Actor

    items = deciding.items_of(services.get(Actor.operator(), reading_id))
    if as_json:
        rows = [{"key": item.key, **item.as_correction(), "verdict": item.verdict or "open"} for item in items]
        console.print_json(json.dumps(rows))
        return
    table = Table(_("key"), _("kind"), _("value"), _("name"), _("verdict"))
    for item in items:
        table.add_row(item.key, item.kind, item.value, item.name, word(item.verdict or "open"))
    console.print(table)


@app.command()
def accept(
    reading_id: str,
    keys: Annotated[list[str] | None, typer.Argument(help="Keys of proposals; none for all that are open.")] = None,
    as_json: Json = False,
) -> None:
    """Accept proposals; only what was accepted is shared."""
    from sild.analyst import deciding
    from sild.people.actor import Actor

    actor = Actor.operator()
    number = len(keys or ()) or deciding.accept_rest(actor, reading_id)
    for key in keys or ():
        deciding.decide(actor, reading_id, key, "accepted")
    told = ngettext("Accepted %(count)d proposal.", "Accepted %(count)d proposals.", number)
    say({"accepted": number}, told % {"count": number}, as_json=as_json)


@app.command()
def reject(reading_id: str, keys: list[str], as_json: Json = False) -> None:
    """Reject proposals."""
    from sild.analyst import deciding
    from sild.people.actor import Actor

    for key in keys:
        deciding.decide(Actor.operator(), reading_id, key, "rejected")
    told = ngettext("Rejected %(count)d proposal.", "Rejected %(count)d proposals.", len(keys))
    say({"rejected": len(keys)}, told % {"count": len(keys)}, as_json=as_json)


@app.command()
def publish(reading_id: str, to: To, tlp: Tlp = "AMBER", as_json: Json = False) -> None:
    """Share what was accepted of a text's findings as a STIX 2.1 bundle."""
    from sild.analyst import services
    from sild.people.actor import Actor

    record = services.publish(Actor.operator(), reading_id, audience(to), tlp)
    objects = len(record.body["bundle"]["objects"])
    told = ngettext(
        "Published %(record)s: a STIX bundle of %(count)d object, leaf %(leaf)s.",
        "Published %(record)s: a STIX bundle of %(count)d objects, leaf %(leaf)s.",
        objects,
    )
    facts = {**record.reference, "leaf": record.leaf_index, "objects": objects}
    say(facts, told % {"record": record.pk, "count": objects, "leaf": record.leaf_index}, as_json=as_json)


@app.command()
def activate(report: str, to: To, tlp: Tlp = "GREEN", as_json: Json = False) -> None:
    """Take the solution into use on the strength of a report of the sandbox, and say so to partners."""
    from sild.analyst import services
    from sild.people.actor import Actor

    activation = services.activate(Actor.operator(), report, audience(to), tlp)
    told = _("%(solution)s is in use; the record %(record)s says so.")
    facts = {"record": str(activation.record_id), "solution": activation.solution}
    say(facts, told % {"solution": activation, "record": activation.record_id}, as_json=as_json)


@app.command()
def train(
    folder: Annotated[Path | None, typer.Argument(help="Where model and card go; by default nowhere.")] = None,
    attack: Attack = "",
    corpus: Annotated[list[Path] | None, typer.Option(help="Labelled reports beside TRAM's; may be repeated.")] = None,
) -> None:
    """Train the model from ATT&CK, measure it on held-out families, and print the figures and the file's hash."""
    import tempfile

    from sild.analyst.training import card, fit

    known = _knowledge(attack)
    told = _("Training on ATT&CK %(version)s (%(origin)s) and TRAM's reports; this takes some minutes.")
    console.print(told % {"version": known.version, "origin": known.origin})
    more = [report for file in corpus or () for report in _labelled(file)]
    with console.status(_("Training")):
        model = card.train(known, fit.Recipe(), card.report_sides(more))
    with tempfile.TemporaryDirectory() as temporary:
        written = card.write(model, folder or Path(temporary))
    _print_card(written)


@app.command()
def corrections(
    file: Annotated[Path, typer.Argument(help="Where the labelled reports go, as JSON lines.")],
    tlp: Annotated[str, typer.Option(help="The highest marking of a report that goes along.")] = "GREEN",
    as_json: Json = False,
) -> None:
    """Write what analysts decided as labelled reports, for `sild analyst train --corpus`."""
    from sild.analyst import corrections as correcting
    from sild.people.actor import Actor

    lines = correcting.export(Actor.operator(), tlp)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    file.write_text(text, encoding="utf-8")
    told = ngettext("Wrote %(count)d report to %(file)s.", "Wrote %(count)d reports to %(file)s.", len(lines))
    say({"file": str(file), "reports": len(lines)}, told % {"count": len(lines), "file": file}, as_json=as_json)


@app.command()
def corpus(
    side: Annotated[str, typer.Option(help="test, or train to improve lexicon and names by.")] = "test",
    as_json: Json = False,
) -> None:
    """Measure F1 by language on the labelled corpus, and the gap between languages."""
    from sild.analyst import services
    from sild.analyst.training import corpus as labelled
    from sild.analyst.training import parity

    figures = parity.measure(services.model(), labelled.shipped(side))
    if as_json:
        console.print_json(json.dumps(figures))
        return
    table = Table(_("language"), _("what"), "F1", _("precision"), _("recall"), _("marked"))
    for language, by_what in figures["languages"].items():
        for what, row in by_what.items():
            rates = (decimal(row[name], 3) for name in ("f1", "precision", "recall"))
            table.add_row(language, word(what), *rates, str(row["wanted"]))
    console.print(table)
    gap = ", ".join(f"{word(what)} {points}" for what, points in figures["gap"].items())
    console.print(_("Gap in points of F1: %(gap)s") % {"gap": gap})


@app.command("card")
def show_card(as_json: Json = False) -> None:
    """Show the card of the model that ships."""
    from sild.analyst import services

    card = services.model().card
    if as_json:
        console.print_json(json.dumps(card))
    else:
        _print_card(card)


@app.command()
def solution(
    folder: Path,
    encoder: Annotated[
        bool, typer.Option("--encoder", help="With the sentence encoder of sild[ai], for a node that uses it.")
    ] = False,
    chat: Annotated[bool, typer.Option("--chat", help="As a chat endpoint like OpenAI's, not JSON lines.")] = False,
    as_json: Json = False,
) -> None:
    """Write the solution as a folder for the sandbox."""
    from sild.analyst import packing

    digest = packing.write_solution(folder, with_encoder=encoder, by_chat=chat)
    told = _("Wrote %(folder)s (%(digest)s).") % {"folder": folder, "digest": digest}
    say({"folder": str(folder), "digest": digest}, told, as_json=as_json)


@app.command()
def suite(folder: Path, attack: Attack = "", as_json: Json = False) -> None:
    """Write the suite that tests it, from sentences that the model never saw."""
    from sild.analyst import packing

    written = packing.write_suite(folder, _knowledge(attack))
    count = written["samples"]
    told = ngettext("Wrote %(folder)s with %(count)d sample.", "Wrote %(folder)s with %(count)d samples.", count)
    say({"folder": str(folder), **written}, told % {"folder": folder, "count": count}, as_json=as_json)


@attack_app.command("import")
def attack_import(
    file: Path,
    version: Annotated[str, typer.Option(help="The version, when the file does not say it.")] = "",
    as_json: Json = False,
) -> None:
    """Keep a version of ATT&CK from MITRE's own STIX bundle (JSON, or JSON compressed with gzip)."""
    from sild.analyst import services
    from sild.people.actor import Actor

    kept = services.import_attack(Actor.operator(), _bytes(file, 500_000_000), version)
    facts = {
        "version": kept.version,
        "digest": kept.digest,
        "techniques": kept.techniques,
        "sentences": kept.sentences,
    }
    line = _("Kept ATT&CK %(version)s: %(techniques)s techniques, %(sentences)s sentences. %(digest)s")
    say(facts, line % facts, as_json=as_json)


def _knowledge(attack: str) -> Any:
    """ATT&CK from the package, from a file, or as imported."""
    from sild.analyst import services
    from sild.analyst.training import knowledge

    if not attack:
        return knowledge.from_package()
    if attack.startswith("sha256:"):
        return services.imported_knowledge(attack)
    return knowledge.from_bundle(services.plain(_bytes(Path(attack), 500_000_000)))


def _labelled(file: Path) -> Any:
    """The reports of a file that may be trained on."""
    from sild.analyst.training import corpus as labelled

    return [report for report in labelled.parse(_bytes(file, 500_000_000)) if report.side == "train"]


def _bytes(file: Path, most: int) -> bytes:
    """A file's bytes, never more than one over the limit, so that an endless file ends."""
    from sild.analyst.errors import AnalystError

    try:
        with file.open("rb") as opened:
            return opened.read(most + 1)
    except OSError as error:
        told = _("%(file)s cannot be read: %(why)s.") % {"file": file, "why": error.strerror}
        raise AnalystError(told, code="file") from error


def _show(reading: Any) -> None:
    """What was found, as two tables."""
    found = reading.found
    console.print(f"{reading.name} ({found.language}, {reading.milliseconds} ms): {reading.pk}")
    table = Table(_("indicator"), _("kind"), _("note"))
    for indicator in found.indicators:
        table.add_row(indicator.value, indicator.kind, indicator.scope)
    console.print(table)
    table = Table(_("technique"), _("name"), _("score"), _("sentence"))
    for proposal in found.proposals:
        sentence = reading.text[proposal.start : proposal.end]
        table.add_row(proposal.technique, proposal.name, decimal(proposal.score, 2), sentence)
    console.print(table)


def _print_card(card: dict[str, Any]) -> None:
    """The figures, with what they rest on."""
    file, figures = card["file"], card["figures"]["held_out"]
    told = _("%(name)s %(version)s: %(size)s bytes, sha256 %(sha256)s")
    places = {"size": number(file["bytes"]), "sha256": file["sha256"]}
    console.print(told % {"name": card["name"], "version": card["version"], **places})
    console.print(_("data: %(origin)s, %(digest)s") % card["data"])
    told = _(
        "held out: %(sentences)s sentences of %(groups)s families, %(classes)s techniques: micro F1 %(micro)s "
        "(95 %% interval %(low)s to %(high)s), macro F1 %(macro)s"
    )
    names = {"micro": "micro_f1", "low": "micro_f1_low", "high": "micro_f1_high", "macro": "macro_f1"}
    console.print(told % {**figures, **{name: decimal(figures[key], 3) for name, key in names.items()}})
    table = Table(_("figure"), *map(heading, card["figures"]))
    for name in figures:
        table.add_row(heading(name), *(f"{part[name]:.4g}" for part in card["figures"].values()))
    console.print(table)
    console.print(card["notice"])
