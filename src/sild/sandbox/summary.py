"""A report in a few lines for a terminal, and a suite that was added in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sild.language import decimal, gettext_noop, gettext_noops, ngettext, word
from sild.language import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sild.sandbox.models import Suite


def lines(report: dict[str, Any]) -> Iterator[str]:
    """The figures that matter, each with what it rests on."""
    solution, suite = report["solution"], report["suite"]
    verdict = _("passed") if report["passed"] else _("not passed")
    tested = _("%(solution)s on %(suite)s: %(verdict)s")
    names = {name: f"{one['name']} {one['version']}" for name, one in (("solution", solution), ("suite", suite))}
    yield tested % {**names, "verdict": verdict}
    yield from _made(report.get("made_by"))
    told = _("run %(run)s, attempt %(attempt)s, %(seconds)s s")
    yield told % {name: report[name] for name in ("run", "attempt", "seconds")}
    yield from _registration(report.get("registration"))
    yield from map(_verdict, report["verdicts"])
    for metric in report["metrics"]:
        if not metric["slice"]:
            yield f"  {metric['name']} {decimal(metric['value'], 3)} ({_interval(metric, 3)}), n = {metric['n']}"
    yield from _grading(report.get("grading"))
    yield from _speed(report["latency"], report["throughput"])
    yield _isolation(report)
    if tried := report.get("tried"):
        yield from _tried(tried)
    yield from map(_contact, (report.get("egress") or {}).get("contacts", ()))
    for fault in report["faults"]:
        yield _("fault %(code)s: %(count)s") % fault
    yield word(report["statement"])


def added(suite: Suite) -> str:
    """That a suite is here now."""
    told = ngettext(
        "Added %(suite)s with %(count)d sample (%(digest)s).",
        "Added %(suite)s with %(count)d samples (%(digest)s).",
        suite.samples,
    )
    return told % {"suite": suite, "count": suite.samples, "digest": suite.digest}


# What tables are headed with.
HEADINGS = gettext_noops(
    "id", "name", "version", "origin", "record", "digest", "samples", "languages", "scorer", "title", "solution",
    "suite", "attempt", "state", "done", "passed", "level", "for", "backend", "ok", "missing",
)  # fmt: skip
# Codes that a table shows as words.
CODES = gettext_noops(
    "waiting", "running", "finished", "failed", "cancelled", "this node", "endpoints", "commands and models", "images",
    "commands, models and images", "solutions with a GPU", "images by digest", "none",
)  # fmt: skip
# Columns whose values are among them.
SAID = ("state", "origin", "for", "backend")
REGISTERED = {
    "registered": gettext_noop("thresholds registered before the run"),
    "other-thresholds": gettext_noop("the thresholds differ from those registered"),
    "other-suite": gettext_noop("thresholds as registered, the suite otherwise not"),
    "none": gettext_noop("nothing was registered before the run"),
}
# What Inspect and the proxy say by code.
OUTCOMES = gettext_noops(
    "allowed", "not-listed", "not-public", "not-resolved", "unreachable", "bad-request", "success", "error", "cancelled"
)


def _interval(one: dict[str, Any], digits: int) -> str:
    """From the lower to the upper bound."""
    return f"{decimal(one['low'], digits)}–{decimal(one['high'], digits)}"


def _made(part: dict[str, Any] | None) -> Iterator[str]:
    """Which other tool ran it, and where."""
    if part:
        here = _("made here by %(tool)s %(version)s: %(task)s with %(model)s, %(status)s")
        elsewhere = _("made elsewhere by %(tool)s %(version)s: %(task)s with %(model)s, %(status)s")
        yield (here if part["here"] else elsewhere) % {**part, "status": word(part["status"])}


def _registration(part: dict[str, Any] | None) -> Iterator[str]:
    """What was registered before, and how many attempts there are."""
    if part:
        named = _("record %(record)s of %(registered)s") % part
        words = [word(REGISTERED[part["state"]]), *([named] if part["record"] else [])]
        attempts = _("attempts on these data: %(count)d") % {"count": len(part["attempts"])}
        yield f"{', '.join(words)}; {attempts}"


def _grading(part: dict[str, Any] | None) -> Iterator[str]:
    """Who graded, how far people agree, and whether the figure is proved."""
    if not part:
        return
    one = part["agreement"]
    kappa = f"{decimal(one['kappa'], 2)} ({_interval(one, 2)}), n = {one['n']}" if one else _("not measured")
    unproved = _("unproved: %(why)s") % {"why": ", ".join(part["unproved"])}
    told = _("graded by %(model)s, kappa with people %(kappa)s; %(proved)s")
    yield told % {"model": part["model"], "kappa": kappa, "proved": unproved if part["unproved"] else _("proved")}
    yield _("orders to the grader held %(held)s of %(n)s") % part["canaries"]


def _speed(latency: dict[str, Any], throughput: dict[str, Any]) -> Iterator[str]:
    """How long an answer took, and how many came in a second."""
    percentiles = ", ".join(
        _("p%(number)d %(time)s ms") % {"number": number, "time": latency[f"p{number}_ms"]} for number in (50, 95, 99)
    )
    yield _("latency %(percentiles)s, n = %(n)s") % {"percentiles": percentiles, "n": latency["n"]}
    yield _("throughput %(per_second)s answers/s with %(window)s in flight") % throughput


def _isolation(report: dict[str, Any]) -> str:
    """What it ran in, and how much of an escape was tried in vain."""
    held, checks = sum(check["ok"] for check in report["confinement"]), len(report["confinement"])
    told = _("isolation %(level)s, %(backend)s; %(held)d of %(checks)d escape checks held")
    return told % {**report["isolation"], "held": held, "checks": checks}


def _contact(one: dict[str, Any]) -> str:
    """Where the proxy let it go, or not."""
    told = _("through the proxy to %(to)s: %(outcome)s, %(connections)s connections, %(sent_bytes)s bytes sent")
    return told % {**one, "to": one["to"] or _("other places"), "outcome": word(one["outcome"])}


def _tried(tried: dict[str, Any]) -> Iterator[str]:
    """What the solution tried, one line for each kind of which there was any."""
    for kind, words in (
        ("addresses", _("tried to reach addresses")),
        ("names", _("tried to look up names")),
        ("files", _("asked for files outside its folder")),
        ("programs", _("tried to start programs")),
    ):
        if found := tried[kind]["different"]:
            examples = ", ".join(one["what"] for one in tried[kind]["examples"][:3])
            places = {"what": words, "number": found, "attempts": tried[kind]["attempts"], "examples": examples}
            yield _("%(what)s: %(number)s (%(attempts)s attempts; %(examples)s)") % places
    yield _("made %(processes)s processes, wrote %(written_bytes)s bytes") % tried


def _verdict(one: dict[str, Any]) -> str:
    """One threshold, what was measured, and whether that met it."""
    is_least = one["at_least"] is not None
    bound = one["at_least"] if is_least else one["at_most"]
    if one["use"] == "bound":
        asked = (
            _("at least %(bound)s asked of the interval's bound")
            if is_least
            else _("at most %(bound)s asked of the interval's bound")
        )
    else:
        asked = _("at least %(bound)s asked of the value") if is_least else _("at most %(bound)s asked of the value")
    where = f" ({one['slice']})" if one["slice"] else ""
    verdict = _("met") if one["met"] else _("not met")
    return f"  {one['metric']}{where}: {one['measured']}, {asked % {'bound': bound}}: {verdict}"
