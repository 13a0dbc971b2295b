"""Bundles are valid by the specification, closed, marked, and the same for the same findings."""

import dataclasses
import json

import pytest

from analyst.findings import AUTHOR, bundle
from sild.analyst.engine.validate import check_bundle

pytestmark = pytest.mark.unit


def of_type(made, kind):
    return [item for item in made["objects"] if item["type"] == kind]


def test_a_bundle_is_valid():
    check_bundle(bundle())


def test_the_same_findings_give_the_same_bytes_and_another_time_other_ids():
    assert json.dumps(bundle()) == json.dumps(bundle())
    later = bundle(author=dataclasses.replace(AUTHOR, created="2026-03-02T12:00:00.000Z"))
    (first,), (second,) = of_type(bundle(), "report"), of_type(later, "report")
    assert first["id"] != second["id"]
    assert of_type(bundle(), "identity") == of_type(later, "identity")


def test_an_id_never_stands_for_two_versions_of_an_object():
    seen = {}
    for tlp in ("AMBER", "GREEN"):
        for name in ("Kyiv", "Kyiv, renamed"):
            for item in bundle(tlp=tlp, author=dataclasses.replace(AUTHOR, name=name))["objects"]:
                if "created" in item:
                    assert seen.setdefault(item["id"], item) == item


def test_every_object_is_marked_and_the_marking_is_the_published_one():
    made = bundle(tlp="AMBER+STRICT")
    [mark] = of_type(made, "marking-definition")
    assert mark["id"] == "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
    assert all(item["object_marking_refs"] == [mark["id"]] for item in made["objects"] if item is not mark)


def test_a_report_ties_all_to_the_texts_hash():
    made = bundle()
    [report] = of_type(made, "report")
    tied = {item["id"] for item in made["objects"]} - {report["id"]}
    apart = {item["id"] for kind in ("identity", "marking-definition") for item in of_type(made, kind)}
    assert set(report["object_refs"]) == tied - apart
    assert report["external_references"][0]["external_id"].startswith("sha256:")
    assert report["lang"] == "en"


def test_techniques_refer_to_attack_and_notes_quote_the_sentence():
    made = bundle()
    [lsass] = [item for item in of_type(made, "attack-pattern") if item["name"] == "LSASS Memory"]
    assert lsass["external_references"][0] == {
        "source_name": "mitre-attack",
        "external_id": "T1003.001",
        "url": "https://attack.mitre.org/techniques/T1003/001",
    }
    [note] = [item for item in of_type(made, "note") if item["object_refs"] == [lsass["id"]]]
    assert "used Mimikatz to dump credentials" in note["content"]
    assert 0 <= note["confidence"] <= 100


def test_a_pattern_escapes_quotes_and_backslashes():
    patterns = {item["pattern"] for item in of_type(bundle(), "indicator")}
    assert r"[windows-registry-key:key = 'HKCU\\It\'s\\Run']" in patterns
    assert "[file:hashes.'MD5' = '9e107d9d372bb6826bd81d3542a419d6']" in patterns


def test_what_belongs_to_a_victim_or_to_windows_stays_out():
    assert "10.0.0.1" not in [item.get("value") for item in bundle()["objects"]]
    assert not [item for item in of_type(bundle(), "file") if item.get("name") == "cmd.exe"]


def test_actors_and_vulnerabilities_are_objects_of_their_own():
    made = bundle()
    assert [item["name"] for item in of_type(made, "intrusion-set")] == ["UAC-9999"]
    assert [item["external_references"][0]["external_id"] for item in of_type(made, "vulnerability")] == [
        "CVE-2023-38831"
    ]


def test_a_text_in_which_nothing_was_found_still_gives_a_valid_bundle():
    check_bundle(bundle("Nothing at all happened on that day."))


def test_an_unknown_marking_is_refused():
    with pytest.raises(ValueError, match="TLP"):
        bundle(tlp="WHITE")
