"""Which techniques were seen: the ATT&CK matrix with the numbers of what this reader may see."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sild.threats import reading
from sild.threats.engine import attack
from sild.threats.enums import TermKind
from sild.threats.models import Edge, Term
from sild.threats.remembered import Remembered

if TYPE_CHECKING:
    from sild.people.actor import Actor
    from sild.threats.engine.attack import Technique

# Steps of the colour, by the least number that has it; the number itself stands beside it.
STEPS = ((25, 4), (10, 3), (3, 2), (1, 1))
# As many statements of one technique are counted; more is shown as that many and above.
MOST = 5_000


@dataclass(frozen=True, slots=True)
class Cell:
    """A technique in a column of the matrix.

    Attributes:
        number: objects and sightings that name it or one of its sub-techniques.
        subs: its sub-techniques, each with its own number, those seen first.
    """

    technique: Technique
    number: int
    subs: list[tuple[Technique, int]]

    @property
    def step(self) -> int:
        """0 to 4, how strongly it is coloured."""
        return next((step for least, step in STEPS if self.number >= least), 0)


_known: Remembered[Counter[str]] = Remembered()


def numbers(actor: Actor) -> Counter[str]:
    """How many visible objects name each technique, by ATT&CK id; MITRE's own statements do not count."""
    return _known.get(actor, "numbers", lambda: _counted(actor))


def _counted(actor: Actor) -> Counter[str]:
    """Count anew."""
    patterns = _patterns()
    edges = Edge.objects.filter(target_id__in=patterns).exclude(label__in=("object_marking_refs", "created_by_ref"))
    pairs = list(edges.values_list("target_id", "via__object__stix_id", "source__stix_id")[: MOST * 10])
    visible = reading.get_many(actor, {one for _target, via, source in pairs for one in (via, source)})
    mitre = {one for one, found in visible.items() if is_mitres(found.content)}
    counted = {
        (patterns[target], source)
        for target, via, source in pairs
        if via in visible and source in visible and via not in mitre and source not in mitre
    }
    return Counter(name for name, _source in counted)


def matrix(actor: Actor) -> list[tuple[attack.Column, list[Cell]]]:
    """The tactics in order, each with its techniques and their numbers."""
    known = numbers(actor)
    return [(column, [_cell(top, subs, known) for top, subs in column.rows]) for column in attack.matrix()]


def is_mitres(content: dict[str, object]) -> bool:
    """Tell ATT&CK's own objects, which describe the world and not what somebody saw here."""
    return "x_mitre_attack_spec_version" in content


def _cell(top: Technique, subs: tuple[Technique, ...], known: Counter[str]) -> Cell:
    rows = sorted(((sub, known[sub.id]) for sub in subs), key=lambda row: (-row[1], row[0].id))
    return Cell(top, known[top.id] + sum(number for _sub, number in rows), rows)


def _patterns() -> dict[int, str]:
    """The attack-patterns of the store by key, whoever described the technique."""
    rows = Term.objects.filter(
        kind=TermKind.EXTERNAL, value__startswith="t", version__object__kind__name="attack-pattern"
    ).values_list("version__object_id", "value")
    known = attack.techniques()
    return {key: value.upper() for key, value in rows if value.upper() in known}
