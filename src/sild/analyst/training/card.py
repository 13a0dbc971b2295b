"""Trains, measures and writes the model with its card; every figure in the card comes from here."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version as installed
from typing import TYPE_CHECKING, Any

from sild.analyst.engine.files import CARD_FILE, MODEL_FILE
from sild.analyst.training import corpus, crossfit, judging, measure, reports, split
from sild.analyst.training import fit as fitting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sild.analyst.engine.model import Model
    from sild.analyst.training.knowledge import Knowledge, Sentence

NAME = "threat-analyst"
_LEAST_RIGHT = 0.72  # two points more than solution/suite.yaml asks, since other families are tested there
VERSION = "0.3.0"
NOTICE = (
    "© 2025 The MITRE Corporation. "
    "This work is reproduced and distributed with the permission of The MITRE Corporation."
)
TRAM_NOTICE = "TRAM: Copyright 2020 The MITRE Corporation, licensed under the Apache License, Version 2.0."
TERMS = "https://attack.mitre.org/resources/legal-and-branding/terms-of-use/"


@dataclass(frozen=True, slots=True)
class Sides:
    """The sentences as they were used: measured is only what the source had not cut.

    Attributes:
        train, dev, held_out: the sides of one source.
        more: labelled reports of other sources, which only train.
    """

    train: list[Sentence]
    dev: list[Sentence]
    held_out: list[Sentence]
    more: list[Sentence] = field(default_factory=list)


def sides(knowledge: Knowledge) -> Sides:
    """Divide by family. Cut sentences train, since the beginning carries most, but nothing is measured on them."""
    divided = split.divide(knowledge.sentences)
    return Sides(
        divided["train"],
        [sentence for sentence in divided["dev"] if sentence.whole],
        [sentence for sentence in divided["held-out"] if sentence.whole],
    )


def report_sides(more: Sequence[corpus.Report] = ()) -> Sides:
    """TRAM's sentences, whole reports on one side; spans only train, since what is read are sentences.

    The labelled corpus's English reports of the train side join the training.

    Args:
        more: labelled reports of another source, which only train.
    """
    own = [report for report in corpus.shipped("train") if report.language == "en"]
    divided = split.divide(reports.shipped()[0])
    tested = {name: [row for row in divided[name] if row.kind != "span"] for name in ("dev", "held-out")}
    return Sides(divided["train"], tested["dev"], tested["held-out"], corpus.examples([*own, *more]))


def train(knowledge: Knowledge, recipe: fitting.Recipe, told: Sides | None = None) -> Model:
    """Train, choose thresholds on the development split, measure on what was held out; all of it is in the card.

    Args:
        knowledge: ATT&CK.
        recipe: what a run can vary.
        told: annotated reports, `report_sides()` for those that ship; none by default. ATT&CK texts that quote a
            tested report are not trained on. Chances and thresholds rest on the development split of ATT&CK and on
            reports that are judged by folds, so that the final model learns from all that are not held out.
    """
    parts = sides(knowledge)
    told = told or Sides([], [], [])
    general = split.without_copies(parts.train, told.held_out)
    pool = [*told.train, *told.dev, *told.more]
    learnt = [*general, *pool]
    model = fitting.fit(learnt, knowledge.techniques, recipe)
    strangers = crossfit.judged(general, pool, knowledge.techniques, recipe) if pool else None
    cases = sources(crossfit.told_by(model, parts.dev), strangers)
    model = replace(model, document=judging.weights(list(cases.values())))
    thresholds = thresholds_of(model, cases)
    card = {
        "name": NAME,
        "version": VERSION,
        "what": "Linear support vector machines, one for each technique, over hashed words, pairs of words and 3 to 5"
        " characters within words; weights rounded to a byte; scores calibrated on the development split.",
        "intended_use": "Proposes ATT&CK techniques for sentences of threat reports in English; a person decides.",
        "limits": "Sentences in other languages mostly get no proposal of the model. Precision of strong proposals was"
        " set on both sources together: on TRAM's reports, where much is left unmarked, it is lower. A score is about"
        " one sentence without its context. Techniques with few or no sentences are proposed seldom or never; they are"
        " counted below.",
        "data": {**_data(knowledge, parts), **_reports_data(told, parts, learnt)},
        "classes": _classes(model, knowledge, parts),
        "recipe": {**asdict(recipe), "least": list(recipe.least)},
        "made_with": {name: installed(name) for name in ("numpy", "scipy", "scikit-learn")},
        "thresholds": thresholds,
        "chosen_on": {name: chosen(one, model, thresholds) for name, one in cases.items()},
        "figures": {
            "development": measure.measure(model, parts.dev, thresholds["proposed"]).as_dict(),
            "held_out": measure.measure(model, parts.held_out, thresholds["proposed"]).as_dict(),
            "held_out_strong": measure.measure(model, parts.held_out, thresholds["strong"]).as_dict(),
            **on_reports(model, told, thresholds),
        },
        "documents": documents_of(model, told, thresholds),
        "notice": f"{NOTICE} {TRAM_NOTICE}" if told.train else NOTICE,
        "terms": TERMS,
    }
    return replace(model, card=card)


ATTACK, NOTES, REPORTS = "sentences of ATT&CK, development families", "the labelled corpus", "TRAM's reports"


def sources(dev: crossfit.Judged, told: crossfit.Judged | None) -> dict[str, judging.Cases]:
    """Texts that the machines have not learnt from, by source: single sentences, short notices, long reports."""
    found = {ATTACK: judging.sentences(dev)}
    if told:
        found |= {NOTES: judging.reports(told, corpus.GROUP), REPORTS: judging.reports(told, reports.GROUP)}
    return {name: cases for name, cases in found.items() if len(cases.truth)}


def thresholds_of(model: Model, cases: dict[str, judging.Cases]) -> dict[str, float]:
    """Thresholds of what is proposed and of what is strong.

    `proposed` is where F1 is best, the sources weighing alike, and enough are right in each;
    `strong` where each of the two large ones is surely precise. The corpus's few reports, on which a draw says little,
    are not asked.
    """
    tables = {name: (one.scores(model.document), one.truth, one.groups) for name, one in cases.items()}
    best = judging.best_mean_threshold([(scores, truth) for scores, truth, _ in tables.values()], _LEAST_RIGHT)
    strong = [judging.surely_precise(*table) for name, table in tables.items() if name != NOTES]
    return {"proposed": best, "strong": max(strong)}


def chosen(one: judging.Cases, model: Model, thresholds: dict[str, float]) -> dict[str, float]:
    """What both thresholds give on the data that they were chosen on."""
    scores = one.scores(model.document)
    strong = judging.figures(scores >= thresholds["strong"], one.truth)
    return {
        "texts": len(one.truth),
        **judging.figures(scores >= thresholds["proposed"], one.truth),
        **{f"strong_{name}": value for name, value in strong.items()},
    }


def documents_of(model: Model, told: Sides, thresholds: dict[str, float]) -> dict[str, Any]:
    """Held-out reports as whole texts: over the techniques that TRAM's annotators marked anywhere, and over all.

    What they never looked for in any report counts as wrong in the second, whether it is or not.
    """
    if not told.held_out:
        return {}
    judged = crossfit.told_by(model, told.held_out, model.margins([one.text for one in told.held_out]))
    marked = {name for one in (*told.train, *told.dev, *told.held_out) for name in one.techniques}
    found = {}
    for name, among in (("of_tram", marked), ("of_all", set(judged.ids))):
        cases = judging.reports(judged, among=among)
        found[name] = chosen(cases, model, thresholds)
    return found


def write(model: Model, folder: Path) -> dict[str, Any]:
    """Write the model and its card beside each other; the card names the file by its hash, and is returned."""
    data = model.pack()
    card = {**model.card, "file": {"name": MODEL_FILE, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL_FILE).write_bytes(data)
    (folder / CARD_FILE).write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return card


def _data(knowledge: Knowledge, parts: Sides) -> dict[str, Any]:
    """What was trained on and what was held out."""
    return {
        "origin": f"MITRE ATT&CK Enterprise {knowledge.version}, {knowledge.origin}",
        "digest": knowledge.digest,
        "language": "en",
        "split": "by family (group with its campaigns, or software), by SHA-256 of its STIX id: "
        f"{split.HELD_OUT} % held out, {split.DEV} % development; texts that stand on both sides are not trained on",
        "train": _counted(parts.train),
        "development": _counted(parts.dev),
        "held_out": _counted(parts.held_out),
        "cut": "Texts whose end the source had cut off train, but are neither in development nor held out.",
    }


def _reports_data(told: Sides, parts: Sides, learnt: list[Sentence]) -> dict[str, Any]:
    """What of annotated reports was trained on and held out."""
    if not told.train:
        return {}
    return {
        "reports_origin": reports.ORIGIN,
        "reports_digest": reports.shipped()[1],
        "reports_train": _counted(told.train),
        "corpus_train": _counted(told.more),
        "corpus_test": "Not trained on, no threshold chosen on it, no miss on it looked at. Its totals by language were"
        " measured nine times while lexicon, concepts and model changed, and some of its texts were read for their"
        " style by who wrote English training reports: see corpus/README.md. So figures on it are a little kind.",
        "reports_development": _counted(told.dev),
        "reports_held_out": _counted(told.held_out),
        "attack_texts_that_quote_a_tested_report": len(parts.train)
        + len(told.train)
        + len(told.dev)
        + len(told.more)
        - len(learnt),
    }


def on_reports(model: Model, told: Sides, thresholds: dict[str, float]) -> dict[str, Any]:
    """The same figures on sentences of held-out reports, read together; an unmarked one counts as without."""
    if not told.held_out:
        return {}
    return {
        "held_out_reports": measure.measure(model, told.held_out, thresholds["proposed"], together=True).as_dict(),
        "held_out_reports_strong": measure.measure(model, told.held_out, thresholds["strong"], together=True).as_dict(),
    }


def _counted(sentences: list[Sentence]) -> dict[str, Any]:
    kinds = Counter(sentence.kind for sentence in sentences)
    cut = sum(not sentence.whole for sentence in sentences)
    return {**dict(sorted(kinds.items())), "cut": cut, "families": len({sentence.group for sentence in sentences})}


def _classes(model: Model, knowledge: Knowledge, parts: Sides) -> dict[str, Any]:
    """How many techniques the model knows and which have hardly been seen in use."""
    seen = Counter(name for part in parts.train if part.kind == "procedure" for name in part.techniques)
    known = set(model.ids.tolist())
    return {
        "techniques": len(knowledge.techniques),
        "known": len(known),
        "fewer_than_5_procedures": sorted(name for name in known if 0 < seen[name] < 5),  # noqa: PLR2004 -- the key says it
        "no_procedure": sorted(name for name in known if not seen[name]),
        "not_known": sorted(set(knowledge.techniques) - known),
    }
