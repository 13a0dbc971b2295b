"""The words `sild sandbox evidence …`: a run's evidence in the forms that others read, and its check offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from sild.exchange.terminal import Json, say_plainly
from sild.language import gettext as _
from sild.language import ngettext, spoken
from sild.sandbox.results_cli import RunId

evidence_app = typer.Typer(
    no_args_is_help=True, help="A run's evidence for others: in-toto Statement, EU AI Act mapping, PDF, samples."
)
File = Annotated[Path, typer.Argument(help="File to write.")]


@evidence_app.command()
def statement(run_id: RunId) -> None:
    """Print the report of RUN as an in-toto Statement, version 1, with the test-result predicate."""
    from sild.people.actor import Actor
    from sild.sandbox import finding, outgoing

    say_plainly(outgoing.statement(finding.run(Actor.operator(), run_id)), "", as_json=True)


@evidence_app.command()
def act(run_id: RunId) -> None:
    """Print which points of the EU AI Act's Annex IV and Article 57(7) the report of RUN covers, as JSON."""
    from sild.people.actor import Actor
    from sild.sandbox import finding, outgoing

    say_plainly(outgoing.act_mapping(finding.run(Actor.operator(), run_id)), "", as_json=True)


@evidence_app.command()
def pdf(run_id: RunId, file: File, language: Annotated[str, typer.Option(help="en, et or uk.")] = "en") -> None:
    """Write the report of RUN as a PDF file with charts."""
    from sild.people.actor import Actor
    from sild.sandbox import finding, outgoing

    file.write_bytes(outgoing.pdf(finding.run(Actor.operator(), run_id), language))
    typer.echo(_("Wrote %(file)s.") % {"file": file})


@evidence_app.command()
def samples(run_id: RunId, file: File) -> None:
    """Write the report of RUN and the results of all its samples to a file that anybody can verify."""
    from sild.people.actor import Actor
    from sild.sandbox import finding, results

    lines = results.evidence(finding.run(Actor.operator(), run_id))
    with file.open("wb") as out:
        out.writelines(lines)
    typer.echo(_("Wrote %(file)s. Check it with: sild sandbox evidence verify %(file)s") % {"file": file})


@evidence_app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="What `sild sandbox evidence samples` wrote.")],
    record: Annotated[
        Path | None, typer.Option(help="The record of the report, as `sild record show --file` wrote it.")
    ] = None,
    fingerprint: Annotated[str | None, typer.Option(help="Of the node that should have published the record.")] = None,
    as_json: Json = False,
) -> None:
    """Verify FILE without node and network: every sample belongs to the report, and the record holds that report."""
    from sild.sandbox.engine.errors import SandboxError
    from sild.sandbox.engine.evidence import verify as verified

    found = verified(file.read_bytes())
    issuer = ""
    if record is not None:
        from sild.trust.evidence import take_apart, verify_record_file
        from sild.trust.verdicts import sentence_of

        verdict = verify_record_file(record.read_bytes(), fingerprint=fingerprint)
        if not verdict.ok:
            raise SandboxError(sentence_of(verdict, spoken()))
        raw, *_proof = take_apart(record.read_bytes())
        if json.loads(raw)["body"] != found.report:
            raise SandboxError(_("The record is of another report than the file."))
        issuer = verdict.issuer
    facts = {"samples": found.samples, "withheld": found.withheld, "passed": found.report["passed"], "issuer": issuer}
    belongs = ngettext(
        "The one sample belongs to the report; outputs that are withheld: %(withheld)d.",
        "All %(count)d samples belong to the report; outputs that are withheld: %(withheld)d.",
        found.samples,
    ) % {"count": found.samples, "withheld": found.withheld}
    unknown = _("Who made it, the record says: give it with --record.")
    said = _("%(issuer)s published it.") % {"issuer": issuer} if issuer else unknown
    say_plainly(facts, f"{belongs} {said}", as_json=as_json)
