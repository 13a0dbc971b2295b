"""“Have we or our partner seen this?” for a list of indicators: what each reader may know, and no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sild.exchange import own
from sild.exchange.models import Record
from sild.threats import search
from sild.threats.engine import pasted
from sild.threats.models import Assertion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.people.actor import Actor
    from sild.threats.engine.pasted import Asked
    from sild.threats.reading import Found


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of one indicator of the list.

    Attributes:
        objects: the visible objects that contain it, newest first.
        nodes: the partners whose standing records say so.
        is_ours: whether our own people said so as well.
    """

    asked: Asked
    objects: Sequence[Found]
    nodes: Sequence[str]
    is_ours: bool

    @property
    def is_known(self) -> bool:
        """True when anybody has seen it."""
        return bool(self.objects)


def ask(actor: Actor, text: str) -> list[Answer]:
    """Answer for each different indicator of a pasted list, defanged or not, in its order.

    Raises:
        DeskError: the list is too long.
    """
    asked = pasted.parse(text)
    found: dict[str, list[Found]] = {}
    values = list(dict.fromkeys(one.value.lower() for one in asked))
    for start in range(0, len(values), search.MOST_VALUES):
        found |= search.seen(actor, values[start : start + search.MOST_VALUES])
    says = _who_says(actor, [item for items in found.values() for item in items])
    return [_answer(one, found.get(one.value.lower(), []), says) for one in asked]


def _answer(asked: Asked, objects: Sequence[Found], says: dict[int, set[str]]) -> Answer:
    standing = [found for found in objects if not found.is_revoked]
    names = {name for found in standing for name in says.get(found.version_id, ())}
    return Answer(asked, standing, sorted(names - {own.node_id()}), own.node_id() in names)


def _who_says(actor: Actor, objects: Sequence[Found]) -> dict[int, set[str]]:
    """The nodes that said each version, by its key; what was not in a record is ours."""
    keys = {found.version_id for found in objects}
    rows = Assertion.objects.filter(version__in=keys).values_list("version_id", "batch__agency_id", "batch__record_id")
    records = {record for _version, _agency, record in rows} - {None}
    visible = Record.objects.visible_to(actor).filter(withdrawn=False)
    issuers = dict(visible.filter(pk__in=records).values_list("pk", "issuer"))
    says: dict[int, set[str]] = {}
    for version, agency, record in rows:
        who = issuers.get(record) if record else own.node_id()
        if who and (record or actor.is_operator or (actor.agency and actor.agency.pk == agency)):
            says.setdefault(version, set()).add(who)
    return says
