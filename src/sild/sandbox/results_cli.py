"""The commands for a run's results: `sild sandbox show`, `compare`, `sample` and `check-sample`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sild.exchange.terminal import Json, say_plainly
from sild.language import decimal, word
from sild.language import gettext as _

if TYPE_CHECKING:
    from sild.sandbox.models import Run

RunId = Annotated[str, typer.Argument(metavar="RUN")]


def show(run_id: RunId, as_json: Json = False) -> None:
    """Show a run, with its report when it is finished."""
    from sild.people.actor import Actor
    from sild.sandbox import finding

    found = finding.run(Actor.operator(), run_id)
    if found.report:
        print_report(found.report, as_json=as_json)
        return
    done = _("%(done)s of %(total)s samples") % {"done": found.done, "total": found.total}
    say_plainly(_facts(found), f"{found}: {word(found.state)}, {done}. {found.error}", as_json=as_json)


def compare(
    first: RunId,
    second: Annotated[str, typer.Argument(metavar="OTHER")],
    as_json: Json = False,
) -> None:
    """Compare RUN with OTHER on the same suite, sample by sample, with a paired test."""
    from sild.people.actor import Actor
    from sild.sandbox import finding, results

    actor = Actor.operator()
    found = results.compared(finding.run(actor, first), finding.run(actor, second))
    difference = _("Difference %(difference)s (95 %% interval %(low)s to %(high)s), p = %(p)s.")
    shares = _("The first run was better in %(better)s samples, worse in %(worse)s, equal in %(equal)s.")
    signed = {name: decimal(getattr(found, name), 4, signed=True) for name in ("difference", "low", "high")}
    counts = {"better": found.better, "worse": found.worse, "equal": found.equal}
    sentence = f"{difference % {**signed, 'p': decimal(found.p_value, 4)}} {shares % counts}"
    say_plainly(found.facts, sentence, as_json=as_json)


def sample(
    run_id: RunId,
    sample_id: Annotated[str, typer.Argument(metavar="SAMPLE")],
    outside: Annotated[bool, typer.Option(help="For others: an output with personal data stays here.")] = False,
    salt: Annotated[bool, typer.Option(help="Print the salt for whoever has the output and is to check it.")] = False,
) -> None:
    """Print the result of one SAMPLE of RUN with the proof that the report covers it, as JSON."""
    from sild.people.actor import Actor
    from sild.sandbox import finding, results

    found = finding.run(Actor.operator(), run_id)
    told = {"salt": results.salt_of(found, sample_id)} if salt else results.proved(found, sample_id, outside=outside)
    say_plainly(told, "", as_json=True)


def check_sample(
    report: Path,
    proof: Path,
    output: Annotated[
        Path | None, typer.Option(help="File with the output as JSON, where the proof has its digest.")
    ] = None,
    salt: Annotated[str, typer.Option(help="What `sild sandbox sample --salt` printed.")] = "",
    as_json: Json = False,
) -> None:
    """Check the PROOF of one sample against a REPORT, both JSON files; needs neither node nor network."""
    from sild.sandbox.engine import samples
    from sild.sandbox.engine.errors import SandboxError

    results = json.loads(report.read_bytes())["results"]
    line = samples.check(json.loads(proof.read_bytes()), results["root"], results["leaves"])
    if output is not None and not samples.opens(line, json.loads(output.read_bytes()), salt):
        raise SandboxError(_("This output, with this salt, is not the one that the report has the digest of."))
    say_plainly(json.loads(line), _("The sample belongs to the report: %(line)s") % {"line": line}, as_json=as_json)


def print_report(report: dict[str, Any], *, as_json: bool) -> None:
    """The report for machines, or its main figures for people, each with where it came from."""
    if as_json:
        say_plainly(report, "", as_json=True)
        return
    from rich.console import Console

    from sild.sandbox.summary import lines

    console = Console(highlight=False, markup=False)
    for line in lines(report):
        console.print(line)


def _facts(found: Run) -> dict[str, Any]:
    """A run without its report."""
    return {"run": str(found.pk), "state": found.state, "done": found.done, "total": found.total, "error": found.error}
