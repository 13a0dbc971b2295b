"""Values whose form other standards say, by their right and their wrong examples."""

import pytest

from sild.threats.engine.validate import validate
from threats.stix import indicator, sco

pytestmark = pytest.mark.unit


def errors(item):
    return [str(flaw) for flaw in validate(item) if flaw.is_error]


RIGHT = [
    ("url", "value", "https://evil.example/a?b=[c"),
    ("url", "value", "data:text/plain,x"),
    ("email-addr", "value", "someone@example.com"),
    ("ipv4-addr", "value", "203.0.113.5"),
    ("ipv4-addr", "value", "203.0.113.5/24"),
    ("ipv6-addr", "value", "2001:db8::5/48"),
    ("windows-registry-key", "key", r"HKEY_LOCAL_MACHINE\Software\Example"),
    ("windows-registry-key", "key", r"Software\Example"),
]
WRONG = [
    ("url", "value", "evil.example/a"),
    ("email-addr", "value", "Someone <someone@example.com>"),
    ("email-addr", "value", "someone"),
    ("ipv4-addr", "value", "203.0.113.256"),
    ("ipv4-addr", "value", "203.0.113.5/33"),
    ("ipv4-addr", "value", "2001:db8::5"),
    ("ipv6-addr", "value", "2001:db8::5/"),
    ("windows-registry-key", "key", r"HKLM\Software\Example"),
    ("windows-registry-key", "key", "hkcu"),
]


@pytest.mark.parametrize(("kind", "name", "value"), RIGHT)
def test_what_has_the_form_is_taken(kind, name, value):
    assert errors(sco(kind, **{name: value})) == []


@pytest.mark.parametrize(("kind", "name", "value"), WRONG)
def test_what_has_not_is_refused_with_what_it_is(kind, name, value):
    [error] = errors(sco(kind, **{name: value}))
    assert error.startswith(f"{name} ")
    assert value in error


@pytest.mark.parametrize("value", [17, None, ["203.0.113.5"]])
def test_what_is_no_string_is_refused(value):
    item = {**sco("ipv4-addr", value="203.0.113.5"), "value": value}
    assert "is no IPv4 address" in errors(item)[0]


def test_a_cpe_name_has_eleven_components():
    name = r"cpe:2.3:a:example:a\:b:1.0:*:*:*:*:*:*:*"
    assert errors(sco("software", name="x", cpe=name)) == []
    assert "CPE 2.3" in errors(sco("software", name="x", cpe="cpe:/a:example:a:1.0"))[0]


@pytest.mark.parametrize(
    ("source", "name", "is_right"),
    [
        ("cve", "CVE-2021-44228", True),
        ("cve", "2021-44228", False),
        ("capec", "CAPEC-163", True),
        ("capec", "163", False),
        ("mitre-attack", "anything", True),
    ],
)
def test_a_number_of_cve_or_capec_has_its_form(source, name, is_right):
    found = errors(indicator(external_references=[{"source_name": source, "external_id": name}]))
    assert bool(found) is not is_right


def test_a_name_of_cve_without_a_number_says_nothing_wrong():
    assert errors(indicator(external_references=[{"source_name": "cve", "description": "not assigned yet"}])) == []


def test_an_empty_list_is_refused_in_a_custom_property_too():
    assert errors(indicator(x_example=[])) == ["x_example is an empty list"]


def test_a_password_of_an_archive_is_taken():
    archive = {"payload_bin": "UEs=", "encryption_algorithm": "mime-type-indicated", "decryption_key": "infected"}
    assert errors(sco("artifact", **archive)) == []
