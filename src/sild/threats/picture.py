"""An object's neighbours as a picture and a list, its timeline, and what others think of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sild.threats import reading, standing
from sild.threats.engine import cacao, graph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.people.actor import Actor
    from sild.threats.engine.graph import Place
    from sild.threats.reading import Found, Neighbour
    from sild.threats.standing import Said

_PLUMBING = frozenset({"object_marking_refs", "created_by_ref"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Around:
    """The neighbours of an object that the reader may see.

    Attributes:
        neighbours: all of them.
        drawn: those in the picture, each with its place.
        hidden: how many there are that the reader may not see, or that are not here.
        summary: the picture in words.
    """

    neighbours: Sequence[Neighbour]
    drawn: Sequence[tuple[Neighbour, Place, str]]
    hidden: int
    summary: str
    width: int = graph.WIDTH
    height: int = graph.HEIGHT
    box_width: int = graph.BOX_WIDTH
    box_height: int = graph.BOX_HEIGHT


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an object: `sort` is stated, changed, seen, said, shared or opinion."""

    at: datetime
    sort: str
    sentence: str
    href: str = ""


def neighbourhood(actor: Actor, found: Found) -> Around:
    """What the object is connected with; whoever made or marked it is told elsewhere on the page."""
    rows = [row for row in reading.neighbours(actor, found.stix_id) if row.label not in _PLUMBING]
    shown = list({(row.stix_id, row.label, row.outgoing): row for row in rows if row.found is not None}.values())
    places = graph.ring(len(shown))
    drawn = [(row, place, graph.shortened(name_of(row.found))) for row, place in zip(shown, places, strict=False)]
    return Around(
        shown, drawn, len(rows) - sum(row.found is not None for row in rows), graph.summary([r.label for r in shown])
    )


def name_of(found: Found | None) -> str:
    """What an object is called, by what it says of itself."""
    if found is None:
        return ""
    content = found.content
    own = (content.get(key) for key in ("name", "value", "abstract", "opinion", "path", "subject"))
    return found.name or next((str(text) for text in own if text), "") or _kind_and_number(found.stix_id)


def playbook_of(found: Found) -> dict[str, Any] | None:
    """The valid playbook that an object carries; None when it carries none."""
    playbook = cacao.playbook_in(found.content)
    try:
        cacao.check(playbook)
    except cacao.PlaybookError:
        return None
    return playbook


def timeline(actor: Actor, found: Found, sightings: Sequence[Found], said: Sequence[Said]) -> list[Event]:
    """What happened to an object, newest first."""
    events = [
        _version(one, is_first=place == 0) for place, one in enumerate(reversed(reading.versions(actor, found.stix_id)))
    ]
    events += [_sighting(one) for one in sightings]
    events += [_statement(one) for one in said]
    events += [Event(one.added, "opinion", _opinion(one.content), "") for one in _opinions(actor, found)]
    return sorted(events, key=lambda event: event.at, reverse=True)


def opinions(actor: Actor, found: Found) -> list[tuple[str, int]]:
    """How often each opinion was given on an object, most frequent first."""
    counted = Counter(str(one.content.get("opinion")) for one in _opinions(actor, found))
    return [(_opinion_words().get(name, name), count) for name, count in counted.most_common()]


def _opinions(actor: Actor, found: Found) -> list[Found]:
    rows = reading.neighbours(actor, found.stix_id)
    return [row.found for row in rows if row.found is not None and row.found.kind == "opinion"]


def _version(found: Found, *, is_first: bool) -> Event:
    at = _EPOCH + timedelta(microseconds=found.stamp)
    if found.is_revoked:
        return Event(at, "changed", _("Revoked by its creator"))
    return Event(at, "stated" if is_first else "changed", _("First stated") if is_first else _("A new version"))


def _sighting(found: Found) -> Event:
    content = found.content
    count = int(content.get("count", 1))
    sentence = ngettext("Seen %(count)d time.", "Seen %(count)d times.", count) % {"count": count}
    words = f"{sentence} {content.get('description', '')}".strip()
    return Event(standing.moment(content), "seen", words)


def _statement(said: Said) -> Event:
    if said.record is None:
        return Event(said.at, "said", _("Written here: %(who)s") % {"who": said.who})
    sentence = _("Signed by %(node)s in a record") % {"node": said.who}
    return Event(said.at, "said", sentence, said.record.get_absolute_url())


def _opinion(content: dict[str, Any]) -> str:
    opinion = str(content.get("opinion"))
    return f"{_opinion_words().get(opinion, opinion)}: {content.get('explanation', '')}"


def _opinion_words() -> dict[str, str]:
    """STIX 2.1's opinions in words."""
    return {
        "strongly-agree": _("right and useful"),
        "agree": _("mostly right"),
        "neutral": _("neither good nor bad"),
        "disagree": _("mostly noise"),
        "strongly-disagree": _("wrong"),
    }


def _kind_and_number(stix_id: str) -> str:
    """The type and the beginning of the number, for what has no name."""
    kind, _mark, number = stix_id.partition("--")
    return f"{kind} {number[:8]}"
