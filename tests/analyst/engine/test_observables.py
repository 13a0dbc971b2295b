"""Observables: their deterministic ids against the specification's own examples, and what gives none."""

import pytest

from sild.analyst.engine.indicators import Indicator
from sild.analyst.engine.observables import observables, pattern

pytestmark = pytest.mark.unit


def indicator(kind, value, scope=""):
    return Indicator(kind, value, 0, len(value), value, scope=scope)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        # STIX 2.1, sections 6.7, 6.8 and 6.4: examples with ids that everybody's code must give.
        ("ipv4", "198.51.100.3", "ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd"),
        ("ipv4", "198.51.100.0/24", "ipv4-addr--5853f6a4-638f-5b4e-9b0f-ded361ae3812"),
        ("ipv6", "2001:0db8:85a3:0000:0000:8a2e:0370:7334", "ipv6-addr--1e61d36c-a16c-53b7-a80f-2a00161c96b1"),
        ("domain", "example.com", "domain-name--3c10e93f-798e-5a26-a0c1-08156efab7f5"),
        ("email", "john@example.com", "email-addr--2d77a846-6264-5d51-b586-e43822ea1ea3"),
        ("url", "https://example.com/research/index.html", "url--c1477287-23ac-5971-a010-5c287877fa60"),
        ("path", "C:\\Windows\\System32", "directory--93c0a9b0-520d-545d-9094-1a08ddf46b05"),
    ],
)
def test_an_id_is_the_one_that_the_specification_gives(kind, value, expected):
    assert observables(indicator(kind, value))[-1]["id"] == expected


@pytest.mark.parametrize("scope", ["private", "loopback", "reserved", "system"])
def test_what_tells_about_the_victim_gives_none(scope):
    assert observables(indicator("ipv4", "10.0.0.1", scope)) == []


@pytest.mark.parametrize("kind", ["bitcoin", "cve", "actor"])
def test_kinds_without_an_observable_give_none(kind):
    assert observables(indicator(kind, "x")) == []


def test_a_path_is_a_folder_and_the_file_in_it():
    folder, file = observables(indicator("path", "/tmp/x/a.sh"))
    assert (folder["path"], file["name"], file["parent_directory_ref"]) == ("/tmp/x", "a.sh", folder["id"])
    assert pattern(file) is None
    assert pattern(folder) is None


def test_each_hash_has_its_name_of_the_specification():
    names = [next(iter(observables(indicator(kind, "00"))[0]["hashes"])) for kind in ("md5", "sha1", "sha256", "sha512")]
    assert names == ["MD5", "SHA-1", "SHA-256", "SHA-512"]


def test_an_autonomous_system_has_a_number_and_no_pattern():
    [system] = observables(indicator("asn", "AS64500"))
    assert system["number"] == 64500
    assert pattern(system) is None
