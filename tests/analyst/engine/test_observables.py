"""Observables: their deterministic ids as OASIS's own library makes them, and what gives none."""

import pytest

from sild.analyst.engine.indicators import Indicator
from sild.analyst.engine.observables import observables, pattern

pytestmark = pytest.mark.unit


def indicator(kind, value, scope=""):
    return Indicator(kind, value, 0, len(value), value, scope=scope)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        # As OASIS's own library for Python, stix2 3.0, makes them; part of them need RFC 8785's escapes.
        ("ipv4", "198.51.100.3", "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"),
        ("ipv6", "2001:db8::1", "ipv6-addr--6469e3a9-b053-5e34-a025-9396ae051d26"),
        ("domain", "приклад.укр", "domain-name--2a12a1e8-d10f-5f3f-abe6-7f3a48395645"),
        ("file", 'a"b\\c.exe', "file--c0fefa73-99b0-56fe-a5f7-7412c5f12475"),
        ("md5", "9e107d9d372bb6826bd81d3542a419d6", "file--f2a8c83d-065e-585c-bcaa-1a52461e400f"),
        ("path", "C:\\Windows\\System32", "directory--0a58d0c1-59e6-5afd-8252-dcd3f13e5622"),
        ("path", "/tmp/x/a.sh", "file--2be1b3ef-4eeb-52b8-85b1-d9d2a1724724"),
        ("asn", "AS64500", "autonomous-system--0a5f7072-df00-5729-9f0a-4eb18631a446"),
        ("registry", "HKCU\\Software\\Run", "windows-registry-key--65ec8892-9e33-5da3-bb64-76a92c239e84"),
        ("url", "http://bad-host.com/it's", "url--f524ab92-6fba-5c7e-afde-1881c46d56f4"),
        ("email", "john@example.com", "email-addr--7165e2a9-671f-585d-b1e1-ca59c671d934"),
    ],
)
def test_an_id_is_the_one_that_everybodys_code_gives(kind, value, expected):
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
    names = [
        next(iter(observables(indicator(kind, "00"))[0]["hashes"])) for kind in ("md5", "sha1", "sha256", "sha512")
    ]
    assert names == ["MD5", "SHA-1", "SHA-256", "SHA-512"]


def test_an_autonomous_system_has_a_number_and_no_pattern():
    [system] = observables(indicator("asn", "AS64500"))
    assert system["number"] == 64500
    assert pattern(system) is None
