"""Actors under all of their names."""

import pytest

from sild.threats.engine import aliases

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", ["UAC-0010", "uac 0010", "Gamaredon", "Armageddon", "G0047", "Aqua Blizzard"])
def test_each_name_finds_the_actor(name):
    [actor] = aliases.find(name)
    assert (actor.name, actor.attack) == ("Gamaredon Group", "G0047")
    assert any("CERT-UA" in source for source in actor.sources)


def test_a_name_that_two_actors_bear_finds_both():
    assert {actor.name for actor in aliases.find("UAC-0056")} == {"Saint Bear", "Ember Bear"}


def test_an_actor_without_a_number_of_mitre_is_known_too():
    [actor] = aliases.find("UAC-0057")
    assert (actor.name, actor.attack) == ("Ghostwriter", "")


def test_an_unknown_name_stands_for_itself():
    assert aliases.find("UAC-9999") == []
    assert aliases.names_of(["UAC-9999"]) == {"uac9999"}


def test_every_other_name_of_an_actor_is_looked_for_as_well():
    assert {"apt28", "fancybear", "uac0028"} <= aliases.names_of(["UAC-0001"])


def test_every_name_of_our_own_has_an_address_where_somebody_says_so():
    own = [actor for actor in aliases.actors() if any("UAC-" in name for name in actor.names)]
    assert len(own) > 5
    for actor in own:
        said = [source for source in actor.sources if not source.startswith("MITRE")]
        assert all(": https://" in source for source in said)
