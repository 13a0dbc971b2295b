"""TRAM's marked spans, five folds by report, with an encoder tuned in each; prints what came out as JSON.

    tools/tune tools/tune_spans.py TRAM WORK

For each fold the encoder is tuned as for the model that ships (tools/tune_encoder.py), but to TRAM's techniques, and
to spans by themselves: twice over ATT&CK's texts that quote no span, shared by all folds, then four times over the
spans of the other folds. The logarithms of its chances are added to the mean of the linear machines and of those for
TRAM's finer labels, as much as is best in the other folds. WORK keeps what was tuned.
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

from sild.analyst.engine import model as engine
from sild.analyst.training import crossvalidate, knowledge

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
    said = _tuned(spans, attack, one.classes, work)
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


def _tuned(spans: Any, attack: Any, classes: Any, work: Path) -> Any:
    """Logarithms of chances, spans by classes, each by encoders that have not seen its report."""
    torch.set_num_threads(2)
    work.mkdir(parents=True, exist_ok=True)
    tuner = tuning.Tuner(work, RECIPE, engine.load_with_encoder().added.pieces)
    tuner.classes = ["", *classes.tolist()]
    examples = [(one.text, one.labels, 1.0) for one in spans]
    texts = {id(one): (one.text, one.labels, 1.0) for one in attack}
    tuner.states.read([text for text, _, _ in examples])
    shared = [texts[id(one)] for one in crossvalidate.quoting_none(attack, spans)]
    tuner.kept("first", None, lambda _: shared, RECIPE.first_epochs, RECIPE.first_head_rate, 0)
    said = np.zeros((len(spans), len(classes)))
    for number, (learn, test) in enumerate(crossvalidate.folds([span.report for span in spans])):
        given = [examples[place] for place in learn]
        told = RECIPE.epochs, RECIPE.head_rate, SEED + number
        network = tuner.kept(f"fold-{number}", "first", lambda _, given=given: given, *told)
        said[test] = _judged(network, tuner.states, [examples[place][0] for place in test])
    return said


@torch.no_grad()
def _judged(network: tuning.Network, states: tuning.States, texts: list[str]) -> Any:
    parts = [texts[start : start + tuning.BATCH] for start in range(0, len(texts), tuning.BATCH)]
    return np.concatenate([functional.log_softmax(network(*states.batch(part)), 1)[:, 1:].numpy() for part in parts])


if __name__ == "__main__":
    main()
