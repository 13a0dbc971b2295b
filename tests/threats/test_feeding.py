"""Feeds for others' tools, read with their own clients."""

import orjson
import pytest
import stix2
from pymisp import MISPEvent

from sild.people import services as people
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.threats import feeding, pages, writing
from sild.threats.engine import build
from sild.threats.enums import Level
from sild.threats.errors import NotFoundError
from sild.threats.writing import Context
from threats.examples import SIGMA, YARA, indicator

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def written(publisher):
    return [
        writing.write_indicator(publisher, "evil[.]example", Context(tlp="GREEN", description="phishing")),
        writing.write_indicator(publisher, "ab" * 32, Context(tlp="AMBER")),
        writing.write_rule(publisher, "yara", YARA, Context(tlp="GREEN")),
        writing.write_indicator(publisher, "203.0.113.5", Context(tlp="RED")),
    ]


@pytest.fixture
def token(agency):
    def issue(*scopes):
        return people.issue_token(Actor.operator(), "feed", Role.VIEWER, agency=agency, scopes=scopes)[1]

    return issue


def get(client, secret, path, status=200):
    answer = client.get(f"/api/v1/threats/{path}", headers={"authorization": f"Bearer {secret}"})
    assert answer.status_code == status, answer.content
    return answer


def test_misps_own_library_loads_every_event_of_the_feed(client, token, written):
    secret = token("threats:read")
    manifest = get(client, secret, "feed/misp/manifest.json").json()
    [uuid] = manifest
    content = get(client, secret, f"feed/misp/{uuid}.json").json()
    assert manifest[uuid]["timestamp"] == content["Event"]["timestamp"]
    event = MISPEvent()
    event.load(content)
    assert event.uuid == uuid
    assert {(one.type, str(one.value)) for one in event.attributes if one.type != "yara"} == {
        ("domain", "evil.example"),
        ("sha256", "ab" * 32),
    }
    assert {tag.name for tag in event.tags} == {"tlp:amber"}
    hashes = get(client, secret, "feed/misp/hashes.csv").content.decode().splitlines()
    assert sorted(hashes) == sorted(f"{one},{uuid}" for one in event.attributes_hashes("md5"))


def test_a_lower_ceiling_leaves_out_what_is_above(client, token, written):
    [event] = feeding.misp_events(Actor.operator(), Level.GREEN).values()
    assert {one["type"] for one in event["Attribute"]} == {"domain", "yara"}
    assert event["Tag"][0]["name"] == "tlp:green"


def test_red_goes_into_no_feed(publisher, written):
    assert all(
        one["value"] != "203.0.113.5" for event in feeding.misp_events(publisher).values() for one in event["Attribute"]
    )
    objects, _last, _more = feeding.page(publisher, 0, ceiling=Level.RED)
    assert all(written[3].encode() not in raw for raw in objects)


def test_the_stix_feed_is_followed_to_its_end_and_goes_on(client, token, publisher, written):
    secret, after, seen = token("threats:read"), "0", set()
    for _page in range(30):
        answer = get(client, secret, f"feed/stix?limit=2&after={after}")
        bundle = stix2.parse(answer.content, allow_custom=True)
        seen |= {item.id for item in bundle.objects if item.type == "indicator"}
        after = answer["X-Sild-Next"]
        if answer["X-Sild-More"] == "false":
            break
    assert seen == set(written[:3])
    late = writing.write_rule(publisher, "sigma", SIGMA, Context(tlp="GREEN"))
    assert late.encode() in get(client, secret, f"feed/stix?after={after}").content
    assert orjson.loads(get(client, secret, "feed/stix?after=4000000000000000000").content)["objects"]


def test_pages_that_end_by_weight_skip_nothing_of_another_collection(publisher, hear, monkeypatch):
    monkeypatch.setattr(pages, "MOST_BYTES", 1)
    expected, seen, after, more = set(), set(), 0, True
    for number in range(3):
        said = indicator(f"198.51.100.{number}", "GREEN")
        hear(build.bundle([said]))
        expected |= {said["id"], writing.write_indicator(publisher, f"n{number}.example", Context(tlp="GREEN"))}
    while more:
        objects, after, more = feeding.page(publisher, after, kinds=["indicator"])
        seen |= {orjson.loads(raw)["id"] for raw in objects}
    assert seen == expected


def test_a_file_that_is_not_in_the_feed_is_not_found(client, token, written, publisher):
    get(client, token(), "feed/misp/nothing.json", 404)
    with pytest.raises(NotFoundError):
        feeding.misp_file(publisher, "x.json")
