"""A report as an in-toto Statement, version 1, for tools of the software supply chain.

The predicate is `https://in-toto.io/attestation/test-result/v0.1` of the in-toto attestation framework: its fields are
used as they are defined there; what it has no field for stands in annotations of the resources that it configures.
"""

from __future__ import annotations

from typing import Any

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1"


def statement(report: dict[str, Any], *, package: str = "", record: dict[str, str] | None = None) -> dict[str, Any]:
    """The statement.

    Args:
        report: of a run.
        package: `sha256:` and the hash of the solution's package, when it is known; it is the second subject, which
            can be checked with any SHA-256 program. The first is the folder: the hash of its manifest.
        record: id and hash of the record that published the report.
    """
    solution, verdicts = report["solution"], report["verdicts"]
    name = f"{solution['name']}@{solution['version']}"
    subject = [{"name": name, "digest": _digest(solution["digest"])}]
    if package:
        subject.append({"name": f"{solution['name']}-{solution['version']}.zip", "digest": _digest(package)})
    return {
        "_type": STATEMENT_TYPE,
        "subject": subject,
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "result": "PASSED" if report["passed"] else "FAILED",
            "configuration": _configuration(report, record),
            "passedTests": [_test(one) for one in verdicts if one["met"]],
            "warnedTests": [],
            "failedTests": [_test(one) for one in verdicts if not one["met"]],
        },
    }


def _configuration(report: dict[str, Any], record: dict[str, str] | None) -> list[dict[str, Any]]:
    """What the result rests on, as resource descriptors."""
    suite, results = report["suite"], report["results"]
    found: list[dict[str, Any]] = [
        {
            "name": f"{suite['name']}@{suite['version']}",
            "digest": _digest(suite["digest"]),
            "annotations": {"scorer": suite["scorer"]["name"], "seed": suite["seed"], "limit": suite["limit"]},
        },
        {"name": "thresholds", "digest": _digest(suite["thresholds_digest"]), "mediaType": "application/json"},
        {"name": "data", "digest": {"sha256": suite["data_sha256"]}},
        {
            "name": results["file"],
            "digest": {"sha256": results["sha256"]},
            "mediaType": "application/jsonl",
            "annotations": {
                "merkleRoot": results["root"],
                "leaves": results["leaves"],
                "run": report["run"],
                "attempt": report["attempt"],
                "started": report["started"],
                "ended": report["ended"],
                "metrics": report["metrics"],
                "isolation": report["isolation"]["level"],
                "confinement": {one["name"]: one["ok"] for one in report["confinement"]},
                "statement": report["statement"],
            },
        },
    ]
    if record:
        found.append(
            {"name": f"record {record['id']}", "digest": _digest(record["hash"]), "mediaType": "application/json"}
        )
    return found


def _digest(named: str) -> dict[str, str]:
    """`sha256:…` as a DigestSet."""
    algorithm, _colon, value = named.partition(":")
    return {algorithm: value}


def _test(verdict: dict[str, Any]) -> str:
    """A threshold as a test's name."""
    bound = f">= {verdict['at_least']}" if verdict["at_least"] is not None else f"<= {verdict['at_most']}"
    where = f"[{verdict['slice']}]" if verdict["slice"] else ""
    asked = " (bound of the 95 % interval)" if verdict["use"] == "bound" else ""
    return f"{verdict['metric']}{where} {bound}{asked}"
