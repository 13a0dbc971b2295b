"""What an analyst decides: accept, reject, correct, add what was missed; kept with who and when."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from sild.analyst import items, services
from sild.analyst.engine.indicators import KINDS
from sild.analyst.errors import DecisionError, NotFoundError
from sild.analyst.models import Decision, Verdict
from sild.people import audit
from sild.people.enums import Right

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.analyst.items import Item
    from sild.analyst.models import Reading
    from sild.people.actor import Actor

MAX_VALUE = 500


@dataclass(frozen=True, slots=True)
class Said:
    """What an item should be.

    Attributes:
        kind: `technique`, `actor`, `malware`, `tool`, or an indicator's kind.
        value: a technique's id, a name, or an indicator's value.
        words: the words in the text that it rests on, character for character; empty to leave the place as it is.
    """

    kind: str
    value: str
    words: str = ""


def items_of(reading: Reading) -> list[Item]:
    """The reading's proposals as they were decided."""
    return items.decided(reading.found, reading.decisions.all())


@transaction.atomic
def decide(actor: Actor, reading_id: str, key: str, verdict: str) -> Item:
    """Accept a proposal, reject it, or leave it open again.

    Raises:
        NotAllowedError: the actor may not change what the agency has.
        NotFoundError: there is no such reading or proposal for this actor.
        DecisionError: there is no such verdict.
    """
    reading = _reading(actor, reading_id)
    if verdict not in Verdict.values:
        raise DecisionError(_("“%(verdict)s” is no verdict. Say accepted, rejected or open.") % {"verdict": verdict})
    item = _item(reading, key)
    _keep(actor, reading, [item], verdict)
    return _item(reading, key)


@transaction.atomic
def correct(actor: Actor, reading_id: str, key: str, said: Said) -> Item:
    """Accept a proposal as something else: another technique, kind, value or place.

    Raises:
        DecisionError: the technique is not known, the kind is none, or the words do not stand in the text.
    """
    reading = _reading(actor, reading_id)
    item = _item(reading, key)
    changed = _said(reading, said, item)
    _keep(actor, reading, [changed], Verdict.ACCEPTED, is_changed=True)
    return _item(reading, key)


@transaction.atomic
def add(actor: Actor, reading_id: str, said: Said) -> Item:
    """Accept something that was not proposed, at words that stand in the text.

    Raises:
        DecisionError: as `correct`.
    """
    reading = _reading(actor, reading_id)
    if not said.words.strip():
        raise DecisionError(_("Copy the words from the text that it rests on."))
    made = _said(reading, said, None)
    _keep(actor, reading, [made], Verdict.ACCEPTED, is_changed=True)
    return _item(reading, made.key)


@transaction.atomic
def accept_rest(actor: Actor, reading_id: str) -> int:
    """Accept together what nobody has decided about yet, and say so in each decision; returns how many."""
    reading = _reading(actor, reading_id)
    rest = [item for item in items_of(reading) if not item.verdict]
    _keep(actor, reading, rest, Verdict.ACCEPTED, in_bulk=True)
    return len(rest)


def _reading(actor: Actor, reading_id: str) -> Reading:
    actor.require(Right.EDIT)
    return services.get(actor, reading_id)


def _item(reading: Reading, key: str) -> Item:
    for item in items_of(reading):
        if item.key == key:
            return item
    raise NotFoundError(_("This reading has no proposal %(key)s.") % {"key": key})


def _said(reading: Reading, said: Said, earlier: Item | None) -> Item:
    """The item that was said, checked."""
    value = said.value.strip()
    if not 0 < len(value) <= MAX_VALUE or any(ord(letter) < ord(" ") for letter in value):
        raise DecisionError(_("Give a technique's id, a name or a value of 1 to 500 characters on one line."))
    start, end = _place(reading.text, said.words.strip(), earlier)
    blank = items.Item(f"n{uuid.uuid4().hex[:12]}", "", "", "", "", 0, 0, basis="person")
    made = replace(earlier or blank, kind=said.kind, value=value, name=value, start=start, end=end)
    if said.kind == "technique":
        return replace(made, group="technique", value=value.upper(), name=_technique(value.upper()), attack_id="")
    if said.kind in items.ENTITY_KINDS:
        same = earlier is not None and (earlier.kind, earlier.value) == (said.kind, value)
        return replace(made, group="entity", attack_id=earlier.attack_id if same and earlier else "")
    if said.kind not in KINDS:
        raise DecisionError(_("“%(kind)s” is no kind. Choose one of the list.") % {"kind": said.kind})
    return replace(made, group="indicator", attack_id="")


def _technique(technique: str) -> str:
    """The technique's name."""
    model = services.model()
    names = dict(zip(model.ids.tolist(), model.names.tolist(), strict=True))
    if technique not in names:
        raise DecisionError(
            _("The model knows no technique %(id)s. Give an ATT&CK Enterprise id, as in T1566.001.") % {"id": technique}
        )
    return str(names[technique])


def _place(text: str, words: str, earlier: Item | None) -> tuple[int, int]:
    """Where the words stand: the place nearest to where the proposal was, else the first."""
    if not words:
        return (earlier.start, earlier.end) if earlier else (0, 0)
    near = earlier.start if earlier else 0
    places = [place for place in (text.find(words, near), text.rfind(words, 0, near + len(words))) if place >= 0]
    if not places:
        raise DecisionError(_("These words do not stand in the text. Copy them from it, character for character."))
    place = min(places, key=lambda place: abs(place - near))
    return place, place + len(words)


def _keep(
    actor: Actor,
    reading: Reading,
    decided: Sequence[Item],
    verdict: str,
    *,
    is_changed: bool = False,
    in_bulk: bool = False,
) -> None:
    """Write decisions, a line of the trail each, or one for all that were decided together."""
    rows = [
        Decision(
            reading=reading,
            item=item.key,
            verdict=verdict,
            correction=item.as_correction() if is_changed or item.corrected else {},
            in_bulk=in_bulk,
            who=actor.who,
        )
        for item in decided
    ]
    Decision.objects.bulk_create(rows)
    said = {"verdict": str(verdict), "items": [item.key for item in decided][:100], "corrected": is_changed}
    audit.note(actor, "analyst.decide", reading.name, reading=str(reading.pk), **said)
