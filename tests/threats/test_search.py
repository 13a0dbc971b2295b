from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sild.people.enums import Role
from sild.threats import services
from sild.threats.enums import Level
from sild.threats.errors import ThreatsError
from sild.threats.search import MOST_VALUES, Query, search, seen
from threats.stix import RED, SECOND, add, agency, collection, indicator, malware, relationship, sco, sdo, somebody

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def story():
    """An actor who uses a technique and a tool that an indicator gives away."""
    where = collection()
    technique = sdo(
        "attack-pattern", name="Phishing", external_references=[{"source_name": "mitre-attack", "external_id": "T1566"}]
    )
    actor = sdo("intrusion-set", name="UAC-0000 (example)", aliases=["Example Bear"], description="Звіт про загрозу")
    bad = malware("ExampleRAT", description="steals credentials over DNS")
    mark = indicator("[domain-name:value = 'Evil.Example']", name="C2 of ExampleRAT")
    seen_ = sco("domain-name", value="evil.example")
    links = [
        relationship(actor, "uses", technique),
        relationship(actor, "uses", bad),
        relationship(mark, "indicates", bad),
    ]
    add(where, technique, actor, bad, mark, seen_, *links)
    return {"where": where, "technique": technique, "actor": actor, "malware": bad, "indicator": mark, "domain": seen_}


def ids(actor=None, **query):
    return {one.stix_id for one in search(actor or somebody(Role.VIEWER), Query(**query)).items}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"text": "credentials"}, ["malware"]),
        ({"text": "DNS cred"}, ["malware"]),
        ({"text": "загрозу"}, ["actor"]),
        ({"text": "ExampleRAT", "types": ["indicator"]}, ["indicator"]),
        ({"text": "nothing of the kind"}, []),
        ({"text": '"; DROP TABLE -- *'}, []),
        ({"value": " EVIL.example "}, ["indicator", "domain"]),
        ({"value": "evil.example", "types": ["domain-name"]}, ["domain"]),
        ({"types": ["malware", "intrusion-set"]}, ["malware", "actor"]),
        ({"types": ["x-unknown"]}, []),
        ({"threat_actor": "example bear", "types": ["malware", "attack-pattern"]}, ["malware", "technique"]),
        ({"technique": "t1566", "types": ["intrusion-set", "attack-pattern"]}, ["actor", "technique"]),
        ({"technique": "T1566", "threat_actor": "Example Bear", "types": ["intrusion-set"]}, ["actor"]),
        ({"technique": "T9999"}, []),
        ({"threat_actor": "example bear", "text": "steals"}, ["malware"]),
    ],
    ids=str,
)
def test_what_is_asked_for_is_found(story, query, found):
    assert ids(**query) == {story[name]["id"] for name in found}


def test_without_a_question_everything_is_listed_newest_first(story):
    items = search(somebody(), Query()).items
    assert len(items) == 8
    assert [one.position for one in items] == sorted((one.position for one in items), reverse=True)


@pytest.mark.parametrize("query", [{}, {"text": "example"}, {"types": ["relationship"]}], ids=str)
def test_pages_follow_one_another(story, query):
    whole = [one.version_id for one in search(somebody(), Query(**query)).items]
    paged, before = [], None
    while True:
        page = search(somebody(), Query(**query, limit=1, before=before))
        paged += [one.version_id for one in page.items]
        if page.next is None:
            break
        before = page.next
    assert paged == whole


def test_time_is_when_it_was_added_here(story):
    now = datetime.now(UTC)
    soon, before = now + timedelta(minutes=1), now - timedelta(minutes=5)
    assert ids(text="ExampleRAT", added_from=before, added_until=soon)
    assert ids(added_from=soon) == ids(text="ExampleRAT", added_until=before) == set()


def test_only_the_last_version_is_found(story):
    add(story["where"], {**story["malware"], "modified": SECOND, "description": "harmless"})
    assert ids(text="credentials") == set()
    assert ids(text="harmless") == {story["malware"]["id"]}


def test_a_reader_from_elsewhere_finds_what_the_grant_shows(story):
    add(story["where"], indicator("[domain-name:value = 'evil.example']", object_marking_refs=[RED]))
    other = somebody(Role.VIEWER, "ttja")
    assert ids(other, value="evil.example") == set()
    services.give_grant(somebody(), story["where"], agency=agency("ttja"), ceiling=Level.GREEN)
    assert ids(other, value="evil.example") == {story["indicator"]["id"], story["domain"]["id"]}
    assert len(ids(value="evil.example")) == 3
    assert ids(value="evil.example", collections=["another"]) == set()


def test_a_list_of_values_is_answered_value_by_value(story):
    found = seen(somebody(), ["evil.example", "Evil.Example", "203.0.113.9", " "])
    assert {value: len(items) for value, items in found.items()} == {
        "evil.example": 2,
        "Evil.Example": 2,
        "203.0.113.9": 0,
    }
    with pytest.raises(ThreatsError):
        seen(somebody(), [str(number) for number in range(MOST_VALUES + 1)])
