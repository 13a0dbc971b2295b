"""TRAM's marked spans, five folds by report, with an encoder tuned in each; prints what came out as JSON.

    tools/tune tools/tune_spans.py TRAM WORK

The first stage is that of the model that ships (tools/tune_encoder.py), over ATT&CK's texts that quote no report; a
WORK where that model was tuned has it already. Then, for each fold, it is tuned four times over the spans of the other
folds, with the sub-techniques of the annotated reports as labels. What it finds likely for a technique of TRAM is the
sum over the techniques of ATT&CK that TRAM counts as it. The logarithms of these chances are added to the mean of the
linear machines and of those for TRAM's finer labels, as much as is best in the other folds. WORK keeps what was tuned.
"""

from __future__ import annotations

import gzip
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import tune_encoder as tuning
from torch.nn import functional

from sild.analyst.training import adding, card, crossvalidate, knowledge

SEED = 100
STRENGTHS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4)
RECIPE = tuning.Recipe(epochs=4)


def main() -> None:
    """Measure."""
    folder, work = map(Path, sys.argv[1:])
    rows = json.loads((folder / "single_label.json").read_bytes())
    with gzip.open(folder / "reports.jsonl.gz") as file:
        reports = [json.loads(line) for line in file]
    known = frozenset(row["label"] for row in rows)
    sentences = knowledge.from_package().sentences
    spans = crossvalidate.spans_of(rows, reports)
    attack, finer = (crossvalidate.attack_texts(sentences, known, finer=fine) for fine in (False, True))
    own = crossvalidate.finer_spans(spans, reports)
    pairs = [*zip(own, spans, strict=True), *zip(finer, attack, strict=True)]
    broad = {text.labels[0]: one.labels[0] for text, one in pairs}
    one = crossvalidate.span_margins(spans, attack)
    other = crossvalidate.span_margins(own, finer, broad)
    both = (one.margins + other.margins) / 2
    said = _tuned(own, known, one.classes, work)
    labels = [span.labels[0] for span in spans]
    truth = np.searchsorted(one.classes, labels)
    told = {"linear": one.margins, "both linear": both, "encoder": said}
    told |= {"linear and encoder": _added(one.margins, said, spans, truth), "all": _added(both, said, spans, truth)}
    print(json.dumps({name: asdict(one.outcome(labels, margins)) for name, margins in told.items()}))


def _added(margins: Any, said: Any, spans: Any, truth: Any) -> Any:
    """The sum, for each fold with the strength that is right most often in the other folds; the least of equals."""
    whole = np.zeros_like(margins)
    for others, here in crossvalidate.folds([span.report for span in spans]):
        right = [((margins + part * said)[others].argmax(axis=1) == truth[others]).sum() for part in STRENGTHS]
        whole[here] = (margins + STRENGTHS[int(np.argmax(right))] * said)[here]
    return whole


def _tuned(spans: Any, known: frozenset[str], classes: Any, work: Path) -> Any:
    """Logarithms of chances, spans by TRAM's classes, each by encoders that have not seen its report."""
    torch.set_num_threads(1)
    reports = card.report_sides()
    tuner = tuning.Tuner(work, RECIPE, tuning.pieces(), tuning.every(reports))
    tuner.begin(*adding.learnt_from(card.sides(knowledge.from_package()), reports))
    examples = [(one.text, (crossvalidate.as_now(one.labels[0]),), 1.0) for one in spans]
    tuner.states.read([text for text, _, _ in examples])
    of = np.array([crossvalidate.as_tram(name, known) for name in tuner.classes])
    said = np.zeros((len(spans), len(classes)))
    for number, (learn, test) in enumerate(crossvalidate.folds([span.report for span in spans])):
        given = [examples[place] for place in learn]
        told = RECIPE.epochs, RECIPE.head_rate, SEED + number
        network = tuner.kept(f"spans-{number}", "first", lambda _, given=given: given, *told)
        chances = _judged(network, tuner.states, [examples[place][0] for place in test])
        said[test] = np.log(np.stack([chances[:, of == name].sum(axis=1) for name in classes], axis=1))
    return said


@torch.no_grad()
def _judged(network: tuning.Network, states: tuning.States, texts: list[str]) -> Any:
    """Chances, texts by the network's classes."""
    parts = [texts[start : start + tuning.BATCH] for start in range(0, len(texts), tuning.BATCH)]
    said = [functional.softmax(network(*states.batch(part)).double(), 1).numpy() for part in parts]
    return np.concatenate(said)


if __name__ == "__main__":
    main()
