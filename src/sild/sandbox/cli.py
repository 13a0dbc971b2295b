"""The word `sild sandbox`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sild.language import aside, cell, decimal, heading, spoken, word
from sild.language import gettext as _
from sild.sandbox.agreed_cli import preregister, sealed_app
from sild.sandbox.evidence_cli import evidence_app
from sild.sandbox.import_cli import import_app
from sild.sandbox.rerun_cli import rerun_app
from sild.sandbox.summary import SAID, added
from sild.sandbox.watch_cli import watch_app

if TYPE_CHECKING:
    from sild.exchange.gate import Audience
    from sild.sandbox.models import Run, Solution, Suite

app = typer.Typer(no_args_is_help=True, help="AI solutions: register them, test them in isolation, publish reports.")
suite_app = typer.Typer(no_args_is_help=True, help="Suites of samples.")
app.add_typer(suite_app, name="suite")
suite_app.add_typer(import_app, name="import")
app.add_typer(sealed_app, name="sealed")
app.command()(preregister)
app.add_typer(evidence_app, name="evidence")
app.add_typer(rerun_app, name="rerun")
app.add_typer(watch_app, name="watch")

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
To = Annotated[list[str] | None, typer.Option(help="Node that it is for, “partners” or “public”; may be repeated.")]
TlpOption = Annotated[str, typer.Option(help="CLEAR, GREEN, AMBER or AMBER+STRICT.")]
AtLeast = Annotated[float | None, typer.Option(help="What the main figure of Inspect's task must reach.")]
# Django starts only when a command needs it, so imports of models and services stand inside the commands.


@app.command()
def register(folder: Path, to: To = None, tlp: TlpOption = "GREEN", as_json: Json = False) -> None:
    """Register the solution in FOLDER, and with --to publish it so that partners can test it."""
    from sild.people.actor import Actor
    from sild.sandbox import services

    actor = Actor.operator()
    solution = services.register(actor, folder)
    record = services.publish_solution(actor, solution, audience=_audience(to), tlp=tlp) if to else None
    facts = {
        "id": str(solution.pk),
        "name": solution.name,
        "version": solution.version,
        "digest": solution.digest,
        "record": str(record.pk) if record else None,
    }
    sentence = _("Registered %(solution)s (%(digest)s).") % {"solution": solution, "digest": solution.digest}
    published = _("Published as %(record)s.") % {"record": facts["record"]} if record else ""
    _say(facts, f"{sentence} {published}".strip(), as_json=as_json)


@suite_app.command("add")
def suite_add(folder: Path, as_json: Json = False) -> None:
    """Add the suite in FOLDER."""
    from sild.people.actor import Actor
    from sild.sandbox import services

    suite = services.add_suite(Actor.operator(), folder)
    facts = {
        "id": str(suite.pk),
        "name": suite.name,
        "version": suite.version,
        "digest": suite.digest,
        "samples": suite.samples,
    }
    _say(facts, added(suite), as_json=as_json)


@suite_app.command("check")
def suite_check(
    name: Annotated[str, typer.Argument(help="One of those that `sild sandbox suite checks` lists.")],
    language: Annotated[str, typer.Option(help="en, et, uk, or all where there is one suite for all.")] = "all",
    as_json: Json = False,
) -> None:
    """Add the check NAME that comes with the product, as a suite."""
    from sild.people.actor import Actor
    from sild.sandbox import services

    suite = services.add_check(Actor.operator(), name, language)
    facts = {"id": str(suite.pk), "name": suite.name, "samples": suite.samples, "digest": suite.digest}
    _say(facts, added(suite), as_json=as_json)


@suite_app.command("checks")
def suite_checks(as_json: Json = False) -> None:
    """List the checks that come with the product."""
    from sild.sandbox.engine.checks import CHECKS

    rows = [
        {"name": name, "languages": " ".join(check.languages), "scorer": check.scorer, "title": check.title[spoken()]}
        for name, check in CHECKS.items()
    ]
    _table(rows, as_json=as_json)


@app.command()
def solutions(as_json: Json = False) -> None:
    """List solutions that were registered here or came from partners."""
    from sild.sandbox.models import Solution

    _table(
        [
            {
                "id": str(row.pk),
                "name": row.name,
                "version": row.version,
                "origin": row.origin or "this node",
                "record": str(row.record_id or ""),
                "digest": row.digest,
            }
            for row in Solution.objects.all()
        ],
        as_json=as_json,
    )


@app.command()
def suites(as_json: Json = False) -> None:
    """List suites."""
    from sild.sandbox.models import Suite

    _table(
        [
            {
                "id": str(row.pk),
                "name": row.name,
                "version": row.version,
                "samples": row.samples,
                "digest": row.digest,
            }
            for row in Suite.objects.all()
        ],
        as_json=as_json,
    )


@app.command()
def runs(as_json: Json = False) -> None:
    """List runs, newest first."""
    from sild.sandbox.models import Run

    _table(
        [
            {
                "id": str(row.pk),
                "solution": str(row.solution),
                "suite": str(row.suite),
                "attempt": row.attempt,
                "state": row.state,
                "done": f"{row.done}/{row.total}",
                "passed": row.passed,
            }
            for row in Run.objects.select_related("solution", "suite")
        ],
        as_json=as_json,
    )


@app.command()
def run(
    solution: Annotated[str, typer.Argument(help="A name, name@version, digest, record id or folder.")],
    suite: Annotated[str, typer.Argument(help="A name, name@version, digest or folder.")] = "",
    inspect: Annotated[
        str, typer.Option(help="Instead of SUITE a task of Inspect's, as `inspect eval` takes it.")
    ] = "",
    at_least: AtLeast = None,
    let_out: Annotated[bool, typer.Option("--let-out", help="Let it reach the places that it asks for.")] = False,
    level: Annotated[
        str, typer.Option(help="L0, L1, L2 or L3; a level that is not to be had is refused. The lowest that fits.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Run SOLUTION in isolation on SUITE, here and now; status 1 when a threshold is not met."""
    from sild.people.actor import Actor
    from sild.sandbox import services

    actor = Actor.operator()
    if bool(suite) == bool(inspect):
        raise typer.BadParameter(_("Give either SUITE or --inspect TASK."))
    if inspect:
        if level:
            raise typer.BadParameter(_("Tasks of Inspect run at level L1; leave --level out."))
        from sild.sandbox.importing import run_inspect

        _show_imported(run_inspect(actor, _solution(solution), inspect, at_least=at_least), at_least, as_json=as_json)
        return
    started = services.start_run(actor, _solution(solution), _suite(suite), let_out=let_out, level=level)
    _execute(started, as_json=as_json)


@app.command()
def levels(as_json: Json = False) -> None:
    """List the levels of isolation, whether this host has them, and what to do where it has not."""
    from sild.sandbox import details
    from sild.sandbox.engine import levels

    _table(levels.offered(details.missing), as_json=as_json)


@app.command("import-inspect")
def import_inspect(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    at_least: AtLeast = None,
    as_json: Json = False,
) -> None:
    """Take in FILE, an `.eval` log of Inspect's, as a run that was made elsewhere."""
    from sild.people.actor import Actor
    from sild.sandbox import importing

    run = importing.import_inspect(Actor.operator(), file, at_least=at_least)
    _show_imported(run, at_least, as_json=as_json)


@app.command()
def resume(run_id: Annotated[str, typer.Argument(metavar="RUN")], as_json: Json = False) -> None:
    """Go on with a run that was cancelled, failed or was interrupted."""
    from sild.people.actor import Actor
    from sild.sandbox import finding, services

    actor = Actor.operator()
    _execute(services.resume_run(actor, finding.run(actor, run_id)), as_json=as_json)


@app.command()
def publish(
    run_id: Annotated[str, typer.Argument(metavar="RUN")],
    to: Annotated[list[str], typer.Option(help="Node that it is for, “partners” or “public”; may be repeated.")],
    tlp: TlpOption = "GREEN",
    as_json: Json = False,
) -> None:
    """Publish the report of RUN."""
    from sild.people.actor import Actor
    from sild.sandbox import finding, services

    actor = Actor.operator()
    record = services.publish_report(actor, finding.run(actor, run_id), audience=_audience(to), tlp=tlp)
    facts = {**record.reference, "leaf": record.leaf_index}
    places = {"record": record.pk, "leaf": record.leaf_index, "hash": record.hash}
    _say(facts, _("Published %(record)s as leaf %(leaf)s (%(hash)s).") % places, as_json=as_json)


@app.command()
def show(run_id: Annotated[str, typer.Argument(metavar="RUN")], as_json: Json = False) -> None:
    """Show a run, with its report when it is finished."""
    from sild.people.actor import Actor
    from sild.sandbox import finding

    found = finding.run(Actor.operator(), run_id)
    if as_json:
        _say(found.report or _facts(found), "", as_json=True)
    elif found.report:
        _show_report(found.report)
    else:
        done = _("%(done)s of %(total)s samples") % {"done": found.done, "total": found.total}
        _say({}, f"{found}: {word(found.state)}, {done}. {found.error}", as_json=False)


@app.command()
def compare(
    first: Annotated[str, typer.Argument(metavar="RUN")],
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
    _say(found.facts, sentence, as_json=as_json)


@app.command()
def sample(
    run_id: Annotated[str, typer.Argument(metavar="RUN")],
    sample_id: Annotated[str, typer.Argument(metavar="SAMPLE")],
    outside: Annotated[bool, typer.Option(help="For others: an output with personal data stays here.")] = False,
    salt: Annotated[bool, typer.Option(help="Print the salt for whoever has the output and is to check it.")] = False,
) -> None:
    """Print the result of one SAMPLE of RUN with the proof that the report covers it, as JSON."""
    from sild.people.actor import Actor
    from sild.sandbox import finding, results

    found = finding.run(Actor.operator(), run_id)
    told = {"salt": results.salt_of(found, sample_id)} if salt else results.proved(found, sample_id, outside=outside)
    _say(told, "", as_json=True)


@app.command("check-sample")
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
    _say(json.loads(line), _("The sample belongs to the report: %(line)s") % {"line": line}, as_json=as_json)


def _execute(started: Run, *, as_json: bool) -> None:
    """Execute a run with a progress bar and print its report."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from sild.sandbox.execution import execute_run

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(
            aside("Testing %(solution)s in isolation") % {"solution": started.solution}, total=started.total
        )
        execute_run(started, lambda done, total: bar.update(task, completed=done, total=total))
        bar.update(task, completed=started.done)
    assert started.report is not None  # execute_run raises instead
    if as_json:
        _say(started.report, "", as_json=True)
    else:
        _show_report(started.report)
    if not started.report["passed"]:
        raise SystemExit(1)


def _show_imported(run: Run, at_least: float | None, *, as_json: bool) -> None:
    """The report of a run that Inspect made; status 1 when a threshold was given and not met."""
    assert run.report is not None  # such a run is finished from the start
    if as_json:
        _say(run.report, "", as_json=True)
    else:
        _show_report(run.report)
    if at_least is not None and not run.report["passed"]:
        raise SystemExit(1)


def _solution(words: str) -> Solution:
    """The solution that was named, registered first when a folder was."""
    from sild.people.actor import Actor
    from sild.sandbox import finding, services

    if Path(words).is_dir():
        return services.register(Actor.operator(), Path(words))
    return finding.solution(Actor.operator(), words)


def _suite(words: str) -> Suite:
    """The suite that was named, added first when a folder was."""
    from sild.people.actor import Actor
    from sild.sandbox import finding, services

    if Path(words).is_dir():
        return services.add_suite(Actor.operator(), Path(words))
    return finding.suite(Actor.operator(), words)


def _audience(to: list[str] | None) -> Audience:
    """The words of --to as the exchange takes them."""
    return to[0] if to in (["partners"], ["public"]) else to or []


def _facts(found: Run) -> dict[str, Any]:
    """A run without its report."""
    return {"run": str(found.pk), "state": found.state, "done": found.done, "total": found.total, "error": found.error}


def _say(facts: dict[str, Any], sentence: str, *, as_json: bool) -> None:
    """JSON for machines or a sentence for people, on standard output."""
    typer.echo(json.dumps(facts, ensure_ascii=False) if as_json else sentence)


def _show_report(report: dict[str, Any]) -> None:
    """The report's main figures, each with where it came from."""
    from rich.console import Console

    from sild.sandbox.summary import lines

    console = Console(highlight=False)
    for line in lines(report):
        console.print(line, markup=False)


def _table(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    """A table for people or JSON for machines."""
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    if not rows:
        typer.echo(_("There are none yet."))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*map(heading, rows[0]))
    for row in rows:
        table.add_row(*(word(value) if name in SAID else cell(value) for name, value in row.items()))
    Console(highlight=False).print(table)
