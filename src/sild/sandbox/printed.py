"""A report on paper: the page's sections as a tagged PDF file, in the language that is active."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sild.exchange.multilingual import pick
from sild.sandbox.details import point
from sild.sandbox.engine import act
from sild.sandbox.engine.pdf import Bar, Flow, chart_height
from sild.sandbox.words import COVERAGE, word

if TYPE_CHECKING:
    from collections.abc import Iterable

# Bars in one chart; more would be a page without a heading.
AT_ONCE = 24


def write(report: dict[str, Any], language: str, *, published: str = "") -> bytes:
    """The PDF file.

    Args:
        report: of a run.
        language: the one that is active, for the file's metadata.
        published: id of the record that published it; empty for none.
    """
    title = f"{pick(report['solution']['title'])}: {_('Sandbox report')}"
    flow = Flow(title, language, word(report["statement"]), f"Sild · {report['run']}")
    flow.heading(1, title)
    _verdict(flow, report)
    _described(flow, report)
    _charts(flow, report)
    _figures(flow, report)
    _isolation(flow, report)
    _proof(flow, report, published)
    _act(flow, report)
    return flow.write()


def number(value: float | None, digits: int = 3) -> str:
    """A number as the language writes it."""
    return "–" if value is None else number_format(round(value, digits), digits, use_l10n=True)


def _verdict(flow: Flow, report: dict[str, Any]) -> None:
    """Whether it passed, and which thresholds were met."""
    said = _("Every threshold was met.") if report["passed"] else _("Not every threshold was met.")
    flow.paragraph(said, bold=True)
    counted = ngettext(
        "%(number)s sample, %(answered)s answered.", "%(number)s samples, %(answered)s answered.", report["samples"]
    )
    flow.paragraph(counted % {"number": report["samples"], "answered": report["answered"]})
    flow.paragraph(word(report["statement"]), quiet=True)
    flow.heading(2, _("Thresholds"))
    head = [_("Figure"), _("Asked"), _("Measured"), _("Verdict")]
    flow.table(head, [_threshold(one) for one in report["verdicts"]], [4, 3, 2, 2])


def _threshold(one: dict[str, Any]) -> list[str]:
    """A row of the thresholds."""
    lower = one["at_least"] is not None
    asked = f"{_('at least') if lower else _('at most')} {number(one['at_least'] if lower else one['at_most'])}"
    if one["use"] == "bound":
        asked = f"{asked}, " + _("asked of the interval's bound")
    return [
        _named(one["metric"], one["slice"]),
        asked,
        number(one["measured"]),
        _("met") if one["met"] else _("not met"),
    ]


def _named(metric: str, part: str) -> str:
    """A figure with its group."""
    return f"{word(metric)} ({part})" if part else word(metric)


def _described(flow: Flow, report: dict[str, Any]) -> None:
    """What was tested, and with what."""
    solution, suite = report["solution"], report["suite"]
    sheet = suite["datasheet"]
    flow.heading(2, _("What was tested, and with what"))
    language = sheet["language"] if isinstance(sheet["language"], str) else ", ".join(sheet["language"])
    rows = [
        [_("Solution"), f"{solution['name']} {solution['version']}"],
        [_("Owner"), solution["owner"]],
        [_("What it is for"), pick(solution["purpose"])],
        [_("Intended use"), pick(solution["intended_use"])],
        [_("Risk class"), f"{word(solution['risk_class'])} ({_('as its owner states it')})"],
        [_("Digest of the solution"), solution["digest"]],
        [_("Suite"), f"{suite['name']} {suite['version']}: {pick(suite['title'])}"],
        [_("Source of the data"), f"{sheet['source']} ({sheet['licence']})"],
        [_("Language"), language],
        [_("Digest of the suite"), suite["digest"]],
        [_("Digest of the thresholds"), suite["thresholds_digest"]],
        [_("Attempt"), str(report["attempt"])],
        [_("Started"), report["started"]],
    ]
    flow.table([_("Fact"), _("Value")], rows, [2, 5])


def _charts(flow: Flow, report: dict[str, Any]) -> None:
    """Shares over all samples, then each figure by slice and language."""
    asked = {(one["metric"], one["slice"]): one["at_least"] or one["at_most"] for one in report["verdicts"]}
    shares = [one for one in report["metrics"] if one["low"] >= 0 and one["high"] <= 1 and "_ms" not in one["name"]]
    whole = [one for one in shares if not one["slice"]]
    flow.heading(2, _("Figures with intervals and thresholds"))
    flow.paragraph(
        _("Square: the figure. Line: its 95 % interval. Upright line: the threshold that was fixed before the run."),
        quiet=True,
    )
    _chart(flow, whole, asked)
    for name in dict.fromkeys(one["name"] for one in shares if one["slice"]):
        parts = [one for one in shares if one["name"] == name and one["slice"]]
        title = _("%(figure)s by group") % {"figure": word(name)}
        flow.heading(3, title, following=chart_height(min(len(parts), AT_ONCE)))
        _chart(flow, parts, asked)


def _chart(flow: Flow, metrics: list[dict[str, Any]], asked: dict[tuple[str, str], float]) -> None:
    """Figures below each other, as many in one chart as a page can hold."""
    bars = [
        Bar(
            one["slice"] or word(one["name"]),
            one["value"],
            one["low"],
            one["high"],
            asked.get((one["name"], one["slice"])),
            f"{number(one['value'])} ({number(one['low'])}–{number(one['high'])})",
        )
        for one in metrics
    ]
    for start in range(0, len(bars), AT_ONCE):
        part = bars[start : start + AT_ONCE]
        flow.chart(part, "; ".join(_spoken(bar) for bar in part))


def _spoken(bar: Bar) -> str:
    """A bar in words."""
    threshold = "" if bar.threshold is None else f", {_('threshold')} {number(bar.threshold)}"
    return f"{bar.label}: {bar.shown}{threshold}"


def _figures(flow: Flow, report: dict[str, Any]) -> None:
    """All figures as a table."""
    flow.heading(2, _("Figures"))
    head = [_("Figure"), _("Value"), _("95 % interval"), _("Samples")]
    flow.table(head, [_figure(one) for one in report["metrics"]], [5, 2, 3, 2])
    methods = dict.fromkeys(word(one["method"]) for one in report["metrics"])
    flow.paragraph(f"{_('How it was made')}: {'; '.join(methods)}", quiet=True)


def _figure(one: dict[str, Any]) -> list[str]:
    """A row of the figures."""
    interval = f"{number(one['low'])}–{number(one['high'])}"
    return [_named(one["name"], one["slice"]), number(one["value"]), interval, str(one["n"])]


def _isolation(flow: Flow, report: dict[str, Any]) -> None:
    """What it ran in, what held, and what went wrong."""
    isolation = report["isolation"]
    flow.heading(2, _("Isolation"))
    flow.paragraph(f"{isolation['level']}, {isolation['backend']}")
    rows = [[word(one["name"]), _("held") if one["ok"] else _("did not hold")] for one in report["confinement"]]
    flow.table([_("Before the run a program at the same isolation tried to:"), _("Result")], rows, [4, 1])
    faults: Iterable[list[str]] = [[word(one["code"]), str(one["count"])] for one in report["faults"]]
    if report["faults"]:
        flow.heading(3, _("Faults"))
        flow.table([_("Fault"), _("Count")], list(faults), [4, 1])


def _proof(flow: Flow, report: dict[str, Any], published: str) -> None:
    """How the results can be checked."""
    results = report["results"]
    flow.heading(2, _("What proves it"))
    rows = [
        [_("Run"), report["run"]],
        [_("Results of the samples"), f"sha256:{results['sha256']}"],
        [_("Merkle root"), results["root"]],
        [_("How it was made"), word(results["method"])],
        [_("Record"), published or _("not published yet")],
    ]
    flow.table([_("Fact"), _("Value")], rows, [2, 5])


def _act(flow: Flow, report: dict[str, Any]) -> None:
    """Which points of the EU AI Act are covered, and which not."""
    told = act.mapping(report)
    flow.heading(2, _("EU AI Act: Annex IV and Article 57(7)"))
    flow.paragraph(pick(told["statement"]))
    rows = [
        [point(one["point"]), pick(one["title"]), str(COVERAGE[one["coverage"]]), pick(one["note"])]
        for one in told["points"]
    ]
    flow.table([_("Point"), _("What it asks for"), _("Covered"), _("By what, or why not")], rows, [3, 5, 2, 6])
