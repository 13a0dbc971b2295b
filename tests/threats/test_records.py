"""The forms of the kinds that the desk publishes."""

import pytest

from sild.exchange import kinds
from sild.threats.engine import build
from threats.examples import indicator

pytestmark = pytest.mark.unit
MAKER = build.Maker(build.identity("kyiv", "a", "b"), "2026-03-02T00:00:00.000Z", "GREEN")
SIGHTING = build.bundle([MAKER.identity, MAKER.sighting("indicator--00000000-0000-4000-8000-000000000000", 1)])


def test_what_the_desk_publishes_has_the_form_of_its_kind():
    kinds.require("threats.bundle").validate(build.bundle([indicator("198.51.100.7", "GREEN")]))
    kinds.require("threats.sighting").validate(SIGHTING)
    kinds.require("threats.feedback").validate(build.bundle([MAKER.opinion("x", "agree", "y")]))


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("threats.bundle", {}, "STIX 2.1 bundle"),
        ("threats.bundle", {"type": "bundle", "id": "bundle--1", "objects": []}, "and nothing else"),
        (
            "threats.bundle",
            {"type": "bundle", "id": "bundle--1", "objects": [{"type": "a", "id": "b--1"}]},
            "begins with",
        ),
        ("threats.sighting", build.bundle([MAKER.identity]), "no object of type sighting"),
        ("threats.sighting", build.bundle([*SIGHTING["objects"], indicator("a.example", "GREEN")]), "does not belong"),
        ("threats.feedback", SIGHTING, "no object of type opinion"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(kind, body, words):
    with pytest.raises(ValueError, match=words):
        kinds.require(kind).validate(body)
