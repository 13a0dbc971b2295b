"""Findings as one list of proposals that a person goes through, with what was decided about each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sild.analyst.engine.entities import Entity
from sild.analyst.engine.indicators import Indicator
from sild.analyst.engine.techniques import Proposal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sild.analyst.engine.reader import Findings
    from sild.analyst.models import Decision

ENTITY_KINDS = ("actor", "malware", "tool")


@dataclass(frozen=True, slots=True)
class Item:
    """One proposal.

    Attributes:
        key: names it within its reading: `i0`, `p0`, `e0` for the engine's, `n…` for one that a person added.
        group: `technique`, `entity` or `indicator`.
        kind: `technique`, an entity's kind, or an indicator's.
        value: the technique's id, the entity's name, or the indicator's value.
        name: what people call it.
        start, end: where it stands in the text, in characters.
        score: chance that it is right, for techniques; None where there is none.
        basis: `model`, `lexicon`, `named`, `endpoint`, `pattern`, `names` or `person`.
        strong: whether the score is above the card's second threshold.
        scope: as an indicator has it.
        attack_id: of an entity.
        verdict: `accepted`, `rejected`, or empty while nobody decided.
        corrected: whether a person changed it.
        decision: the decision that counts.
    """

    key: str
    group: str
    kind: str
    value: str
    name: str
    start: int
    end: int
    score: float | None = None
    basis: str = "pattern"
    strong: bool = False
    scope: str = ""
    attack_id: str = ""
    verdict: str = ""
    corrected: bool = False
    decision: Decision | None = None

    def as_correction(self) -> dict[str, Any]:
        """What a correction says in full."""
        names = ("group", "kind", "value", "name", "start", "end", "scope", "attack_id")
        return {name: getattr(self, name) for name in names}


def proposed(found: Findings) -> list[Item]:
    """What the engine proposed: techniques, then names, then indicators; an actor is not listed twice."""
    items = [
        Item(
            f"p{place}",
            "technique",
            "technique",
            one.technique,
            one.name,
            one.start,
            one.end,
            one.score,
            one.basis,
            one.strong,
        )
        for place, one in enumerate(found.proposals)
    ]
    for place, one in enumerate(found.entities):
        items.append(
            Item(
                f"e{place}",
                "entity",
                one.kind,
                one.name,
                one.name,
                one.start,
                one.end,
                basis="names",
                attack_id=one.attack_id,
            )
        )
    taken = {(one.start, one.end) for one in found.entities}
    for place, sign in enumerate(found.indicators):
        if (sign.start, sign.end) not in taken:
            group = "entity" if sign.kind == "actor" else "indicator"
            items.append(
                Item(f"i{place}", group, sign.kind, sign.value, sign.value, sign.start, sign.end, scope=sign.scope)
            )
    return items


def decided(found: Findings, decisions: Iterable[Decision]) -> list[Item]:
    """The proposals and what was added, each as the latest decision left it; in the order of the text by group."""
    items = {item.key: item for item in proposed(found)}
    for decision in decisions:
        earlier = items.get(decision.item)
        if decision.correction:
            earlier = Item(
                decision.item,
                # A score belongs to what was scored.
                basis=earlier.basis if earlier and earlier.value == decision.correction["value"] else "person",
                score=earlier.score if earlier and earlier.value == decision.correction["value"] else None,
                corrected=True,
                **decision.correction,
            )
        if earlier:
            verdict = "" if decision.verdict == "open" else decision.verdict
            items[decision.item] = replace(earlier, verdict=verdict, decision=decision)
    order = {"technique": 0, "entity": 1, "indicator": 2}
    return sorted(items.values(), key=lambda item: (order[item.group], item.start, item.end))


def accepted(items: Sequence[Item], text: str) -> tuple[list[Indicator], list[Proposal], list[Entity]]:
    """What was accepted, in the engine's own forms, for the bundle."""
    kept = [item for item in items if item.verdict == "accepted"]
    return (
        [
            Indicator(item.kind, item.value, item.start, item.end, text[item.start : item.end], scope=item.scope)
            for item in kept
            if item.group == "indicator"
        ],
        [
            # What a person added has no score of a model: it is as certain as that person.
            Proposal(item.value, item.name, 1.0 if item.score is None else item.score, item.start, item.end, item.basis)
            for item in kept
            if item.group == "technique"
        ],
        [
            Entity(item.kind, item.value, item.attack_id, item.start, item.end, text[item.start : item.end])
            for item in kept
            if item.group == "entity"
        ],
    )
