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
    yield from map(_verdict, report["verdicts"])
    for metric in report["metrics"]:
        if not metric["slice"]:
            interval = f"({metric['low']:.3f}–{metric['high']:.3f})"
            yield f"  {metric['name']} {metric['value']:.3f} {interval}, n = {metric['n']}"
    latency, throughput = report["latency"], report["throughput"]
    percentiles = ", ".join(f"p{number} {latency[f'p{number}_ms']} ms" for number in (50, 95, 99))
    yield f"latency {percentiles}, n = {latency['n']}"
    yield f"throughput {throughput['per_second']} answers/s with {throughput['window']} in flight"
    held, checks = sum(check["ok"] for check in report["confinement"]), len(report["confinement"])
    isolation = report["isolation"]
    yield f"isolation {isolation['level']}, {isolation['backend']}; {held} of {checks} escape checks held"
    for fault in report["faults"]:
        yield f"fault {fault['code']}: {fault['count']}"
    yield report["statement"]


def _verdict(one: dict[str, Any]) -> str:
    """One threshold, what was measured, and whether that met it."""
    bound = f"at least {one['at_least']}" if one["at_least"] is not None else f"at most {one['at_most']}"
    asked = "interval's bound" if one["use"] == "bound" else "value"
    where = f" ({one['slice']})" if one["slice"] else ""
    verdict = "met" if one["met"] else "not met"
    return f"  {one['metric']}{where}: {one['measured']}, {bound} asked of the {asked}: {verdict}"
