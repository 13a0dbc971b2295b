"""Decisions: each kept with who and when, the latest counts, and only what was accepted is shared."""

import json

import pytest

from sild.analyst import deciding, services
from sild.analyst.deciding import Said
from sild.analyst.engine.validate import check_bundle
from sild.analyst.errors import DecisionError, NotFoundError
from sild.analyst.models import Decision
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.errors import NotAllowedError
from sild.people.models import AuditEntry

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

TEXT = (
    "Sandworm Team used Mimikatz to dump credentials from LSASS memory. Its server was hxxp://bad-host[.]com/a."
    " The second server was hxxp://worse-host[.]com/b. Mimikatz was seen again."
)


@pytest.fixture
def reading(publisher, in_use):
    return services.read(publisher, "a report", TEXT)


def by_value(reading):
    return {item.value: item for item in reversed(deciding.items_of(reading))}


def test_each_decision_is_kept_with_who_and_the_latest_counts(publisher, reading):
    key = by_value(reading)["T1003.001"].key
    deciding.decide(publisher, str(reading.pk), key, "accepted")
    item = deciding.decide(publisher, str(reading.pk), key, "rejected")
    assert (item.verdict, item.decision.who) == ("rejected", "publisher")
    assert Decision.objects.filter(item=key).count() == 2
    assert AuditEntry.objects.filter(action="analyst.decide").count() == 2
    assert deciding.decide(publisher, str(reading.pk), key, "open").verdict == ""


def test_only_what_was_accepted_is_shared_entities_with_what_the_text_says_of_them(publisher, reading):
    items = by_value(reading)
    for value in ("T1003.001", "Sandworm Team", "Mimikatz", "http://bad-host.com/a"):
        deciding.decide(publisher, str(reading.pk), items[value].key, "accepted")
    deciding.decide(publisher, str(reading.pk), items["http://worse-host.com/b"].key, "rejected")
    body = services.publish(publisher, str(reading.pk), ["kyiv"], "AMBER").body
    check_bundle(body["bundle"])
    said = json.dumps(body["bundle"])
    assert "bad-host.com" in said
    assert "worse-host.com" not in said
    of = {item["type"]: item for item in body["bundle"]["objects"]}
    assert of["intrusion-set"]["external_references"][0]["external_id"] == "G0034"
    assert of["relationship"]["source_ref"] == of["intrusion-set"]["id"]
    assert of["relationship"]["target_ref"] == of["tool"]["id"]
    assert body["provenance"]["reviewed"] is True


def test_what_was_accepted_unseen_is_not_called_reviewed(publisher, reading):
    assert deciding.accept_rest(publisher, str(reading.pk)) == len(deciding.items_of(reading))
    assert deciding.accept_rest(publisher, str(reading.pk)) == 0
    body = services.publish(publisher, str(reading.pk), ["kyiv"], "AMBER").body
    assert body["provenance"]["reviewed"] is False


def test_a_correction_takes_the_nearest_place_and_stays_through_later_verdicts(publisher, reading):
    key = by_value(reading)["http://worse-host.com/b"].key
    item = deciding.correct(publisher, str(reading.pk), key, Said("domain", "worse-host.com", "worse-host[.]com"))
    assert (item.group, item.kind, item.verdict) == ("indicator", "domain", "accepted")
    assert TEXT[item.start : item.end] == "worse-host[.]com"
    assert deciding.decide(publisher, str(reading.pk), key, "rejected").value == "worse-host.com"
    item = deciding.correct(publisher, str(reading.pk), key, Said("malware", "Worse"))
    assert (item.group, item.attack_id, TEXT[item.start : item.end]) == ("entity", "", "worse-host[.]com")


def test_a_name_keeps_its_id_in_attack_only_while_it_is_that_name(publisher, reading):
    key = by_value(reading)["Mimikatz"].key
    pk = str(reading.pk)
    assert deciding.correct(publisher, pk, key, Said("tool", "Mimikatz")).attack_id == "S0002"
    assert deciding.correct(publisher, pk, key, Said("tool", "Other")).attack_id == ""


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Said("technique", "T9999", "used Mimikatz"), "T9999"),
        (Said("nonsense", "x", "used Mimikatz"), "nonsense"),
        (Said("malware", "x", "not there"), "character for character"),
        (Said("malware", "x", " "), "Copy the words"),
        (Said("malware", " ", "used"), "1 to 500"),
        (Said("malware", "a\nb", "used"), "1 to 500"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_leaves_nothing(publisher, reading, said, words):
    with pytest.raises(DecisionError, match=words):
        deciding.add(publisher, str(reading.pk), said)
    assert not Decision.objects.exists()


def test_verdicts_and_keys_that_do_not_exist_are_refused(publisher, reading):
    with pytest.raises(DecisionError, match="perhaps"):
        deciding.decide(publisher, str(reading.pk), "p0", "perhaps")
    with pytest.raises(NotFoundError, match="p999"):
        deciding.decide(publisher, str(reading.pk), "p999", "accepted")


def test_a_viewer_decides_nothing(agency, reading):
    with pytest.raises(NotAllowedError):
        deciding.decide(Actor(who="v", role=Role.VIEWER, agency=agency), str(reading.pk), "p0", "accepted")
