"""Whose an indicator is: labelled sentences in three languages."""

import json
from importlib.resources import files

import pytest

from sild.analyst.engine.indicators import extract
from sild.analyst.engine.observables import observables
from sild.analyst.engine.roles import with_roles

pytestmark = pytest.mark.unit

ROWS = [
    json.loads(line)
    for line in (files("sild.analyst") / "corpus" / "roles.jsonl").read_text(encoding="utf-8").splitlines()
]
ROLES = {"victim": "victim", "benign": "benign", "known": "benign"}


def scope(text, value):
    return next(one.scope for one in with_roles(text, extract(text)) if one.value == value)


@pytest.mark.parametrize("language", ["en", "et", "uk"])
@pytest.mark.parametrize("side", ["train", "test"])
def test_the_labelled_sentences_are_told_apart_and_no_attackers_indicator_is_kept_back(language, side):
    rows = [row for row in ROWS if (row["language"], row["side"]) == (language, side)]
    told = [(row["role"], ROLES.get(scope(row["text"], row["value"]), "attacker")) for row in rows]
    assert sum(wanted == given for wanted, given in told) / len(told) >= 0.9
    assert ("attacker", "victim") not in told
    assert ("attacker", "benign") not in told


@pytest.mark.parametrize(
    ("text", "value", "wanted"),
    [
        # Whoever defanged it took it for an attacker's.
        ("See also bad-host[.]com for details.", "bad-host.com", "public"),
        ("The vendor's home page is good-tool.com.", "good-tool.com", "benign"),
        ("The letter came from mail@bad-host.com.", "mail@bad-host.com", "public"),
        # What a value is by itself says more than words around it.
        ("The official website is at 10.0.0.7.", "10.0.0.7", "private"),
        # A hash is nobody's home page.
        ("For details see 9f86d081884c7d659a2feaa0c55ad015.", "9f86d081884c7d659a2feaa0c55ad015", ""),
    ],
)
def test_words_count_only_where_they_can(text, value, wanted):
    assert scope(text, value) == wanted


def test_victims_and_harmless_ones_are_shown_but_never_shared():
    text = "The vendor's home page is good-tool.com. The victim's server shop.bad-host.com was used."
    found = with_roles(text, extract(text))
    assert [one.scope for one in found] == ["benign", "victim"]
    assert [observables(one) for one in found] == [[], []]


def test_many_indicators_in_many_sentences_take_one_pass():
    text = "Seen at bad-host.com today. " * 5_000
    assert len(with_roles(text, extract(text))) == 5_000
