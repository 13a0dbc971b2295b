from __future__ import annotations

import pytest

from sild.people.enums import Role
from sild.threats import reading, services
from sild.threats.engine.times import micros
from sild.threats.errors import NotFoundError
from sild.threats.models import Edge, Term, Version
from sild.threats.pages import Filter
from sild.threats.removal import remove_objects
from sild.threats.search import Query, search
from threats.stix import FIRST, RED, SECOND, add, agency, collection, indicator, malware, relationship, sdo, somebody

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def where():
    return collection()


def test_an_object_in_its_last_or_in_a_named_version(where):
    item = indicator()
    add(where, item, {**item, "modified": SECOND, "revoked": True})
    found = reading.get(somebody(), item["id"])
    assert (found.content["modified"], found.is_revoked, found.kind) == (SECOND, True, "indicator")
    assert found.collection_id == where.pk
    assert found.added.year > 2024
    assert reading.get(somebody(), item["id"], stamp=micros(FIRST)).content == item
    assert [one.stamp for one in reading.versions(somebody(), item["id"])] == [micros(SECOND), micros(FIRST)]


def test_what_is_not_here_or_not_for_the_actor_is_the_same(where):
    item = indicator()
    add(where, item)
    for actor, name in ((somebody(), malware()["id"]), (somebody(slug="ttja"), item["id"])):
        with pytest.raises(NotFoundError):
            reading.get(actor, name)
        assert reading.versions(actor, name) == []


def test_neighbours_both_ways_and_those_that_are_not_here(where):
    one, other, gone = indicator(), malware(), malware()
    report = sdo("report", name="r", published=FIRST, object_refs=[one["id"]])
    add(where, one, other, report, relationship(one, "indicates", other), relationship(one, "indicates", gone))
    found = reading.neighbours(somebody(), one["id"])
    said = {(near.label, near.outgoing, near.stix_id, near.found is not None) for near in found}
    assert said == {
        ("indicates", True, other["id"], True),
        ("indicates", True, gone["id"], False),
        ("object_refs", False, report["id"], True),
    }
    assert reading.neighbours(somebody(), one["id"], limit=1)[0].via == found[0].via


def test_an_edge_that_a_hidden_object_states_is_hidden(where):
    one, other = indicator(), malware()
    add(where, one, other, relationship(one, "indicates", other, object_marking_refs=[RED]))
    services.give_grant(somebody(), where, agency=agency("ttja"))
    assert reading.neighbours(somebody(Role.VIEWER, "ttja"), one["id"]) == []
    assert len(reading.neighbours(somebody(), one["id"])) == 1


def test_sightings_and_who_said_it(where):
    item = indicator()
    seen = sdo("sighting", sighting_of_ref=item["id"], count=2)
    first, second = add(where, item, seen), add(where, item)
    assert [one.stix_id for one in reading.sightings(somebody(), item["id"])] == [seen["id"]]
    assert reading.assertions(somebody(), item["id"]) == [second, first]
    assert reading.assertions(somebody(slug="ttja"), item["id"]) == []


def test_what_no_collection_holds_is_forgotten(where):
    one, other = indicator(), malware()
    link = relationship(one, "indicates", other)
    add(where, one, other, link)
    add(collection(title="Second"), other)
    everything = Filter(ids=[one["id"], other["id"], link["id"]], words=frozenset({"all"}))
    assert remove_objects(somebody(), where, everything) == 3
    assert (Version.objects.count(), Edge.objects.count()) == (1, 0)
    assert Term.objects.exclude(version__object__stix_id=other["id"]).count() == 0
    assert [one.stix_id for one in search(somebody(), Query(text="indicator")).items] == []
    assert [one.stix_id for one in search(somebody(), Query(text="malware")).items] == [other["id"]]
    assert add(where, one).failures == []
