from __future__ import annotations

import pytest

from sild.threats.engine.validate import stamp_of, summary, validate
from threats.stix import FIRST, GREEN, SECOND, indicator, malware, marking, relationship, sco, sdo

pytestmark = pytest.mark.unit

IDENTITY = "identity--f431f809-377b-45e0-aa1c-6a4751cae5ff"
BAD = "identity--xyz"


def errors(item):
    return [str(flaw) for flaw in validate(item) if flaw.is_error]


def warnings(item):
    return [str(flaw) for flaw in validate(item) if not flaw.is_error]


VALID = [
    indicator(),
    malware(),
    relationship(indicator(), "indicates", malware()),
    sdo("sighting", sighting_of_ref=indicator()["id"], count=3),
    sdo("report", name="r", published=FIRST, object_refs=[indicator()["id"]]),
    sdo("note", content="c", object_refs=[IDENTITY]),
    sdo("opinion", opinion="agree", object_refs=[IDENTITY]),
    sdo("grouping", context="unspecified", object_refs=[IDENTITY]),
    sdo(
        "observed-data",
        first_observed=FIRST,
        last_observed=FIRST,
        number_observed=1,
        object_refs=[sco("mutex", name="x")["id"]],
    ),
    sdo("location", country="EE"),
    sdo("location", latitude=59.4, longitude=24.7, precision=10),
    sdo("malware-analysis", product="p", result="benign"),
    sdo("language-content", object_ref=IDENTITY, contents={"et": {"name": "nimi"}}),
    sdo(
        "extension-definition", name="e", schema="s", version="1", extension_types=["new-sdo"], created_by_ref=IDENTITY
    ),
    sdo("x-mitre-tactic", name="custom", x_mitre_shortname="t"),
    marking(2),
    sdo("marking-definition", modified=None, definition_type="statement", definition={"statement": "(c)"}),
    sco("ipv4-addr", value="198.51.100.3"),
    sco("domain-name", value="example.com", resolves_to_refs=[sco("ipv4-addr", value="198.51.100.3")["id"]]),
    sco("file", hashes={"MD5": "a" * 32}),
    sco("network-traffic", src_ref=sco("ipv4-addr", value="1.1.1.1")["id"], protocols=["tcp"], src_port=1),
    sco("artifact", payload_bin="aGVsbG8="),
    sco("email-message", is_multipart=False, body="b"),
    sco("process", pid=1),
    sco("file", name="a.exe", extensions={"windows-pebinary-ext": {"pe_type": "exe"}}),
    sco("x-custom-observable", some_value=1),
]


@pytest.mark.parametrize("item", VALID, ids=lambda item: item["type"])
def test_valid_objects_have_no_flaw(item):
    assert [str(flaw) for flaw in validate(item)] == []


INVALID = [
    (7, "is no JSON object"),
    ({}, "type is no type"),
    ({"type": "indicator"}, "id is no identifier"),
    ({"type": "indicator", "id": "malware--f431f809-377b-45e0-aa1c-6a4751cae5ff"}, "is the identifier of a malware"),
    ({"type": "bundle", "id": "bundle--f431f809-377b-45e0-aa1c-6a4751cae5ff"}, "send its objects"),
    (indicator(pattern=None), "pattern is missing"),
    (indicator(created="yesterday"), "created is no timestamp"),
    (indicator(modified="2024-01-01T00:00:00.000Z"), "modified is not the same as or later than created"),
    (indicator(valid_until=FIRST), "valid_until is not later than valid_from"),
    (indicator(pattern="[a:b"), "is no STIX pattern"),
    (indicator(confidence=101), "confidence is no integer from 0 to 100"),
    (indicator(confidence=True), "confidence is no integer"),
    (indicator(revoked="yes"), "revoked is neither true nor false"),
    (indicator(labels=[]), "labels is no list with at least one item"),
    (indicator(labels=["a", 1]), "labels[1] is no string"),
    (indicator(created_by_ref=BAD), "created_by_ref is no identifier"),
    (indicator(extensions={"x-ext": {"extension_type": "odd"}}), "extensions.x-ext.extension_type is not in"),
    (sdo("language-content", object_ref=IDENTITY, contents={"e": {"name": "n"}}), "contents is no RFC 5646"),
    (indicator(spec_version="2.2"), "spec_version is not “2.1”"),
    (indicator(external_references=[{"source_name": "s"}]), "external_references[0] has neither description"),
    (indicator(external_references=[{"url": "u"}]), "external_references[0].source_name is missing"),
    (indicator(kill_chain_phases=[{"phase_name": "p"}]), "kill_chain_phases[0].kill_chain_name is missing"),
    (indicator(granular_markings=[{"marking_ref": GREEN, "selectors": ["nothing"]}]), "selects what is not there"),
    (indicator(granular_markings=[{"selectors": ["name"]}]), "has not exactly one of marking_ref and lang"),
    (indicator(extensions={}), "extensions is no dictionary"),
    (indicator(extensions={"Bad Name": {"a": 1}}), "extensions.Bad Name"),
    (indicator(Bad=1), "is no name of a property"),
    (indicator(lang="not a language"), "RFC 5646"),
    (sdo("malware", is_family=True), "name is missing, which a family needs"),
    (sdo("opinion", opinion="meh", object_refs=[IDENTITY]), "is not in opinion-enum"),
    (sdo("location", latitude=1.0), "has only one of latitude and longitude"),
    (sdo("location", country="EE", precision=1), "precision needs latitude and longitude"),
    (sdo("location", latitude=91, longitude=0), "latitude is no number from -90 to 90"),
    (
        sdo(
            "observed-data",
            first_observed=FIRST,
            last_observed=FIRST,
            number_observed=0,
            object_refs=[sco("mutex", name="x")["id"]],
        ),
        "from 1",
    ),
    (
        sdo("observed-data", first_observed=FIRST, last_observed=FIRST, number_observed=1),
        "neither objects nor object_refs",
    ),
    (sdo("malware-analysis", product="p"), "has neither result nor analysis_sco_refs"),
    (sdo("sighting", sighting_of_ref=sdo("relationship")["id"]), "not allowed are"),
    (relationship(indicator(), "Indicates!", malware()), "lower case letters, digits and hyphens"),
    (relationship(indicator(), "x", malware(), start_time=SECOND, stop_time=SECOND), "later than start_time"),
    (sdo("language-content", object_ref=IDENTITY, contents={}), "is no dictionary of languages"),
    (sdo("language-content", object_ref=IDENTITY, contents={"et": {}}), "contents.et is no dictionary"),
    (sdo("marking-definition"), "has neither definition nor extensions"),
    (sdo("marking-definition", definition_type="tlp"), "only one of definition_type and definition"),
    (sdo("marking-definition", definition_type="tlp", definition={}), "definition has no tlp"),
    (sco("ipv4-addr"), "value is missing"),
    (sco("file", size=1), "has neither hashes nor name"),
    (sco("file", hashes={"MD5": "zz"}), "hashes.MD5 is no such hash"),
    (sco("file", name="a", extensions={"archive-ext": {"comment": "c"}}), "contains_refs is missing"),
    (sco("file", name="a", magic_number_hex="abc"), "hexadecimal"),
    (sco("artifact", payload_bin="!!!"), "is no base64"),
    (sco("artifact", url="https://u.example/"), "hashes are missing"),
    (sco("artifact", payload_bin="aGk=", decryption_key="k"), "decryption_key needs"),
    (sco("network-traffic", protocols=["tcp"]), "has neither src_ref nor dst_ref"),
    (sco("network-traffic", protocols=["tcp"], src_ref=IDENTITY), "src_ref refers to a identity"),
    (sco("email-message", is_multipart=True, body="b"), "body is not allowed"),
    (sco("email-message", is_multipart=False, body_multipart=[{"body": "b"}]), "body_multipart is not allowed"),
    (
        sco("email-message", is_multipart=True, body_multipart=[{"content_type": "b"}]),
        "has neither body nor body_raw_ref",
    ),
    (sco("process"), "says nothing"),
    (sco("x509-certificate", subject_public_key_exponent=2**60), "is no integer"),
]


@pytest.mark.parametrize(("item", "why"), INVALID, ids=range(len(INVALID)))
def test_invalid_objects_are_told_what_and_where(item, why):
    assert any(why in error for error in errors(item)), list(map(str, validate(item)))


WARNED = [
    (indicator(indicator_types=["home-made"]), "indicator_types[0] is not in indicator-type-ov: home-made"),
    (indicator(created_by_ref=malware()["id"]), "created_by_ref refers to a malware; allowed are identity"),
    ({**sco("process", pid=1), "id": "process--ff26c055-6336-5bc5-b98d-13d6226742dd"}, "is a UUID of version 4"),
    (indicator(x_thing_ref="nothing"), "x_thing_ref is no identifier"),
    (indicator(pattern="[" + "a" * 20_000), "too long"),
    (
        {**sco("url", value="https://u.example/"), "id": "url--ff26c055-6336-5bc5-b98d-13d6226742dd"},
        "is not the one that its content gives",
    ),
    (sco("file", name="a", hashes={"MD5": "a" * 32, "WHIRLPOOL": "b"}), "is not in hash-algorithm-ov"),
    (sdo("malware", spec_version=None, labels=["trojan"]), "kept as STIX 2.0"),
]


@pytest.mark.parametrize(("item", "why"), WARNED, ids=range(len(WARNED)))
def test_what_should_be_different_is_a_warning(item, why):
    assert errors(item) == []
    assert any(why in warning for warning in warnings(item)), warnings(item)


def test_an_object_of_stix_2_0_still_needs_its_dates():
    item = {"type": "malware", "id": malware()["id"], "created": "x"}
    assert errors(item) == ["created is no timestamp of the form 2024-05-06T07:08:09.123Z: x", "modified is missing"]


def test_a_version_is_modified_or_created_and_nothing_for_observables():
    assert stamp_of(indicator(modified=SECOND)) == 1738368000000000
    assert stamp_of(marking(1)) == 1735689600000000
    assert stamp_of(sco("url", value="https://u.example/")) is None


def test_a_summary_tells_errors_first():
    flaws = validate(indicator(indicator_types=["odd"], pattern=None))
    assert next(iter(summary(flaws))) == "pattern is missing"
