"""The canonical form of records: one spelling, a checked header, nothing else."""

import dataclasses
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sild.trust.encoding import canonical
from sild.trust.errors import RecordError
from sild.trust.record import Attachment, Header, Reference, build_record, compose_record, parse_record, uuid7
from sild.trust.tree import leaf_hash

pytestmark = pytest.mark.unit
HASH = "sha256:" + "ab" * 32


def header(**changes):
    values = {
        "id": str(uuid7()),
        "kind": "exchange.comment",
        "version": 1,
        "suite": "sild-2026",
        "issuer": "tallinn",
        "subject": "Näide · Приклад",
        "issued": "2026-11-25T16:00:00Z",
        "tlp": "GREEN",
        "audience": "partners",
        "salt": secrets.token_urlsafe(16),
    }
    return Header(**{**values, **changes})


def test_a_record_is_read_back_as_it_was_built():
    reference = Reference(id=str(uuid7()), hash=HASH)
    attachment = Attachment(hash=HASH, size=3, type="application/zip", name="package.zip")
    given_header = header(answers=reference, audience=["kyiv", "riga"], attachments=(attachment,))
    parsed = parse_record(build_record(given_header, {"text": "tere"}))
    assert parsed.header == given_header
    assert parsed.body == {"text": "tere"}
    assert parsed.hash == f"sha256:{leaf_hash(parsed.raw).hex()}"


def test_what_was_composed_is_what_would_be_read_back():
    reference = Reference(id=str(uuid7()), hash=HASH)
    for given_header in (header(), header(answers=reference, urgent=True), header(audience=["kyiv"], version=7)):
        composed = compose_record(given_header, {"text": "tere", "n": [1, 2.5, None]})
        assert composed == parse_record(composed.raw)


def test_urgency_has_one_spelling_and_is_absent_otherwise():
    assert parse_record(build_record(header(urgent=True), {})).header.urgent
    assert b"urgent" not in build_record(header(), {})
    raw = build_record(header(urgent=True), {})
    for other in (b"false", b"1", b"null", b'"true"'):
        with pytest.raises(RecordError, match="urgent"):
            parse_record(raw.replace(b'"urgent":true', b'"urgent":' + other))


@pytest.mark.parametrize("urgent", [1, "yes", None])
def test_urgency_is_true_or_false(urgent):
    with pytest.raises(RecordError):
        build_record(header(urgent=urgent), {})


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
# From 2**53 on, ECMAScript writes floats without a point up to 1e21; as integers they would be out of range.
floats = st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: not 2**53 <= abs(x) < 1e21)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | floats | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=15,
)


@pytest.mark.parametrize(
    "body", [{"text": "a\0b"}, {"\0": 1}, {"a": ["\\\0"]}], ids=["value", "name", "after a backslash"]
)
def test_what_not_every_database_can_keep_is_no_record(body):
    with pytest.raises(RecordError) as caught:
        build_record(header(), body)
    assert caught.value.code == "nul"


def test_the_letters_that_json_spells_nul_with_are_no_nul():
    assert parse_record(build_record(header(), {"text": "\\u0000"})).body == {"text": "\\u0000"}


@given(st.dictionaries(text, json_values, max_size=4))
def test_any_json_body_is_read_back_with_the_same_bytes(body):
    given_header = header()
    raw = build_record(given_header, body)
    parsed = parse_record(raw)
    assert build_record(parsed.header, parsed.body) == raw
    assert canonical(parsed.body) == canonical(body)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "8a0c72f7-870f-4dfa-b251-3546d071d7d3"},
        {"id": "01A21429-1510-719C-A0E5-1BA442831D68"},
        {"id": "x"},
        {"kind": "comment"},
        {"kind": "Exchange.Comment"},
        {"version": 0},
        {"version": True},
        {"suite": ""},
        {"issuer": "Tallinn"},
        {"issuer": "a" * 64},
        {"subject": ""},
        {"subject": "   "},
        {"subject": "s" * 301},
        {"issued": "2026-11-25 16:00:00"},
        {"issued": "2026-11-25T16:00:00+00:00"},
        {"issued": "2026-02-30T16:00:00Z"},
        {"tlp": "WHITE"},
        {"audience": "everybody"},
        {"audience": []},
        {"audience": ["riga", "kyiv"]},
        {"audience": ["kyiv", "kyiv"]},
        {"salt": "short"},
        {"salt": "!" * 30},
        {"replaces": Reference(id="x", hash=HASH)},
        {"answers": Reference(id="01a21429-1510-7a53-89c9-f81584ec6a52", hash="md5:00")},
        {"attachments": (Attachment(hash=HASH, size=-1, type="a/b", name="x"),)},
        {"attachments": (Attachment(hash=HASH, size=1, type="zip", name="x"),)},
        {"attachments": (Attachment(hash=HASH, size=1, type="a/b", name="../x"),)},
        {"attachments": (Attachment(hash=HASH, size=1, type="a/b", name="x"),) * 65},
    ],
    ids=str,
)
def test_a_header_that_breaks_a_rule_is_refused(changes):
    with pytest.raises(RecordError):
        build_record(header(**changes), {})


@pytest.mark.parametrize(
    "body",
    [{"n": float("nan")}, {"n": 2.0**53}, {"n": 2**60}, {"t": "\ud800"}, {"s": {1, 2}}],
    ids=["nan", "float that reads as an integer", "integer", "surrogate", "set"],
)
def test_a_body_without_a_canonical_form_is_refused(body):
    with pytest.raises(RecordError):
        build_record(header(), body)


def test_a_body_nested_without_end_is_refused():
    body = inner = {}
    for _ in range(5000):
        inner["x"] = inner = {}
    with pytest.raises(RecordError):
        build_record(header(), body)


def variants(raw):
    """The same record in other spellings, each of which a lenient reader would take for it."""
    text = raw.decode()
    return {
        "space": text.replace(":", ": ", 1),
        "newline": text + "\n",
        "duplicate": text[:-1] + ',"body":{}}',
        "reordered": text.replace('"kind"', '"zkind"', 1),
        "escape": text.replace("GREEN", "\\u0047REEN", 1),
        "number": text.replace('"version":1', '"version":1.0', 1),
        "extra": text.replace('{"body"', '{"aaa":1,"body"', 1),
        "unknown member": text.replace('"version":1', '"version":1,"voice":"loud"', 1),
        "bom": "\ufeff" + text,
    }


@pytest.mark.parametrize(
    "which", ["space", "newline", "duplicate", "reordered", "escape", "number", "extra", "unknown member", "bom"]
)
def test_another_spelling_is_not_the_record(which):
    raw = build_record(header(), {})
    with pytest.raises(RecordError):
        parse_record(variants(raw)[which].encode())


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"body":{},"header":null}', b'{"body":[],"header":{}}']
)
def test_what_is_no_record_is_refused(raw):
    with pytest.raises(RecordError):
        parse_record(raw)


def test_an_oversized_record_is_refused_before_it_is_parsed():
    with pytest.raises(RecordError) as caught:
        parse_record(b" " * (8 * 1024 * 1024 + 1))
    assert caught.value.code == "oversized"


@given(st.binary())
def test_no_bytes_make_the_parser_fail_in_any_other_way(raw):
    with pytest.raises(RecordError):
        parse_record(raw)


def test_ids_sort_by_the_time_at_which_they_were_made():
    ids = [uuid7() for _ in range(3)]
    assert {one.version for one in ids} == {7}
    assert ids[0].int >> 80 <= ids[2].int >> 80


def test_a_salt_makes_equal_statements_different_leaves():
    first = header()
    second = dataclasses.replace(first, salt=secrets.token_urlsafe(16))
    assert build_record(first, {}) != build_record(second, {})
