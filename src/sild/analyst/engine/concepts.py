"""Techniques that a sentence tells of in three languages, by concepts that its words stand for and rules over them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LANGUAGES = ("en", "et", "uk")
_FILE = "concepts.txt"
_HEAD = re.compile(r"\[(\w+)\]")
_TOKEN = re.compile(r"[%$.]?[^\W_]+(?:[.'&-][^\W_]+)*[%$]?")
_APOSTROPHES = str.maketrans(dict.fromkeys("’ʼ‘`", "'"))
# What one rule needs stands within so many words, and the parts of one expression within so many of each other.
_REACH, _GAP = 12, 5
_MOST_PLACES = 6  # of one concept in a sentence; the rest say nothing new and would cost time
# What is advised, denied or supposed was not done.
NOT_DONE = re.compile(
    r"(?<!\w)(?:не (?:вияв|зафікс|підтвер|спостер|було)\w*|рекоменд\w*|радимо|необхідно|варто"
    r"|слід (?:за|об|пер|вим|ув|вст|он)\w*|заборон(?:іть|ити|яйте|ено|у|и)(?!\w)|soovita\w*"
    r"|ei (?:tuvastatud|leitud|täheldatud|kasutatud|nähtud)|tuleks|tuleb (?:kee|pii|blo|uuen|paig)\w*"
    r"|vältimaks|kaitseks|recommend\w*|should|we advise|no (?:evidence|signs?|traces?|indications?)"
    r"|(?:not|never) (?:been )?(?:observed|found|detected|seen)|did not)"
    r"(?!\w)",
    re.IGNORECASE,
)
_RULES_HEAD = "techniques"
_SHORTEST, _LONGEST = 2, 40  # letters of a stem
_SHORTEST_HEAD, _SHORTEST_TAIL = 3, 4  # letters of a compound's parts
_HYPHEN = re.compile(r"-(?=\w{4})")


@dataclass(frozen=True, slots=True)
class Rule:
    """A technique is told of where all of `needs` stand near each other and none of `without` in the sentence."""

    technique: str
    needs: tuple[str, ...]
    without: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Expression:
    """`words` are stems or whole words (`*` at the end tells); `loose` ones stand near each other in any order."""

    concept: str
    words: tuple[str, ...]
    loose: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What a sentence says: the concepts that stand in it, and the techniques that they add up to by the rules."""

    concepts: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()


def told(sentence: str, language: str) -> list[str]:
    """Ids of the techniques that the sentence tells of, in the rules' order; none in a language without concepts."""
    return list(read(sentence, language).techniques)


@lru_cache(maxsize=4096)
def read(sentence: str, language: str) -> Told:
    """Concepts and techniques of a sentence; nothing of advice and of denials.

    Time is linear in the length of the sentence, for a bounded number of places of each concept.
    """
    if language not in LANGUAGES or NOT_DONE.search(sentence):
        return Told()
    tokens = [token.lower() for token in _TOKEN.findall(sentence.translate(_APOSTROPHES))]
    places = _places(tokens, language)
    found = (rule.technique for rule in rules() if _holds(rule, places))
    return Told(tuple(sorted(places)), tuple(dict.fromkeys(found)))


@cache
def names() -> tuple[str, ...]:
    """All that a sentence can be told to hold: concepts, then techniques, each sorted."""
    lines = (Path(__file__).parent / _FILE).read_text(encoding="utf-8").splitlines()
    heads = {match[1] for line in lines if (match := _HEAD.fullmatch(line))} - {_RULES_HEAD}
    return (*sorted(heads), *sorted({rule.technique for rule in rules()}))


@cache
def rules() -> tuple[Rule, ...]:
    """The rules, in the file's order."""
    lines = (Path(__file__).parent / _FILE).read_text(encoding="utf-8").split(f"[{_RULES_HEAD}]\n")[1].splitlines()
    return tuple(rule for line in lines for rule in _rules_of(line))


def _rules_of(line: str) -> Iterator[Rule]:
    technique, _, written = line.partition(": ")
    for alternative in written.split(";"):
        parts = alternative.replace("+", " ").split()
        without = frozenset(part[1:] for part in parts if part.startswith("!"))
        yield Rule(technique, tuple(part for part in parts if not part.startswith("!")), without)


@cache
def _index(language: str) -> dict[str, tuple[_Expression, ...]]:
    """Expressions by their first word, and loose ones by each of theirs."""
    index: dict[str, list[_Expression]] = {}
    concept = ""
    for line in (Path(__file__).parent / _FILE).read_text(encoding="utf-8").splitlines():
        head = _HEAD.fullmatch(line)
        concept = head[1] if head else concept
        tongue, _, written = line.partition(": ")
        if not head and tongue in {"any", language}:
            for words in written.split(";"):
                loose = "~" in words
                expression = _Expression(concept, tuple(words.replace("~", " ").split()), loose)
                index.setdefault(expression.words[0], []).append(expression)
    return {word: tuple(expressions) for word, expressions in index.items()}


def _places(tokens: Sequence[str], language: str) -> dict[str, list[int]]:
    """Where each concept stands."""
    index, found = _index(language), dict[str, list[int]]()
    for place, token in enumerate(tokens):
        for expression in (one for key in _keys(token, language) for one in index.get(key, ())):
            if _stands(expression, tokens, place) and len(found.setdefault(expression.concept, [])) < _MOST_PLACES:
                found[expression.concept].append(place)
    return found


@lru_cache(maxsize=16_384)
def _keys(token: str, language: str) -> tuple[str, ...]:
    """What a token can be looked up by: itself and its stems, and those of the words that it is put together from.

    Parts after a hyphen and a file's extension count in each language, the ends of compounds in Estonian:
    “failiserver” is a server.
    """
    parts = [token, *(token[match.end() :] for match in _HYPHEN.finditer(token)), token[token.rfind(".") :]]
    if language == "et":
        parts += [token[cut:] for cut in range(_SHORTEST_HEAD, min(len(token) - _SHORTEST_TAIL, _LONGEST) + 1)]
    keys = []
    for part in parts:
        shortest = _SHORTEST if part is token else _SHORTEST_TAIL
        keys += [part, *(part[:size] + "*" for size in range(shortest, min(len(part), _LONGEST) + 1))]
    return tuple(dict.fromkeys(keys))


def _stands(expression: _Expression, tokens: Sequence[str], place: int) -> bool:
    rest = expression.words[1:]
    if expression.loose:
        near = tokens[max(0, place - _GAP) : place + _GAP + 1]
        return all(any(_is(word, token) for token in near) for word in rest)
    following = tokens[place + 1 : place + 1 + len(rest)]
    return len(following) == len(rest) and all(map(_is, rest, following))


def _is(word: str, token: str) -> bool:
    return token.startswith(word[:-1]) if word.endswith("*") else token == word


def _holds(rule: Rule, places: dict[str, list[int]]) -> bool:
    if not all(need in places for need in rule.needs) or not rule.without.isdisjoint(places):
        return False
    return any(
        max(chosen) - min(chosen) <= _REACH and len(set(chosen)) >= min(len(chosen), 2)
        for chosen in product(*(places[need] for need in rule.needs))
    )
