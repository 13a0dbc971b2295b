"""What was met before: an index over every record, and cases by what they share."""

import pytest

from sild.analyst import deciding, services, similar
from sild.analyst.models import Mention
from sild.exchange.models import Record
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.models import Agency

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ONE = "It used Mimikatz to dump credentials from LSASS memory. Its server was hxxp://bad-host[.]com/a."
TWO = "Another wave: the mail came from hxxp://bad-host[.]com/a and Mimikatz was used to dump LSASS memory."
OTHER = "The malware takes screenshots of the desktop and sends them to hxxp://third-host[.]com/c."


def shared(publisher, text=ONE, tlp="AMBER"):
    reading = services.read(publisher, "the first", text)
    deciding.accept_rest(publisher, str(reading.pk))
    return services.publish(publisher, str(reading.pk), ["kyiv"], tlp)


def test_what_a_bundle_names_is_folded_and_kept():
    bundle = {
        "objects": [
            {
                "type": "indicator",
                "pattern": "[url:value = 'http://x.example/it\\'s'] OR [domain-name:value='EVIL.example']",
            },
            {
                "type": "attack-pattern",
                "external_references": [{"source_name": "mitre-attack", "external_id": "T1113"}],
            },
            {"type": "malware", "name": "AgentTesla"},
            {"type": "ipv4-addr", "value": "203.0.113.5"},
            {"type": "file", "hashes": {"MD5": "9e107d9d372bb6826bd81d3542a419d6"}},
            {"type": "note", "content": "nothing"},
            "no object",
        ]
    }
    assert similar.values_of_bundle(bundle) == {
        "http://x.example/it's",
        "evil.example",
        "t1113",
        "agenttesla",
        "203.0.113.5",
        "9e107d9d372bb6826bd81d3542a419d6",
    }
    assert similar.values_of_bundle({"objects": 5}) == set()


def test_a_value_that_a_record_names_is_found_until_it_is_withdrawn(publisher, in_use):
    record = shared(publisher)
    assert Mention.objects.filter(record_id=record.pk, value="http://bad-host.com/a").exists()
    assert similar.known(publisher, ["http://bad-host.com/a", "x"]) == {"http://bad-host.com/a": [record]}
    Record.objects.filter(pk=record.pk).update(withdrawn=True)
    assert similar.known(publisher, ["http://bad-host.com/a"]) == {}


def test_what_one_agency_keeps_to_itself_the_other_does_not_find(publisher, in_use):
    shared(publisher, tlp="AMBER+STRICT")
    other = Actor(who="o", role=Role.EDITOR, agency=Agency.objects.create(slug="ppa", name="Another agency"))
    assert similar.known(other, ["http://bad-host.com/a"]) == {}
    assert similar.cases(other, services.read(other, "theirs", TWO)) == []


def test_cases_that_share_more_come_first_and_others_do_not_come(publisher, in_use):
    record = shared(publisher)
    services.read(publisher, "unlike", OTHER)
    found = similar.cases(publisher, services.read(publisher, "the second", TWO))
    assert {case.title for case in found} == {"the first"}
    assert {case.is_record for case in found} == {True, False}
    assert found[0].similarity > 0.5
    assert "http://bad-host.com/a" in found[0].shared
    assert record.get_absolute_url() in {case.url for case in found}
