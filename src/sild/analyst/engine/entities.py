"""Names of actors and of malware, also inflected, as ATT&CK and CERT-UA's numbers have them."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .text import check

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILES = ("entities.txt", "entities-native.txt")
_LONGEST_ENDING = 5
_PREFIX = 3
_REACH = 48
_WORD = re.compile(r"[^\W_]+(?:[.+&'’-][^\W_]+)*")
# Case endings: Estonian ones on a Latin name, Cyrillic ones after an apostrophe or a hyphen, and the English genitive.
_ENDING = re.compile(
    r"(?:[-'’]?(?:i(?:st|sse|s|le|lt|l|ks|ni|na|ta|ga|d|de|t|dega|dele)?|t|d|st|le|lt|l|ks|ga|ta|sse|s|ist|iga|it)"
    r"|['’-](?:у|а|ом|ем|і|ів|ами|ах|ам|ові|и|ою|ї|ю|я)|['’]s)"
)
_BESIDE = re.compile(
    r"(?<!\w)(?:malware|ransomware|backdoor|trojan|loader|stealer|wiper|worm|implant|botnet|rat|framework|beacon|tool|group|actor"
    r"|gang|apt|threat|шкідлив\w+|програм\w*|бекдор\w*|стілер\w*|завантажувач\w*|троян\w*|угрупован\w+|груп\w+|вірус\w*|шифрувальник\w*"
    r"|pahavara\w*|lunavara\w*|tagau\w+|troojala\w+|rühmitu\w+|rühm\w*|laadur\w*|kurivara\w*|tööriist\w*)(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Entity:
    """A name in a text.

    Attributes:
        kind: `actor`, `malware` or `tool`.
        name: the name that ATT&CK uses.
        attack_id: as in G0034 or S0154; empty for a name that ATT&CK does not have.
        start, end: offsets in the text, in characters, with the ending.
        original: what stands there.
    """

    kind: str
    name: str
    attack_id: str
    start: int
    end: int
    original: str

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


class _Known(NamedTuple):
    kind: str
    attack_id: str
    needs_context: bool
    name: str
    alias: str


def find(text: str) -> list[Entity]:
    """The names of a text in order, the longest where several begin; linear in the text.

    Raises:
        TextError: the text is empty, too long or binary.
    """
    words = list(_WORD.finditer(check(text)))
    found, place = [], 0
    while place < len(words):
        entity, used = _at(text, words, place)
        if entity:
            found.append(entity)
        place += used
    return found


def _at(text: str, words: list[re.Match[str]], place: int) -> tuple[Entity | None, int]:
    """The longest name that begins with this word, and how many words it has."""
    start = words[place].start()
    longest = _index()[1].get(text[start : start + _PREFIX].lower(), 0)
    for size in range(min(longest, len(words) - place), 0, -1):
        end = words[place + size - 1].end()
        for known, stop in _candidates(text, start, end):
            if not known.needs_context or _has_context(text, start, stop):
                return Entity(known.kind, known.name, known.attack_id, start, stop, text[start:stop]), size
    return None, 1


def _candidates(text: str, start: int, end: int) -> Iterator[tuple[_Known, int]]:
    """What the written words are a name of: as they stand, or without an ending of the last one."""
    written, index = text[start:end], _index()[0]
    last = written.rsplit(None, 1)[-1]
    for cut in range(min(_LONGEST_ENDING + 1, len(last) - 1)):
        stem, ending = written[: len(written) - cut], written[len(written) - cut :]
        known = index.get(_key(stem)) if not cut or _ENDING.fullmatch(ending) else None
        if known and _is_capital(stem, known):
            yield known, end
            return


def _is_capital(stem: str, known: _Known) -> bool:
    """A name that has capitals keeps one, or it is a word: “conti”, “equation”."""
    return known.alias.islower() or not stem.islower()


@cache
def _index() -> tuple[dict[str, _Known], dict[str, int]]:
    """Names by what is compared, and how many words the names have at most that begin with the same three letters."""
    index: dict[str, _Known] = {}
    longest: dict[str, int] = {}
    for file in _FILES:
        for line in (Path(__file__).parent / file).read_text(encoding="utf-8").splitlines():
            fields = line.split("\t")
            if len(fields) == len(_Known._fields):
                kind, attack_id, flag, name, alias = fields
                begins = alias[:_PREFIX].lower()
                parts = len(_WORD.findall(alias)) + (" " not in alias)  # “AsyncRAT” is also written “Async RAT”
                longest[begins] = max(longest.get(begins, 0), parts)
                index.setdefault(_key(alias), _Known(kind, attack_id, flag == "?", name, alias))
    return index, longest


def _key(written: str) -> str:
    """Capitals of a short name count, since they are what tells it from a word; else case and spaces do not matter."""
    plain = " ".join(written.split())
    return plain if len(plain) <= 4 or plain.islower() else plain.replace(" ", "").lower()  # noqa: PLR2004 -- as in APT1


def _has_context(text: str, start: int, end: int) -> bool:
    """Whether a word like “malware” stands within 48 characters."""
    return bool(_BESIDE.search(text[max(0, start - _REACH) : start]) or _BESIDE.search(text[end : end + _REACH]))
