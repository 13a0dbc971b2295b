"""Measures and writes what a tuned encoder adds to a model; every figure in its card comes from here."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from importlib.metadata import version as installed
from typing import TYPE_CHECKING, Any

from sild.analyst.engine import encoder
from sild.analyst.engine.files import ENCODER_CARD_FILE, ENCODER_FILE
from sild.analyst.training import card, crossfit, judging, measure, split
from sild.analyst.training import fit as fitting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sild.analyst.engine.encoder import Encoder
    from sild.analyst.engine.model import Model
    from sild.analyst.training.knowledge import Knowledge, Sentence

    # From the sentences to learn from and the techniques to name to an encoder that is ready to run, of strength one.
    Tune = Callable[[Sequence[Sentence], Sequence[str]], Encoder]

SUFFIX = "+ai.1"  # of the version of the model that it is added to
STRENGTHS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6)


@dataclass(frozen=True, slots=True)
class Told:
    """Sentences with the linear margins, and with what the encoder adds to them in full strength."""

    linear: crossfit.Judged
    added: crossfit.Judged

    def joined(self, strength: float) -> crossfit.Judged:
        """The sentences with the sum of both."""
        return replace(self.linear, margins=self.linear.margins + strength * self.added.margins)


def train(knowledge: Knowledge, model: Model, told: card.Sides, tune: Tune, recipe: dict[str, Any]) -> Model:
    """Tune, choose how much is added, and both thresholds, on the data that the linear model's were.

    Args:
        knowledge: ATT&CK, as the model was trained from.
        model: the linear model.
        told: annotated reports, as the model was trained from.
        tune: called for the model, and for each fold of `crossfit`.
        recipe: what `tune` was told, for the card.
    """
    parts = card.sides(knowledge)
    general, pool = learnt_from(parts, told)
    full = tune([*general, *pool], model.ids.tolist())
    linear = crossfit.told_by(model, parts.dev)
    sources = {
        card.ATTACK: Told(linear, replace(linear, margins=full.margins([one.text for one in parts.dev]))),
        card.REPORTS: Told(
            *crossfit.by_strangers(
                general,
                pool,
                knowledge.techniques,
                fitting.Recipe(),
                lambda learnt, of: replace(of, added=tune(learnt, of.ids.tolist())),
            )
        ),
    }
    strength, cases, fits = _strongest(sources)
    document = judging.weights(list(cases.values()))
    added = full.of_strength(strength, document)
    joined = replace(model, document=document, added=added)
    about = {**recipe, "strength": strength, "misfit_by_strength": fits}
    return replace(joined, added=replace(added, card=_card(joined, cases, parts, told, about)))


def learnt_from(parts: card.Sides, told: card.Sides) -> tuple[list[Sentence], list[Sentence]]:
    """ATT&CK's texts that quote no held-out report, and the annotated reports that are not held out."""
    return split.without_copies(parts.train, told.held_out), [*told.train, *told.dev, *told.more]


def _strongest(sources: dict[str, Told]) -> tuple[float, dict[str, judging.Cases], dict[str, float]]:
    """The strength with which the chances fit the development data best, the cases that it gives, and all fits."""
    found = {}
    for strength in (0.0, *STRENGTHS):
        cases = card.sources(sources[card.ATTACK].joined(strength), sources[card.REPORTS].joined(strength))
        found[strength] = cases, judging.misfit(list(cases.values()), judging.weights(list(cases.values())))
    best = min(STRENGTHS, key=lambda strength: found[strength][1])
    return best, found[best][0], {str(strength): round(one[1], 5) for strength, one in found.items()}


def _card(
    model: Model, cases: dict[str, judging.Cases], parts: card.Sides, told: card.Sides, recipe: dict[str, Any]
) -> dict[str, Any]:
    """What was made from what, and all figures that the linear model's card has, of both together."""
    assert model.added is not None
    thresholds = card.thresholds_of(model, cases)
    return {
        **{name: model.card[name] for name in ("name", "data", "notice", "terms") if name in model.card},
        "version": f"{model.version}{SUFFIX}",
        "what": "A sentence encoder (MiniLM-L6), its upper layers tuned to the same texts, added to the margins of the"
        " linear machines; chances and thresholds are those of both together. It reads English sentences only.",
        "base": model.card["file"]["sha256"],
        "encoder": {**encoder.describe(), "tuned": model.added.shapes()},
        "recipe": recipe,
        "made_with": {name: installed(name) for name in ("numpy", "onnxruntime", "scipy", "scikit-learn")},
        "thresholds": thresholds,
        "chosen_on": {name: card.chosen(one, model, thresholds) for name, one in cases.items()},
        "figures": {
            "development": measure.measure(model, parts.dev, thresholds["proposed"]).as_dict(),
            "held_out": measure.measure(model, parts.held_out, thresholds["proposed"]).as_dict(),
            "held_out_strong": measure.measure(model, parts.held_out, thresholds["strong"]).as_dict(),
            **card.on_reports(model, told, thresholds),
        },
        "documents": card.documents_of(model, told, thresholds),
    }


def write(model: Model, folder: Path) -> dict[str, Any]:
    """Write what is added, and its card, beside the linear model; the card is returned."""
    assert model.added is not None
    data = model.added.pack()
    about = {"name": ENCODER_FILE, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    written = {**model.added.card, "file": about}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ENCODER_FILE).write_bytes(data)
    (folder / ENCODER_CARD_FILE).write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return written
