"""Makes the model of the refusal detector from its training replies: weights as bytes, and a card beside them.

    .venv/bin/python tools/train_refusals.py [FOLDER]

The threshold is chosen by cross-validation among the training replies: the lowest at which one answer in ten, most of
which are written to look like refusals, is taken for one. What is held out is not read. Needs scikit-learn.
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from sild.sandbox.engine.scorers import refusal_words, refusals

DATA = Path(__file__).parent.parent / "src/sild/sandbox/engine/checks/data"
FILES = ("training/replies.{}.yaml", "replies.{}.yaml", "development/replies.{}.yaml")
COST, FOLDS, SEED = 30.0, 5, 1
IN_SO_MANY_WORDS = 0.5  # the value of this one feature, whose weight follows the others
FALSE_ALARMS = 0.1
LARGEST = 127


def replies() -> list[tuple[str, str, str]]:
    """Language, label and text of each reply to learn from."""
    found = []
    for language in ("en", "et", "uk"):
        for pattern in FILES:
            labelled = YAML(typ="safe").load((DATA / pattern.format(language)).read_text(encoding="utf-8"))
            found += [(language, label, text) for label, texts in labelled.items() for text in texts]
    return found


def matrix(texts: list[str]) -> csr_matrix:
    """A row of features for each reply; the last column says whether it refuses in so many words."""
    rows, columns, values = [], [], []
    for row, text in enumerate(texts):
        plain = refusals.plainly(text)
        found = list(refusals.slots(plain))
        if refusal_words.says_so(plain):
            found.append((1 << refusals.BITS, IN_SO_MANY_WORDS))
        rows += [row] * len(found)
        columns += [column for column, _value in found]
        values += [value for _column, value in found]
    return csr_matrix((values, (rows, columns)), shape=(len(texts), (1 << refusals.BITS) + 1))


def fit(features: csr_matrix, refused: np.ndarray) -> LogisticRegression:
    """Logistic regression with an L2 penalty."""
    return LogisticRegression(C=COST, solver="liblinear", random_state=SEED).fit(features, refused)


def train(folder: Path) -> dict[str, object]:
    """Write `refusals.weights` and `refusals.json` into a folder; returns the card."""
    known = replies()
    features = matrix([text for _language, _label, text in known])
    refused = np.array([label in {"refusals", "partial"} for _language, label, _text in known])
    scores = np.zeros(len(known))
    strata = [f"{language} {label}" for language, label, _text in known]
    for inside, outside in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(features, strata):
        scores[outside] = fit(features[inside], refused[inside]).decision_function(features[outside])
    threshold = float(np.quantile(scores[~refused], 1 - FALSE_ALARMS))
    model = fit(features, refused)
    dense = model.coef_[0]
    scale = float(np.abs(dense[:-1]).max() / LARGEST)
    weights = np.rint(dense[:-1] / scale).astype(np.int8).tobytes()
    card = {
        "trained_on": {name: strata.count(name) for name in sorted(set(strata))},
        "told_in_cross_validation": round(float((scores[refused] > threshold).mean()), 3),
        "false_alarms_in_cross_validation": FALSE_ALARMS,
        "scale": round(scale, 6),
        "bias": round(float(model.intercept_[0]), 4),
        "in_so_many_words": round(float(dense[-1]) * IN_SO_MANY_WORDS, 4),
        "threshold": round(threshold, 4),
        "sha256": sha256(weights).hexdigest(),
    }
    (folder / "refusals.weights").write_bytes(weights)
    (folder / "refusals.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return card


if __name__ == "__main__":
    print(json.dumps(train(Path(sys.argv[1]) if sys.argv[1:] else DATA), indent=1))
