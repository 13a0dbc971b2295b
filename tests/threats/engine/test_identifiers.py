from __future__ import annotations

import pytest

from sild.threats.engine.identifiers import IDENTIFIER, TYPE, deterministic_id, type_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("observable", "identifier"),
    [
        # As OASIS's stix2 library makes them.
        ({"type": "ipv4-addr", "value": "198.51.100.3"}, "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"),
        ({"type": "domain-name", "value": "example.com"}, "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7"),
        ({"type": "file", "name": "f.exe"}, "file--4bfeb1c1-2242-5174-bb64-333d37d525aa"),
        ({"type": "autonomous-system", "number": 5}, "autonomous-system--8db95a81-12f4-526e-ab69-f85c45cc4107"),
    ],
)
def test_the_content_gives_the_identifier(observable, identifier):
    assert deterministic_id(observable) == identifier


def test_of_several_hashes_only_the_preferred_one_contributes():
    both = {"type": "file", "hashes": {"SHA-256": "a" * 64, "MD5": "b" * 32}}
    assert deterministic_id(both) == deterministic_id({"type": "file", "hashes": {"MD5": "b" * 32}})
    assert deterministic_id(both) != deterministic_id({"type": "file", "hashes": {"SHA-256": "a" * 64}})


def test_what_does_not_contribute_changes_nothing():
    assert deterministic_id({"type": "url", "value": "u", "defanged": True}) == deterministic_id(
        {"type": "url", "value": "u"}
    )


def test_a_process_has_no_deterministic_identifier():
    assert deterministic_id({"type": "process", "pid": 1}) is None


@pytest.mark.parametrize("name", ["ipv4-addr", "x-mitre-tactic", "abc"])
def test_types(name):
    assert TYPE.fullmatch(name)


@pytest.mark.parametrize("name", ["", "ab", "Aaa", "a--b", "-abc", "abc-", "a_b", "a" * 251])
def test_what_is_no_type(name):
    assert not TYPE.fullmatch(name)


def test_the_type_in_an_identifier():
    name = "x-a--ff26c055-6336-5bc5-b98d-13d6226742dd"
    assert IDENTIFIER.fullmatch(name)
    assert type_of(name) == "x-a"
