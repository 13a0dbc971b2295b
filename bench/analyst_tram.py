"""The analyst on TRAM's reports: five folds by report, and the model that ships on those that it has not seen.

SILD_TRAM names a folder with TRAM's `single_label.json` and `reports.jsonl.gz`; `../shared/data/tram` by default.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from harness import Figure

from sild.analyst.engine import model as engine
from sild.analyst.engine.reader import read
from sild.analyst.training import crossvalidate, knowledge, split

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"
ABOUT = "TRAM spans, 5 folds by report"
USE_ENCODER: list[bool] = []  # bench/encoder.py puts something in


def spans() -> list[Figure]:
    """TRAM's spans, five folds by report, beside TF-IDF and a linear SVM from scikit-learn on the same folds."""
    if not (given := tram_folds()):
        return []
    rows, reports, attack = given
    marked = crossvalidate.spans_of(rows, reports)
    found, plain = crossvalidate.on_spans(marked, attack), crossvalidate.baseline(marked)
    peer = "TF-IDF of words and characters, linear SVM"
    return [
        Figure(f"micro F1, {ABOUT}", found.micro_f1, "", 0.89, "higher", peer, plain.micro_f1),
        Figure(f"macro F1, {ABOUT}", found.macro_f1, "", 0.82, "higher", peer, plain.macro_f1),
    ]


def spans_with_encoder() -> list[Figure]:
    """The same with encoders tuned for each fold (tools/tune_spans.py): three quarters of an hour, and PyTorch.

    A quarter where build/tune/work has what it, or the tuning of the encoder that ships, left there.
    """
    if not (folder := tram_folder()):
        return []
    command = ["tools/tune", "tools/tune_spans.py", str(folder), "build/tune/work"]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    told = json.loads(done.stdout.splitlines()[-1])
    peer = "linear machines alone"
    return [
        Figure(f"{name} F1, {ABOUT}, {what}", told[key][f"{name}_f1"], "", target, "higher", peer, plain)
        for name, least in (("micro", 0.89), ("macro", 0.82))
        for plain in (told["linear"][f"{name}_f1"],)
        for what, key, target in (
            ("with the encoder", "linear and encoder", None),
            ("with the encoder and machines for finer labels", "all", least),
            ("the encoder alone", "encoder", None),
            ("machines for finer labels too, no encoder", "both linear", None),
        )
    ]


def documents() -> list[Figure]:
    """TRAM's documents with all their sentences, five folds by report."""
    if not (given := tram_folds()):
        return []
    rows, reports, attack = given
    known = frozenset(row["label"] for row in rows)
    gold = crossvalidate.documents(reports, known)
    found, error = crossvalidate.on_documents(crossvalidate.sentences_of(reports, known), gold, attack)
    about = "TRAM documents with all sentences, 5 folds by report"
    return [
        Figure(f"micro F1, {about}", found.micro_f1, "", 0.76, "higher"),
        Figure(f"precision, {about}", found.precision, "", None, "higher"),
        Figure(f"recall, {about}", found.recall, "", None, "higher"),
        Figure("mean F1 of a TRAM document", found.mean_document_f1, "", None, "higher"),
        Figure("calibration error of a document's score", error, ""),
    ]


def held_out() -> list[Figure]:
    """The model that ships on whole texts of TRAM's reports that it has not seen, all 691 techniques proposed.

    Techniques count that TRAM's annotators marked somewhere; of others they did not say whether they are there, so
    precision over all techniques is told twice: by their marks alone, and with what the report names besides. What a
    report names by its id (in its own table of techniques, mostly) is taken at its word and told apart.
    """
    if not (given := tram_folds()):
        return []
    _, reports, _ = given
    marked = frozenset(name for report in reports for name in crossvalidate.techniques_of(report))
    tested = [report for report in reports if split.side(f"report:{report['title']}") == "held-out"]
    proposed, strong, named, every, told = (np.zeros(3) for _ in range(5))
    for report in tested:
        wanted = crossvalidate.techniques_of(report)
        proposals = read(report["text"], model()).proposals
        proposed += _counts({one.technique for one in proposals} & marked, wanted)
        sure = {one.technique for one in proposals if one.strong and one.basis == "model"}
        strong += _counts(sure & marked, wanted)
        named += _counts({one.technique for one in proposals if one.basis == "named"} & marked, wanted)
        every += _counts(sure, wanted)
        told += _counts(sure, wanted | {one for one in sure if _names(report["text"], one)})
    about = f"{len(tested)} held-out TRAM reports read whole"
    all_strong = f"precision of strong, all {len(model().ids)} techniques, {about}, n={every[1]:.0f}"
    return [
        Figure(f"{all_strong}; what nobody looked for is wrong", _share(every), "", None, "higher"),
        Figure(f"{all_strong}; what a report names by id or full name is right", _share(told), "", None, "higher"),
        Figure(f"micro F1, {about}", 2 * proposed[0] / (proposed[1] + proposed[2]), "", None, "higher"),
        Figure(
            f"precision of the model's strong techniques, {about}, n={strong[1]:.0f}", _share(strong), "", 0.9, "higher"
        ),
        Figure(f"marked by annotators of what {about} name by id, n={named[1]:.0f}", _share(named), "", None, "higher"),
    ]


def _names(text: str, technique: str) -> bool:
    """Whether a text names a technique by its id, or by a name of two words or more; one word may be a program's."""
    name = str(model().names[model().ids.tolist().index(technique)])
    by_id = re.search(rf"(?<![\w.]){re.escape(technique)}(?!\w|\.\d)", text)
    return bool(by_id) or (" " in name and name.lower() in text.lower())


def _share(counts: Any) -> float:
    return float(counts[0] / max(1, counts[1]))


def _counts(found: set[str], wanted: set[str]) -> Any:
    """Right, found, wanted."""
    return np.array([len(found & wanted), len(found), len(wanted)])


@cache
def tram_folder() -> Path | None:
    """Where TRAM's files are; None, and a line that says so, where they are not."""
    folder = Path(os.environ.get("SILD_TRAM", SHARED / "tram"))
    if (folder / "reports.jsonl.gz").is_file():
        return folder
    print(f"TRAM's reports are not in {folder}: their figures are left out.")
    return None


@cache
def tram_folds() -> tuple[Any, Any, Any] | None:
    """TRAM's rows, its reports, and ATT&CK's texts about its techniques; None where TRAM is not."""
    if not (folder := tram_folder()):
        return None
    rows = json.loads((folder / "single_label.json").read_text(encoding="utf-8"))
    reports = [json.loads(line) for line in gzip.decompress((folder / "reports.jsonl.gz").read_bytes()).splitlines()]
    known = frozenset(row["label"] for row in rows)
    return rows, reports, crossvalidate.attack_texts(knowledge.from_package().sentences, known)


def model() -> engine.Model:
    """The model that is measured: the one that ships, with the encoder of `sild[ai]` while `USE_ENCODER` is true."""
    return _loaded(with_encoder=bool(USE_ENCODER))


@cache
def _loaded(*, with_encoder: bool) -> engine.Model:
    return engine.load_with_encoder() if with_encoder else engine.load()
