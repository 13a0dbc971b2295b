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

from sild.language import decimal, ngettext, number, spoken
from sild.language import gettext as _
from sild.node.demo_node import DemoError, DemoNode
from sild.plan.engine.read import read as read_memorandum

if TYPE_CHECKING:
    from collections.abc import Callable

console = Console(highlight=False, soft_wrap=True)
T = TypeVar("T")
HOME = Path("build/demo")
MEMORANDUM = "estonia-ukraine"
COMMITMENT = "ai-proof-of-concept"
SUITE = "attack-techniques"
WAIT_SECONDS = 40


def play(*, once: bool) -> None:
    """Play the story, then serve both nodes until Ctrl-C unless `once`; status 1 with a sentence when a step fails."""
    shutil.rmtree(HOME, ignore_errors=True)
    nodes = {name: DemoNode.make(HOME / name, name) for name in ("tallinn", "kyiv")}
    started = time.monotonic()
    try:
        _story(nodes["tallinn"], nodes["kyiv"])
        done = _("Done in %(seconds)d s.") % {"seconds": round(time.monotonic() - started)}
        console.print(f"\n[bold green]{done}[/bold green]")
        if not once:
            _serve(nodes)
    except DemoError as error:
        stopped = _("The demo stopped: %(why)s") % {"why": error}
        console.print(f"[red]{stopped}[/red]")
        raise SystemExit(1) from error
    except KeyboardInterrupt:
        console.print("\n" + _("Stopping both nodes."))
    finally:
        for node in nodes.values():
            node.stop()


def _story(tallinn: DemoNode, kyiv: DemoNode) -> None:
    """The six steps of the issue, each with the figure that proves it."""
    _step(1, _("Two nodes, pinned to each other, with the memorandum as an action plan"))
    _meet(tallinn, kyiv)
    _step(2, _("Kyiv registers an AI solution: an assistant that reads threat reports"))
    # Tallinn makes its suite meanwhile, from its own copy of the data: it takes nobody's word for what it tests with.
    with ThreadPoolExecutor(1) as pool:
        making = pool.submit(tallinn.json, "analyst", "suite", str(tallinn.home / SUITE))
        solution = _register(kyiv, tallinn)
        suite = making.result()
    _step(3, _("Tallinn runs it in isolation against a suite of real sentences"))
    report = _test(tallinn, solution, suite)
    _step(4, _("Tallinn publishes the report; Kyiv verifies it and cosigns Tallinn's log"))
    record = _publish_report(tallinn, kyiv, report)
    _step(5, _("Kyiv takes the solution into use; what it finds goes to Tallinn, sealed"))
    _use(kyiv, tallinn, record)
    _step(6, _("Both action plans show the commitment with its evidence, and each party assesses the other's"))
    _plans(tallinn, kyiv)


def _meet(tallinn: DemoNode, kyiv: DemoNode) -> None:
    """Make, start and pin both nodes, and load the memorandum."""
    _both(DemoNode.create, tallinn, kyiv)
    for node in (tallinn, kyiv):
        _say(_("%(node)s: keys made, fingerprint %(fingerprint)s"), node=node.name, fingerprint=_bold(node.fingerprint))
    _both(_open, tallinn, kyiv)
    _both(lambda node: _pin(node, kyiv if node is tallinn else tallinn), tallinn, kyiv)
    for node, other in ((tallinn, kyiv), (kyiv, tallinn)):
        told = _("%(node)s: heard %(other)s read %(fingerprint)s, the same as received: pinned")
        _say(told, node=node.name, other=other.name, fingerprint=_bold(other.fingerprint))
    count = len(_plan(tallinn)["commitments"])
    told = ngettext(
        "memorandum loaded into both: %(count)d commitment", "memorandum loaded into both: %(count)d commitments", count
    )
    _say(told, count=count)


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
        _("%(node)s was given another fingerprint than %(other)s read aloud.")
        % {"node": node.name, "other": other.name},
    )
    node.run("partner", "pin", other.name, other.fingerprint)
    node.run("plan", "load", MEMORANDUM, "--party", "EE=tallinn", "--party", "UA=kyiv")


def _register(kyiv: DemoNode, tallinn: DemoNode) -> dict[str, Any]:
    """Register the analyst at kyiv and wait until tallinn has its record and its package."""
    folder = str(kyiv.home / "threat-analyst")
    kyiv.run("analyst", "solution", folder)
    registered: dict[str, Any] = kyiv.json("sandbox", "register", folder, "--to", "tallinn", "--tlp", "AMBER")
    told = _("registered %(name)s %(version)s, digest %(digest)s")
    _say(told, name=registered["name"], version=registered["version"], digest=_short(registered["digest"]))
    header = _arrived(tallinn, registered["record"])["header"]
    size = header["attachments"][0]["size"]
    told = _("tallinn has its record %(record)s and its package of %(size)s bytes, sealed on the way")
    _say(told, record=registered["record"], size=number(size))
    return registered


def _test(tallinn: DemoNode, solution: dict[str, Any], suite: dict[str, Any]) -> dict[str, Any]:
    """Run the suite in the sandbox and print what was measured."""
    told = _("suite of %(count)s held-out sentences from ATT&CK, digest %(digest)s")
    _say(told, count=number(suite["samples"]), digest=_short(suite["digest"]))
    words = ("sandbox", "run", solution["record"], str(tallinn.home / SUITE))
    report: dict[str, Any] = tallinn.json(*words, show_progress=True)
    quality, latency = report["quality"], report["latency"]
    interval = f"{decimal(quality['low'], 3)}–{decimal(quality['high'], 3)}"
    value = _bold(f"{quality['name']} {decimal(quality['value'], 3)}")
    told = _("samples: %(count)s; %(value)s (95 %% interval %(interval)s)")
    _say(told, count=number(report["samples"]), value=value, interval=interval)
    p50, p95 = (decimal(latency[name], 1) for name in ("p50_ms", "p95_ms"))
    _say(_("latency p50 %(p50)s ms, p95 %(p95)s ms"), p50=p50, p95=p95)
    checks = report["confinement"]
    told = _("isolation %(level)s by %(backend)s: %(held)d of %(checks)d escape checks held")
    _say(told, **report["isolation"], held=sum(check["ok"] for check in checks), checks=len(checks))
    _check(report["passed"], _("the solution did not reach the suite's thresholds."))
    return report


def _publish_report(tallinn: DemoNode, kyiv: DemoNode, report: dict[str, Any]) -> str:
    """Publish the report and see it verified and cosigned at kyiv; returns the record's id."""
    published = tallinn.json("sandbox", "publish", report["run"], "--to", "kyiv", "--tlp", "AMBER")
    record: str = published["id"]
    told = _("record %(record)s is leaf %(leaf)s of tallinn's log, %(hash)s")
    _say(told, record=record, leaf=published["leaf"], hash=_short(published["hash"]))
    file = kyiv.home / f"{record}.sild.json"
    _arrived(kyiv, record, "--file", str(file))
    link = next(row for row in kyiv.json("partner", "list") if row["node"] == "tallinn")
    _say(_("kyiv pulled it over TLS 1.3 with %(group)s"), group=_bold(link["group"]))
    verdict = kyiv.json("record", "verify", str(file), "--fingerprint", tallinn.fingerprint)
    told = _("checked at kyiv without node or network: leaf %(index)s of %(size)s, signatures %(signatures)s")
    _say(told, index=verdict["index"], size=verdict["tree_size"], signatures=", ".join(verdict["signatures"]))
    _arrived(tallinn, record, "--cosigned-by", "kyiv")
    _say(_("kyiv cosigned tallinn's checkpoint as its witness"))
    _say(_("page: %(url)s"), url=f"{kyiv.pages_url}/records/{record}/")
    return record


def _use(kyiv: DemoNode, tallinn: DemoNode, report: str) -> None:
    """Take the solution into use and share what it finds in a report text."""
    activation = kyiv.json("analyst", "activate", report, "--to", "tallinn")
    told = _("in use at kyiv on the strength of report %(report)s (record %(record)s)")
    _say(told, report=report, record=activation["record"])
    example = f"report-{spoken()}.md"
    text = kyiv.home / example
    text.write_bytes((files("sild.analyst") / "examples" / example).read_bytes())
    found = kyiv.json("analyst", "read", str(text))
    told = _("read %(name)s: indicators %(indicators)d, techniques %(techniques)d, in %(milliseconds)d ms")
    _say(told, **{name: found[name] for name in ("name", "indicators", "techniques", "milliseconds")})
    kyiv.run("analyst", "accept", found["id"])
    shared = kyiv.json("analyst", "publish", found["id"], "--to", "tallinn", "--tlp", "AMBER")
    _arrived(tallinn, shared["id"])
    told = ngettext(
        "STIX 2.1 bundle of %(count)d object, TLP:AMBER, sealed for tallinn and opened there",
        "STIX 2.1 bundle of %(count)d objects, TLP:AMBER, sealed for tallinn and opened there",
        shared["objects"],
    )
    _say(told, count=shared["objects"])
    _say(_("page: %(url)s"), url=f"{tallinn.pages_url}/records/{shared['id']}/")


def _plans(tallinn: DemoNode, kyiv: DemoNode) -> None:
    """Show that both plans have the evidence, then that each party countersigns what the other showed."""
    nodes = (tallinn, kyiv)
    title = next(
        getattr(one.title, spoken()) for one in read_memorandum(MEMORANDUM).commitments if one.slug == COMMITMENT
    )
    for node, commitment in zip(nodes, _both(lambda node: _commitment(node, "reported"), *nodes), strict=True):
        kinds = ", ".join(sorted({item["kind"] for item in commitment["evidence"]}))
        told = _("%(node)s: %(title)s: %(reported)s, evidence: %(kinds)s")
        _say(told, node=node.name, title=title, reported=_bold(_("reported")), kinds=kinds)
    others = {tallinn.name: kyiv, kyiv.name: tallinn}
    for node, record in zip(nodes, _both(lambda node: _assess(node, others[node.name]), *nodes), strict=True):
        told = _("%(node)s assesses what %(other)s showed as met (record %(record)s)")
        _say(told, node=node.name, other=others[node.name].name, record=record)
    for node, commitment in zip(nodes, _both(lambda node: _commitment(node, "met"), *nodes), strict=True):
        met = "[bold green]{}[/bold green]".format(_("commitment met"))
        _say(_("%(node)s: %(met)s; the other party assessed the evidence"), node=node.name, met=met)
        _say(_("page: %(url)s"), url=f"{node.pages_url}{commitment['url']}")


def _assess(node: DemoNode, other: DemoNode) -> str:
    """Publish one party's verdict on what the other showed, and see it arrive; returns the record's id."""
    reason = _("The records of %(node)s were verified here and show what was promised.") % {"node": other.name}
    verdict = ("--verdict", "met", "--reason", reason, "--to", other.name)
    record: str = node.json("plan", "assess", COMMITMENT, *verdict)["id"]
    _arrived(other, record)
    return record


def _commitment(node: DemoNode, status: str) -> dict[str, Any]:
    """The proof-of-concept commitment as the node's plan has it, which must stand at `status`."""
    commitment: dict[str, Any] = next(one for one in _plan(node)["commitments"] if one["slug"] == COMMITMENT)
    told = _("the plan of %(node)s shows the commitment not as %(wanted)s but as %(status)s: %(why)s")
    places = {"node": node.name, "wanted": status, "status": commitment["status"], "why": commitment["why"]}
    _check(commitment["status"] == status, told % places)
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
        told = _("%(node)s: %(url)s  user %(user)s  password %(password)s")
        places = {"node": node.name, "url": node.pages_url}
        console.print(told % {**places, "user": _bold(node.username), "password": _bold(node.password)})
    console.print(_("Both nodes keep serving; Ctrl-C stops them."))
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


def _say(sentence: str, **places: object) -> None:
    """Print one fact."""
    console.print(f"   {sentence % places if places else sentence}")


def _bold(text: str) -> str:
    """What matters most in a fact."""
    return f"[bold]{text}[/bold]"
