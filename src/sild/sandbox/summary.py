"""A report in a few lines for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def lines(report: dict[str, Any]) -> Iterator[str]:
    """The figures that matter, each with what it rests on."""
    solution, suite = report["solution"], report["suite"]
    verdict = "passed" if report["passed"] else "not passed"
    yield f"{solution['name']} {solution['version']} on {suite['name']} {suite['version']}: {verdict}"
    if made := report.get("made_by"):
        where = "here" if made["here"] else "elsewhere"
        yield f"made {where} by {made['tool']} {made['version']}: {made['task']} with {made['model']}, {made['status']}"
    yield f"run {report['run']}, attempt {report['attempt']}, {report['seconds']} s"
    yield from _registration(report.get("registration"))
    yield from map(_verdict, report["verdicts"])
    for metric in report["metrics"]:
        if not metric["slice"]:
            interval = f"({metric['low']:.3f}–{metric['high']:.3f})"
            yield f"  {metric['name']} {metric['value']:.3f} {interval}, n = {metric['n']}"
    yield from _grading(report.get("grading"))
    latency, throughput = report["latency"], report["throughput"]
    percentiles = ", ".join(f"p{number} {latency[f'p{number}_ms']} ms" for number in (50, 95, 99))
    yield f"latency {percentiles}, n = {latency['n']}"
    yield f"throughput {throughput['per_second']} answers/s with {throughput['window']} in flight"
    held, checks = sum(check["ok"] for check in report["confinement"]), len(report["confinement"])
    isolation = report["isolation"]
    yield f"isolation {isolation['level']}, {isolation['backend']}; {held} of {checks} escape checks held"
    if tried := report.get("tried"):
        yield from _tried(tried)
    for contact in (report.get("egress") or {}).get("contacts", ()):
        told = f"{contact['connections']} connections, {contact['sent_bytes']} bytes sent"
        yield f"through the proxy to {contact['to'] or 'other places'}: {contact['outcome']}, {told}"
    for fault in report["faults"]:
        yield f"fault {fault['code']}: {fault['count']}"
    yield report["statement"]


REGISTERED = {
    "registered": "thresholds registered before the run",
    "other-thresholds": "the thresholds differ from those registered",
    "other-suite": "thresholds as registered, the suite otherwise not",
    "none": "nothing was registered before the run",
}


def _registration(part: dict[str, Any] | None) -> Iterator[str]:
    """What was registered before, and how many attempts there are."""
    if part:
        record = f", record {part['record']} of {part['registered']}" if part["record"] else ""
        yield f"{REGISTERED[part['state']]}{record}; attempts on these data: {len(part['attempts'])}"


def _grading(part: dict[str, Any] | None) -> Iterator[str]:
    """Who graded, how far people agree, and whether the figure is proved."""
    if not part:
        return
    agreement = part["agreement"]
    kappa = "{kappa:.2f} ({low:.2f}–{high:.2f}), n = {n}".format(**agreement) if agreement else "not measured"
    proved = "unproved: " + ", ".join(part["unproved"]) if part["unproved"] else "proved"
    yield f"graded by {part['model']}, kappa with people {kappa}; {proved}"
    yield f"orders to the grader held {part['canaries']['held']} of {part['canaries']['n']}"


def _tried(tried: dict[str, Any]) -> Iterator[str]:
    """What the solution tried, one line for each kind of which there was any."""
    for kind, words in (
        ("addresses", "tried to reach addresses"),
        ("names", "tried to look up names"),
        ("files", "asked for files outside its folder"),
        ("programs", "tried to start programs"),
    ):
        if found := tried[kind]["different"]:
            examples = ", ".join(one["what"] for one in tried[kind]["examples"][:3])
            yield f"{words}: {found} ({tried[kind]['attempts']} attempts; {examples})"
    yield f"made {tried['processes']} processes, wrote {tried['written_bytes']} bytes"


def _verdict(one: dict[str, Any]) -> str:
    """One threshold, what was measured, and whether that met it."""
    bound = f"at least {one['at_least']}" if one["at_least"] is not None else f"at most {one['at_most']}"
    asked = "interval's bound" if one["use"] == "bound" else "value"
    where = f" ({one['slice']})" if one["slice"] else ""
    verdict = "met" if one["met"] else "not met"
    return f"  {one['metric']}{where}: {one['measured']}, {bound} asked of the {asked}: {verdict}"
