"""A pasted list, as people write it."""

import pytest

from sild.threats.engine import pasted
from sild.threats.engine.sentences import DeskError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("given", "kind", "value"),
    [
        ("203.0.113[.]5", "ipv4-addr", "203.0.113.5"),
        ("203.0.113.0/24", "ipv4-addr", "203.0.113.0/24"),
        ("2001:DB8:0:0::1", "ipv6-addr", "2001:db8::1"),
        ("Evil(dot)Example[.]com.", "domain-name", "evil.example.com"),
        ("приклад[.]укр", "domain-name", "приклад.укр"),
        ("hxxps[:]//Evil[.]example/Path?A=1", "url", "https://evil.example/Path?A=1"),
        ("hxxp://1.2.3[.]4/x", "url", "http://1.2.3.4/x"),
        ("fxp://evil[.]example/x", "url", "ftp://evil.example/x"),
        ("bad[at]evil[.]example", "email-addr", "bad@evil.example"),
        ("“D41D8CD98F00B204E9800998ECF8427E”", "file", "d41d8cd98f00b204e9800998ecf8427e"),
        ("cve-2024-3094", "vulnerability", "CVE-2024-3094"),
        ("t1059.001", "attack-pattern", "T1059.001"),
        ("what?", "other", "what?"),
    ],
)
def test_each_is_told_by_its_form_and_refanged(given, kind, value):
    assert pasted.classify(given) == pasted.Asked(given, kind, value)


def test_a_list_is_split_at_spaces_commas_and_lines_and_each_is_asked_once():
    text = "# seen tonight\n203.0.113[.]5, 203.0.113.5;evil[.]example\n\n  evil.example\n"
    assert [asked.value for asked in pasted.parse(text)] == ["203.0.113.5", "evil.example"]


def test_too_long_a_list_is_refused_with_what_to_do(monkeypatch):
    monkeypatch.setattr(pasted, "MOST", 2)
    with pytest.raises(DeskError, match="in parts"):
        pasted.parse("a.example\nb.example\nc.example")


@pytest.mark.parametrize(
    ("value", "safe"),
    [
        ("http://evil.example/a.b", "hxxp://evil[.]example/a.b"),
        ("evil.example", "evil[.]example"),
        ("203.0.113.5", "203.0.113[.]5"),
        ("d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e"),
    ],
)
def test_defanging_keeps_anybody_from_following_it(value, safe):
    assert pasted.defang(value) == safe
    assert pasted.classify(safe).value == value


def test_a_hash_is_named_by_its_length():
    assert pasted.hash_name("ab" * 32) == "SHA-256"
    assert pasted.hash_name("abc") is None
    assert pasted.hash_name("zz" * 16) is None
