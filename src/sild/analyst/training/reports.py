"""TRAM's annotated reports as labelled sentences, in the compact form that ships with the project."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sild.analyst.engine.errors import KnowledgeError
from sild.analyst.engine.sentences import split
from sild.analyst.training.knowledge import Sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NAME = "tram.jsonl.gz"
GROUP = "report:"  # what the names of its families begin with
ORIGIN = "TRAM 2 (Center for Threat-Informed Defense), Apache-2.0"
_ID = re.compile(r"\((T\d{4}(?:\.\d{3})?)\)")
# Techniques that later versions of ATT&CK gave another id.
RENAMED = {"T1574.002": "T1574.001"}


def shipped() -> tuple[list[Sentence], str]:
    """The sentences that ship with the project, and the file's digest."""
    data = (files("sild.analyst.training") / "data" / NAME).read_bytes()
    return parse(data), f"sha256:{hashlib.sha256(data).hexdigest()}"


def parse(data: bytes) -> list[Sentence]:
    """Sentences from the compact form: one report a line, its sentences and its marked spans with their techniques.

    Raises:
        KnowledgeError: the bytes are not in that form.
    """
    try:
        rows = [json.loads(line) for line in gzip.decompress(data).splitlines()]
        sentences = [sentence for row in rows for sentence in _of_report(row)]
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise KnowledgeError("The file does not hold reports with marked spans.") from error
    if not sentences:
        raise KnowledgeError("The file holds no reports.")
    return sentences


def condense(reports: Iterable[dict[str, Any]]) -> bytes:
    """The compact form of TRAM's full texts (`title`, `text`, `annotations`); the same input gives the same bytes.

    Of each report's sentences without a label only every other one is kept, which is enough to learn what is none.
    """
    lines = []
    for report in sorted(reports, key=lambda report: str(report["title"])):
        spans = _spans(report)
        sentences, unlabelled = [], 0
        for sentence in split(report["text"]):
            techniques = {name for start, end, name in spans if start < sentence.end and end > sentence.start}
            unlabelled += not techniques
            if techniques or unlabelled % 2:
                sentences.append([_plain(sentence.text), sorted(techniques)])
        marked = [[_plain(report["text"][start:end]), [name]] for start, end, name in spans]
        lines.append(
            json.dumps({"title": report["title"], "sentences": sentences, "spans": marked}, ensure_ascii=False)
        )
    return gzip.compress("\n".join(lines).encode(), mtime=0)


def _spans(report: dict[str, Any]) -> list[tuple[int, int, str]]:
    found = [(row["start"], row["end"], _ID.search(row["type"])) for row in report["annotations"]]
    return sorted({(start, end, RENAMED.get(match[1], match[1])) for start, end, match in found if match})


def _plain(text: str) -> str:
    return " ".join(text.split())


def _of_report(row: dict[str, Any]) -> Iterator[Sentence]:
    for kind, member in (("report", "sentences"), ("span", "spans")):
        for text, techniques in row[member]:
            yield Sentence(text, tuple(techniques), f"{GROUP}{row['title']}", kind if techniques else "unmarked")
