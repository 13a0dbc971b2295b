"""Which points of the EU AI Act's technical documentation and exit report a report covers, and which it does not."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

FORMAT = "sild-ai-act/1"


@cache
def catalogue() -> dict[str, Any]:
    """The points with their titles, in three languages, as `act.yaml` has them."""
    text = (files("sild.sandbox.engine") / "act.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = YAML(typ="safe").load(text)
    return loaded


def mapping(report: dict[str, Any]) -> dict[str, Any]:
    """Every point with what covers it, as JSON.

    Members: `format`, `regulation`, `statement`, `report` (what it is about, by digest), and `points`: each with
    `point`, `title` and `note` in three languages, `coverage` (`covered`, `partly` or `none`), and `evidence`, which
    names members of the report by JSON Pointer (RFC 6901). A point whose evidence is empty in this report is not
    covered.
    """
    told = catalogue()
    return {
        "format": FORMAT,
        "regulation": told["regulation"],
        "statement": told["statement"],
        "report": {
            "run": report["run"],
            "solution": report["solution"]["digest"],
            "suite": report["suite"]["digest"],
            "results": report["results"]["root"],
        },
        "points": [_point(point, report) for point in told["points"]],
    }


def _point(point: dict[str, Any], report: dict[str, Any]) -> dict[str, Any]:
    """One point against this report."""
    evidence = [pointer for pointer in point.get("evidence", []) if _at(report, pointer) not in (None, "", [], {})]
    coverage = point["coverage"] if evidence else "none"
    return {
        "point": point["point"],
        "title": point["title"],
        "coverage": coverage,
        "evidence": evidence,
        "note": point["note"],
    }


def _at(report: dict[str, Any], pointer: str) -> Any:
    """The member that a pointer names; None when it is not there."""
    value: Any = report
    for name in pointer.split("/")[1:]:
        value = value.get(name) if isinstance(value, dict) else None
    return value
