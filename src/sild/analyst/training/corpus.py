"""Labelled reports in the corpus's form: those that ship, and those that analysts corrected."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sild.analyst.engine.errors import KnowledgeError
from sild.analyst.engine.sentences import split
from sild.analyst.training.knowledge import Sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

LANGUAGES = ("en", "et", "uk")
GROUP = "corpus:"  # what the names of its families begin with
_TYPES = {"technique": "technique", "indicator": "value", "actor": "value", "malware": "value"}


@dataclass(frozen=True, slots=True)
class Report:
    """One labelled report; the form is in docs/analyst.md.

    Attributes:
        id, language, side, text: as the file has them.
        spans: what is marked, sorted by place.
    """

    id: str
    language: str
    side: str
    text: str
    spans: tuple[dict[str, Any], ...]


def shipped(side: str) -> list[Report]:
    """The reports of one side that ship with the project, by language."""
    folder = files("sild.analyst") / "corpus"
    names = [f"{language}-{side}.jsonl" for language in LANGUAGES]
    present = [folder / name for name in names if (folder / name).is_file()]
    return [report for file in present for report in parse(file.read_bytes())]


def parse(data: bytes) -> list[Report]:
    """Reports from JSON lines.

    Raises:
        KnowledgeError: naming the line that is not in the form.
    """
    found = []
    for number, line in enumerate(data.splitlines(), 1):
        try:
            found.append(_report(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise KnowledgeError(f"Line {number} is no labelled report: {error!r}.") from error
    return found


def sentences(reports: list[Report]) -> list[Sentence]:
    """The sentences of reports with the techniques of the spans in them, for training."""
    return [sentence for report in reports for sentence in _sentences(report)]


def examples(reports: list[Report]) -> list[Sentence]:
    """What a model learns from of each report: its sentences, then the marked spans by themselves."""
    return [one for report in reports for one in (*_sentences(report), *_spans(report))]


def _spans(report: Report) -> Iterator[Sentence]:
    for span in report.spans:
        if span["type"] == "technique":
            text = report.text[span["start"] : span["end"]]
            yield Sentence(text, (span["technique"],), f"{GROUP}{report.id}", "span")


def _sentences(report: Report) -> Iterator[Sentence]:
    marked = [span for span in report.spans if span["type"] == "technique"]
    for sentence in split(report.text):
        inside = (span for span in marked if span["start"] < sentence.end and span["end"] > sentence.start)
        techniques = tuple(sorted({span["technique"] for span in inside}))
        yield Sentence(sentence.text, techniques, f"{GROUP}{report.id}", "report" if techniques else "unmarked")


def _report(row: dict[str, Any]) -> Report:
    text, spans = row["text"], row["spans"]
    for span in spans:
        if not 0 <= span["start"] < span["end"] <= len(text) or not isinstance(span[_TYPES[span["type"]]], str):
            raise ValueError(f"a span at {span['start']}")
    if row["side"] not in {"train", "test"} or not isinstance(text, str):
        raise ValueError("the side is train or test, the text a text")
    return Report(row["id"], row["language"], row["side"], text, tuple(spans))
