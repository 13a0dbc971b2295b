"""`sild demo`: the whole story on real input, with two nodes on this machine.

Everything happens through the `sild` command, as officials would do it; the demo only types, waits and prints.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rich.console import Console

from sild.node.demo_node import DemoError, DemoNode

if TYPE_CHECKING:
    from collections.abc import Callable

console = Console(highlight=False, soft_wrap=True)
T = TypeVar("T")
HOME = Path("build/demo")
COMMITMENT = "ai-proof-of-concept"
EXAMPLE = "report-en.md"
SUITE = "attack-techniques"
WAIT_SECONDS = 40


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
    # Tallinn makes its suite meanwhile, from its own copy of the data: it takes nobody's word for what it tests with.
    with ThreadPoolExecutor(1) as pool:
        making = pool.submit(tallinn.json, "analyst", "suite", str(tallinn.home / SUITE))
        solution = _register(kyiv, tallinn)
        suite = making.result()
    _step(3, "Tallinn runs it in isolation against a suite of real sentences")
    report = _test(tallinn, solution, suite)
    _step(4, "Tallinn publishes the report; Kyiv verifies it and cosigns Tallinn's log")
    record = _publish_report(tallinn, kyiv, report)
    _step(5, "Kyiv takes the solution into use; what it finds goes to Tallinn, sealed")
    _use(kyiv, tallinn, record)
    _step(6, "Both action plans show the commitment with its evidence, and each party assesses the other's")
    _plans(tallinn, kyiv)


def _meet(tallinn: DemoNode, kyiv: DemoNode) -> None:
    """Make, start and pin both nodes, and load the memorandum."""
    _both(DemoNode.create, tallinn, kyiv)
    for node in (tallinn, kyiv):
        _say(f"{node.name}: keys made, fingerprint [bold]{node.fingerprint}[/bold]")
    _both(_open, tallinn, kyiv)
    _both(lambda node: _pin(node, kyiv if node is tallinn else tallinn), tallinn, kyiv)
    for node, other in ((tallinn, kyiv), (kyiv, tallinn)):
        _say(f"{node.name}: heard {other.name} read [bold]{other.fingerprint}[/bold], the same as received: pinned")
    _say(f"memorandum loaded into both: {len(_plan(tallinn)['commitments'])} commitments")


def _open(node: DemoNode) -> None:
    """Start a node, and add its people while it starts."""
    node.launch()
    node.welcome()
    node.wait()


def _pin(node: DemoNode, other: DemoNode) -> None:
    """At one node: ask the other who it is, compare with what was read aloud, pin it; then load the memorandum."""
    added = node.json("partner", "add", other.exchange_url)
    _check(
        added["fingerprint"] == other.fingerprint,
        f"{node.name} was given another fingerprint than {other.name} read aloud.",
    )
    node.run("partner", "pin", other.name, other.fingerprint)
    node.run("plan", "load", "estonia-ukraine", "--party", "EE=tallinn", "--party", "UA=kyiv")


def _register(kyiv: DemoNode, tallinn: DemoNode) -> dict[str, Any]:
    """Register the analyst at kyiv and wait until tallinn has its record and its package."""
    folder = str(kyiv.home / "threat-analyst")
    kyiv.run("analyst", "solution", folder)
    registered: dict[str, Any] = kyiv.json("sandbox", "register", folder, "--to", "tallinn", "--tlp", "AMBER")
    _say(f"registered {registered['name']} {registered['version']}, digest {_short(registered['digest'])}")
    header = _arrived(tallinn, registered["record"])["header"]
    size = header["attachments"][0]["size"]
    _say(f"tallinn has its record {registered['record']} and its package of {size:,} bytes, sealed on the way")
    return registered


def _test(tallinn: DemoNode, solution: dict[str, Any], suite: dict[str, Any]) -> dict[str, Any]:
    """Run the suite in the sandbox and print what was measured."""
    _say(f"suite of {suite['samples']:,} held-out sentences from ATT&CK, digest {_short(suite['digest'])}")
    words = ("sandbox", "run", solution["record"], str(tallinn.home / SUITE))
    report: dict[str, Any] = tallinn.json(*words, show_progress=True)
    quality, latency = report["quality"], report["latency"]
    interval = f"95 % interval {quality['low']:.3f}–{quality['high']:.3f}"
    _say(f"{report['samples']:,} samples: [bold]{quality['name']} {quality['value']:.3f}[/bold] ({interval})")
    _say(f"latency p50 {latency['p50_ms']:.1f} ms, p95 {latency['p95_ms']:.1f} ms")
    checks, isolation = report["confinement"], report["isolation"]
    held = f"{sum(check['ok'] for check in checks)} of {len(checks)} escape checks held"
    _say(f"isolation {isolation['level']} by {isolation['backend']}: {held}")
    _check(report["passed"], "the solution did not reach the suite's thresholds.")
    return report


def _publish_report(tallinn: DemoNode, kyiv: DemoNode, report: dict[str, Any]) -> str:
    """Publish the report and see it verified and cosigned at kyiv; returns the record's id."""
    published = tallinn.json("sandbox", "publish", report["run"], "--to", "kyiv", "--tlp", "AMBER")
    record: str = published["id"]
    _say(f"record {record} is leaf {published['leaf']} of tallinn's log, {_short(published['hash'])}")
    file = kyiv.home / f"{record}.sild.json"
    _arrived(kyiv, record, "--file", str(file))
    link = next(row for row in kyiv.json("partner", "list") if row["node"] == "tallinn")
    _say(f"kyiv pulled it over TLS 1.3 with [bold]{link['group']}[/bold]")
    verdict = kyiv.json("record", "verify", str(file), "--fingerprint", tallinn.fingerprint)
    proved = f"leaf {verdict['index']} of {verdict['tree_size']}, signed with {' and '.join(verdict['signatures'])}"
    _say(f"checked at kyiv without node or network: {proved}")
    _arrived(tallinn, record, "--cosigned-by", "kyiv")
    _say("kyiv cosigned tallinn's checkpoint as its witness")
    _say(f"page: {kyiv.pages_url}/records/{record}/")
    return record


def _use(kyiv: DemoNode, tallinn: DemoNode, report: str) -> None:
    """Take the solution into use and share what it finds in a report text."""
    activation = kyiv.json("analyst", "activate", report, "--to", "tallinn")
    _say(f"in use at kyiv on the strength of report {report} (record {activation['record']})")
    text = kyiv.home / EXAMPLE
    text.write_bytes((files("sild.analyst") / "examples" / EXAMPLE).read_bytes())
    found = kyiv.json("analyst", "read", str(text))
    counts = f"{found['indicators']} indicators and {found['techniques']} techniques in {found['milliseconds']} ms"
    _say(f"read {found['name']}: {counts}")
    kyiv.run("analyst", "accept", found["id"])
    shared = kyiv.json("analyst", "publish", found["id"], "--to", "tallinn", "--tlp", "AMBER")
    _arrived(tallinn, shared["id"])
    _say(f"STIX 2.1 bundle of {shared['objects']} objects, TLP:AMBER, sealed for tallinn and opened there")
    _say(f"page: {tallinn.pages_url}/records/{shared['id']}/")


def _plans(tallinn: DemoNode, kyiv: DemoNode) -> None:
    """Show that both plans have the evidence, then that each party countersigns what the other showed."""
    nodes = (tallinn, kyiv)
    for node, commitment in zip(nodes, _both(lambda node: _commitment(node, "reported"), *nodes), strict=True):
        kinds = ", ".join(sorted({item["kind"] for item in commitment["evidence"]}))
        _say(f"{node.name}: {commitment['title']}: [bold]reported[/bold], evidence: {kinds}")
    others = {tallinn.name: kyiv, kyiv.name: tallinn}
    for node, record in zip(nodes, _both(lambda node: _assess(node, others[node.name]), *nodes), strict=True):
        _say(f"{node.name} assesses what {others[node.name].name} showed as met (record {record})")
    for node, commitment in zip(nodes, _both(lambda node: _commitment(node, "met"), *nodes), strict=True):
        _say(f"{node.name}: [bold green]met[/bold green]. {commitment['why']}")
        _say(f"page: {node.pages_url}{commitment['url']}")


def _assess(node: DemoNode, other: DemoNode) -> str:
    """Publish one party's verdict on what the other showed, and see it arrive; returns the record's id."""
    reason = f"The records of {other.name} were verified here and show what was promised."
    verdict = ("--verdict", "met", "--reason", reason, "--to", other.name)
    record: str = node.json("plan", "assess", COMMITMENT, *verdict)["id"]
    _arrived(other, record)
    return record


def _commitment(node: DemoNode, status: str) -> dict[str, Any]:
    """The proof-of-concept commitment as the node's plan has it, which must stand at `status`."""
    commitment: dict[str, Any] = next(one for one in _plan(node)["commitments"] if one["slug"] == COMMITMENT)
    stands = f"it stands at {commitment['status']}: {commitment['why']}"
    _check(commitment["status"] == status, f"{node.name}'s plan does not show the commitment as {status}; {stands}")
    return commitment


def _plan(node: DemoNode) -> dict[str, Any]:
    """The node's action plan."""
    plan: dict[str, Any] = node.json("plan", "show")
    return plan


def _arrived(node: DemoNode, record_id: str, *words: str) -> dict[str, Any]:
    """Wait until the record has arrived at the node; returns what it says, unless it is written to a file."""
    printed = node.run("record", "show", record_id, "--wait", str(WAIT_SECONDS), *words)
    content: dict[str, Any] = {} if words else json.loads(printed)
    return content


def _both(act: Callable[[DemoNode], T], *nodes: DemoNode) -> list[T]:
    """Do the same at both nodes at the same time."""
    with ThreadPoolExecutor(len(nodes)) as pool:
        return list(pool.map(act, nodes))


def _short(digest: str) -> str:
    """Enough of a digest to compare by eye."""
    return digest[: len("sha256:") + 16] + "…"


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
