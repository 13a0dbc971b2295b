"""Who uses what is told only where a sentence says so."""

import pytest

from sild.analyst.engine.entities import find
from sild.analyst.engine.relations import uses

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("Sandworm Team used Mimikatz against a host.", {("Sandworm Team", "Mimikatz")}),
        (
            "Sandworm Team used Mimikatz and AgentTesla.",
            {("Sandworm Team", "Mimikatz"), ("Sandworm Team", "Agent Tesla")},
        ),
        ("Угруповання UAC-0010 використовувало Mimikatz.", {("Gamaredon Group", "Mimikatz")}),
        ("Sandworm kasutas Mimikatzit.", {("Sandworm Team", "Mimikatz")}),
        ("Sandworm Team did not use Mimikatz.", set()),
        ("Sandworm Team may have used Mimikatz.", set()),
        ("Mimikatz was found where Sandworm Team had been.", set()),
        ("Sandworm Team and APT28 used Mimikatz.", set()),
        ("Sandworm Team came. Somebody used Mimikatz.", set()),
    ],
)
def test_a_pair_needs_one_actor_and_a_verb_before_what_is_used(text, pairs):
    assert {(actor.name, thing.name) for actor, thing, _ in uses(text, find(text))} == pairs


def test_a_pair_is_told_once_with_its_first_sentence():
    text = "Sandworm Team used Mimikatz. Sandworm Team used Mimikatz again."
    assert [sentence for _, _, sentence in uses(text, find(text))] == ["Sandworm Team used Mimikatz."]
