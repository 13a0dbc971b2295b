"""The word `sild sandbox`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sild.exchange.terminal import Json, OptionalTo, Tlp, To, audience, say_plainly, table
from sild.language import aside, spoken
from sild.language import gettext as _
from sild.sandbox.agreed_cli import preregister, sealed_app
from sild.sandbox.evidence_cli import evidence_app
from sild.sandbox.import_cli import import_app
from sild.sandbox.rerun_cli import rerun_app
from sild.sandbox.results_cli import RunId, check_sample, compare, print_report, sample, show
from sild.sandbox.summary import SAID, added
from sild.sandbox.watch_cli import watch_app

if TYPE_CHECKING:
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

AtLeast = Annotated[float | None, typer.Option(help="What the main figure of Inspect's task must reach.")]
# Django starts only when a command needs it, so imports of models and services stand inside the commands.


@app.command()
def register(folder: Path, to: OptionalTo = None, tlp: Tlp = "GREEN", as_json: Json = False) -> None:
    """Register the solution in FOLDER, and with --to publish it so that partners can test it."""
    from sild.people.actor import Actor
    from sild.sandbox import services

    actor = Actor.operator()
    solution = services.register(actor, folder)
    record = services.publish_solution(actor, solution, audience=audience(to), tlp=tlp) if to else None
    facts = {
        "id": str(solution.pk),
        "name": solution.name,
        "version": solution.version,
        "digest": solution.digest,
        "record": str(record.pk) if record else None,
    }
    sentence = _("Registered %(solution)s (%(digest)s).") % {"solution": solution, "digest": solution.digest}
    published = _("Published as %(record)s.") % {"record": facts["record"]} if record else ""
    say_plainly(facts, f"{sentence} {published}".strip(), as_json=as_json)


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
    say_plainly(facts, added(suite), as_json=as_json)


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
    say_plainly(facts, added(suite), as_json=as_json)


@suite_app.command("checks")
def suite_checks(as_json: Json = False) -> None:
    """List the checks that come with the product."""
    from sild.sandbox.engine.checks import CHECKS

    rows = [
        {"name": name, "languages": " ".join(check.languages), "scorer": check.scorer, "title": check.title[spoken()]}
        for name, check in CHECKS.items()
    ]
    table(rows, as_json=as_json, plainly=True)


@app.command()
def solutions(as_json: Json = False) -> None:
    """List solutions that were registered here or came from partners."""
    from sild.sandbox.models import Solution

    table(
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
        coded=SAID,
        plainly=True,
    )


@app.command()
def suites(as_json: Json = False) -> None:
    """List suites."""
    from sild.sandbox.models import Suite

    table(
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
        plainly=True,
    )


@app.command()
def runs(as_json: Json = False) -> None:
    """List runs, newest first."""
    from sild.sandbox.models import Run

    table(
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
        coded=SAID,
        plainly=True,
    )


@app.command()
def run(
    solution: Annotated[str, typer.Argument(help="A name, name@version, digest, record id or folder.")],
    suite: Annotated[str, typer.Argument(help="A name, name@version, digest or folder.")] = "",
    inspect: Annotated[
        str, typer.Option(help="Instead of SUITE a task of Inspect's, as `inspect eval` takes it.")
    ] = "",
    images: Annotated[
        bool,
        typer.Option("--images", help="With --inspect: the task's commands run in the images that it asks for (L2)."),
    ] = False,
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

        run = run_inspect(actor, _solution(solution), inspect, at_least=at_least, images=images)
        _show_imported(run, at_least, as_json=as_json)
        return
    if images:
        raise typer.BadParameter(_("--images belongs to --inspect."))
    started = services.start_run(actor, _solution(solution), _suite(suite), let_out=let_out, level=level)
    _execute(started, as_json=as_json)


@app.command()
def levels(as_json: Json = False) -> None:
    """List the levels of isolation, whether this host has them, and what to do where it has not."""
    from sild.sandbox import details
    from sild.sandbox.engine import levels

    table(levels.offered(details.missing), as_json=as_json, coded=SAID, plainly=True)


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
def resume(run_id: RunId, as_json: Json = False) -> None:
    """Go on with a run that was cancelled, failed or was interrupted."""
    from sild.people.actor import Actor
    from sild.sandbox import finding, services

    actor = Actor.operator()
    _execute(services.resume_run(actor, finding.run(actor, run_id)), as_json=as_json)


@app.command()
def publish(
    run_id: RunId,
    to: To,
    tlp: Tlp = "GREEN",
    as_json: Json = False,
) -> None:
    """Publish the report of RUN."""
    from sild.people.actor import Actor
    from sild.sandbox import finding, services

    actor = Actor.operator()
    record = services.publish_report(actor, finding.run(actor, run_id), audience=audience(to), tlp=tlp)
    facts = {**record.reference, "leaf": record.leaf_index}
    places = {"record": record.pk, "leaf": record.leaf_index, "hash": record.hash}
    say_plainly(facts, _("Published %(record)s as leaf %(leaf)s (%(hash)s).") % places, as_json=as_json)


for command in (show, compare, sample):
    app.command()(command)
app.command("check-sample")(check_sample)


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
    print_report(started.report, as_json=as_json)
    if not started.report["passed"]:
        raise SystemExit(1)


def _show_imported(run: Run, at_least: float | None, *, as_json: bool) -> None:
    """The report of a run that Inspect made; status 1 when a threshold was given and not met."""
    assert run.report is not None  # such a run is finished from the start
    print_report(run.report, as_json=as_json)
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
