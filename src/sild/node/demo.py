"""`sild demo`: the whole story on real input, with two nodes on this machine.

Everything happens through the `sild` command, as officials would do it; the demo only types, waits and prints.
"""

from __future__ import annotations

import shutil
import signal
import sys
import time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from sild.node.demo_node import DemoError, DemoNode

if TYPE_CHECKING:
    from collections.abc import Callable

console = Console(highlight=False)
HOME = Path("build/demo")
COMMITMENT = "ai-proof-of-concept"
WAIT_SECONDS = 40.0


def play(*, once: bool) -> None:
    """Play the story, then serve both nodes until Ctrl-C unless `once`; status 1 with a sentence when a step fails."""
    shutil.rmtree(HOME, ignore_errors=True)
    nodes = {name: DemoNode.make(HOME / name, name) for name in ("tallinn", "kyiv")}
    started = time.monotonic()
    try:
        _story(nodes["tallinn"], nodes["kyiv"])
        console.print(f"\n[bold green]Done in {time.monotonic() - started:.0f} s.[/bold green]")
        if not once:
            _serve(nodes)
    except DemoError as error:
        console.print(f"[red]The demo stopped: {error}[/red]")
        raise SystemExit(1) from error
    except KeyboardInterrupt:
        console.print("\nStopping both nodes.")
    finally:
        for node in nodes.values():
            node.stop()


def _story(tallinn: DemoNode, kyiv: DemoNode) -> None:
    """The six steps of the issue, each with the figure that proves it."""
    _step(1, "Two nodes, pinned to each other, with the memorandum as an action plan")
    _meet(tallinn, kyiv)
    _step(2, "Kyiv registers an AI solution: an assistant that reads threat reports")
    solution = _register(kyiv, tallinn)
    _step(3, "Tallinn runs it in isolation against a suite of real sentences")
    report = _test(tallinn, solution)
    _step(4, "Tallinn publishes the report; Kyiv verifies it and cosigns Tallinn's log")
    record = _publish_report(tallinn, kyiv, report)
    _step(5, "Kyiv takes the solution into use; what it finds goes to Tallinn, sealed")
    _use(kyiv, tallinn, record)
    _step(6, "Both action plans show the commitment with its evidence, and each party assesses the other's")
    _plans(tallinn, kyiv)


def _meet(tallinn: DemoNode, kyiv: DemoNode) -> None:
    """Make, start and pin both nodes, and load the memorandum."""
    for node in (tallinn, kyiv):
        node.create()
        _say(f"{node.name}: keys made, fingerprint [bold]{node.fingerprint}[/bold]")
    for node in (tallinn, kyiv):
        node.start()
    for node, other in ((tallinn, kyiv), (kyiv, tallinn)):
        added = node.json("partner", "add", other.exchange_url)
        _check(
            added["fingerprint"] == other.fingerprint,
            f"{node.name} was given another fingerprint than {other.name} read aloud.",
        )
        node.run("partner", "pin", other.name, other.fingerprint)
        _say(f"{node.name}: heard {other.name} read [bold]{other.fingerprint}[/bold], the same as received: pinned")
        node.run("plan", "load", "estonia-ukraine", "--party", "EE=tallinn", "--party", "UA=kyiv")
    plan = tallinn.json("plan", "show")
    _say(f"memorandum loaded into both: {len(plan['commitments'])} commitments")


def _register(kyiv: DemoNode, tallinn: DemoNode) -> dict[str, Any]:
    """Register the analyst at kyiv and wait until tallinn has its record."""
    folder = str(files("sild.analyst") / "solution")
    registered: dict[str, Any] = kyiv.json("sandbox", "register", folder, "--to", "tallinn")
    _say(f"registered {registered['name']} {registered['version']}, digest {registered['digest'][:23]}…")
    record = _arrived(tallinn, "sandbox.solution", registered["record"])
    _say(f"tallinn received it as record {record['id']}")
    return registered


def _test(tallinn: DemoNode, solution: dict[str, Any]) -> dict[str, Any]:
    """Run the suite in the sandbox and print what was measured."""
    report: dict[str, Any] = tallinn.json(
        "sandbox", "run", solution["record"], "analyst:attack-techniques", show_progress=True
    )
    quality, latency = report["quality"], report["latency"]
    interval = f"95 % interval {quality['low']:.3f}–{quality['high']:.3f}"
    _say(f"{report['samples']} samples, {quality['name']} {quality['value']:.3f} ({interval})")
    _say(f"latency p50 {latency['p50_ms']:.1f} ms, p95 {latency['p95_ms']:.1f} ms")
    held = sum(check["ok"] for check in report["confinement"])
    _say(f"isolation: {report['isolation']}, {held} of {len(report['confinement'])} escape checks held")
    _check(report["passed"], "the solution did not reach the suite's thresholds.")
    return report


def _publish_report(tallinn: DemoNode, kyiv: DemoNode, report: dict[str, Any]) -> dict[str, Any]:
    """Publish the report and see it verified and cosigned at kyiv."""
    published: dict[str, Any] = tallinn.json("sandbox", "publish", report["run"], "--to", "kyiv", "--tlp", "GREEN")
    _say(f"leaf {published['leaf']} of tallinn's log, {published['hash'][:23]}…")
    arrived = _arrived(kyiv, "sandbox.report", published["id"])
    link = next(row for row in kyiv.json("partner", "list") if row["node"] == "tallinn")
    _say(f"kyiv pulled it over TLS 1.3 with [bold]{link['group']}[/bold]")
    verdict = _verify(tallinn, kyiv, arrived["id"])
    _say(f"offline check of the file at kyiv: {verdict['sentence']}")
    _until(
        "tallinn to get kyiv's cosignature", lambda: "kyiv" in _verify(tallinn, tallinn, published["id"])["cosigned_by"]
    )
    _say("kyiv cosigned tallinn's checkpoint as its witness")
    _say(f"page: {kyiv.pages_url}/records/{arrived['id']}/")
    return arrived


def _use(kyiv: DemoNode, tallinn: DemoNode, report: dict[str, Any]) -> None:
    """Take the solution into use and share what it finds in a real report text."""
    activation = kyiv.json("analyst", "activate", report["id"], "--to", "tallinn")
    _say(f"in use at kyiv on the strength of report {report['id']} (record {activation['record']})")
    text = files("sild.analyst") / "examples" / "report-en.md"
    found = kyiv.json("analyst", "read", str(text))
    _say(f"read {found['name']}: {found['indicators']} indicators, {found['techniques']} techniques")
    shared = kyiv.json("analyst", "publish", found["id"], "--to", "tallinn", "--tlp", "AMBER")
    arrived = _arrived(tallinn, "analyst.findings", shared["id"])
    _say(f"STIX 2.1 bundle of {shared['objects']} objects, TLP:AMBER, sealed for tallinn and opened there")
    _say(f"page: {tallinn.pages_url}/records/{arrived['id']}/")


def _plans(tallinn: DemoNode, kyiv: DemoNode) -> None:
    """Show that both plans have the evidence, then that each party countersigns what the other showed."""
    for node in (tallinn, kyiv):
        commitment = _reaches(node, "reported")
        kinds = ", ".join(sorted({item["kind"] for item in commitment["evidence"]}))
        _say(f"{node.name}: {commitment['title']}: [bold]{commitment['status']}[/bold], evidence: {kinds}")
    for node, other in ((tallinn, kyiv), (kyiv, tallinn)):
        reason = f"The records of {other.name} were verified here and show what was promised."
        verdict = ("--verdict", "met", "--reason", reason, "--to", other.name)
        assessed = node.json("plan", "assess", COMMITMENT, *verdict)
        _say(f"{node.name} assesses what {other.name} showed as met (record {assessed['id']})")
    for node in (tallinn, kyiv):
        commitment = _reaches(node, "met")
        _say(f"{node.name}: [bold green]{commitment['status']}[/bold green]. {commitment['why']}")
        _say(f"page: {node.pages_url}{commitment['url']}")


def _reaches(node: DemoNode, status: str) -> dict[str, Any]:
    """Wait until the node's plan shows that status for the proof of concept."""
    _until(f"{node.name}'s plan to show “{status}”", lambda: _commitment(node)["status"] == status)
    return _commitment(node)


def _commitment(node: DemoNode) -> dict[str, Any]:
    """The proof-of-concept commitment as the node's plan has it."""
    commitments: list[dict[str, Any]] = node.json("plan", "show")["commitments"]
    return next(commitment for commitment in commitments if commitment["slug"] == COMMITMENT)


def _verify(issuer: DemoNode, holder: DemoNode, record_id: str) -> dict[str, Any]:
    """Write the record's file at `holder` and check it offline against the issuer's fingerprint."""
    file = holder.home / f"{record_id}.sild.json"
    holder.run("record", "show", record_id, "--file", str(file))
    verdict: dict[str, Any] = holder.json("record", "verify", str(file), "--fingerprint", issuer.fingerprint)
    return verdict


def _arrived(node: DemoNode, kind: str, record_id: str) -> dict[str, Any]:
    """Wait until the record has arrived at the node."""
    found: list[dict[str, Any]] = []

    def look() -> bool:
        found[:] = [row for row in node.json("record", "list", "--kind", kind) if row["id"] == record_id]
        return bool(found)

    _until(f"the {kind} to arrive at {node.name}", look)
    return found[0]


def _until(what: str, condition: Callable[[], bool]) -> None:
    """Wait for something that the nodes do by themselves."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise DemoError(f"waited {WAIT_SECONDS:.0f} s for {what}, in vain.")
        time.sleep(0.2)


def _serve(nodes: dict[str, DemoNode]) -> None:
    """Keep both nodes up and say how to sign in."""
    for node in nodes.values():
        console.print(
            f"{node.name}: {node.pages_url}  user [bold]{node.username}[/bold]  password [bold]{node.password}[/bold]"
        )
    console.print("Both nodes keep serving; Ctrl-C stops them.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        time.sleep(1)


def _check(condition: bool, sentence: str) -> None:  # noqa: FBT001 -- reads as an assertion
    """Stop the demo with a sentence unless the condition holds."""
    if not condition:
        raise DemoError(sentence)


def _step(number: int, title: str) -> None:
    """Announce a step."""
    console.print(f"\n[bold cyan]{number}. {title}[/bold cyan]")


def _say(sentence: str) -> None:
    """Print one fact."""
    console.print(f"   {sentence}")
