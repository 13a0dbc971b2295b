"""Tells who uses what where a sentence says so: an actor, a verb of using, and malware or a tool, in that order."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from .sentences import split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .entities import Entity

_USES = re.compile(
    r"(?<!\w)(?:use[sd]?|using|deploy\w*|employ\w*|deliver\w*|distribut\w*|launch\w*|execut\w*|install\w*"
    r"|використ\w*|застосов\w*|застосув\w*|розповсюдж\w*|поширю\w*|розгорн\w*|розгорта\w*|запуск\w*|запусти\w*"
    r"|kasuta\w*|levita\w*|paigalda\w*|käivita\w*|rakenda\w*)(?!\w)",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"(?<!\w)(?:not|never|no|without|neither|nor|не|ні|жодн\w*|без|ei|pole|ilma|mitte"
    r"|if|could|may|might|якщо|мог\w*|може|kui|võib|võis)(?!\w)|n[’']t(?!\w)",
    re.IGNORECASE,
)


def uses(text: str, entities: Sequence[Entity]) -> Iterator[tuple[Entity, Entity, str]]:
    """Actor, what it uses, and the sentence; each pair of names once, at its first sentence.

    A sentence with two actors, with a denial or a supposition says nothing for certain, so it gives none.
    """
    told: set[tuple[str, str]] = set()
    for sentence in split(text):
        inside = [one for one in entities if sentence.start <= one.start and one.end <= sentence.end]
        actors = [one for one in inside if one.kind == "actor"]
        if len({one.name for one in actors}) != 1 or _NOT.search(sentence.text):
            continue
        for thing in _used(text, actors[0], inside):
            if (actors[0].name, thing.name) not in told:
                told.add((actors[0].name, thing.name))
                yield actors[0], thing, sentence.text


def _used(text: str, actor: Entity, inside: Sequence[Entity]) -> Iterator[Entity]:
    """Malware and tools that follow the actor with a verb of using between; a list shares its verb."""
    following = sorted((one for one in inside if one.start >= actor.start), key=lambda one: one.start)
    said = False
    for before, one in pairwise(following):
        said = said or bool(_USES.search(text, before.end, one.start))
        if said and one.kind != "actor":
            yield one
