"""One spelling for each value."""

import orjson
import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from sild.trust.encoding import b64, b64u, canonical, parse_canonical, unb64, unb64u

pytestmark = pytest.mark.unit


@given(st.binary())
def test_base64_is_read_back(data):
    assert unb64(b64(data)) == data
    assert unb64u(b64u(data)) == data


@pytest.mark.parametrize("text", ["AB==", "AA", "A A=", "AA==\n", "AA=", "é"])
def test_base64_has_one_spelling(text):
    with pytest.raises(ValueError, match=r".+"):
        unb64(text)


@pytest.mark.parametrize("text", ["AB", "AA==", "A+", "A"])
def test_base64url_has_one_spelling(text):
    with pytest.raises(ValueError, match=r".+"):
        unb64u(text)


def test_canonical_json_sorts_by_utf_16_and_writes_numbers_as_ecmascript_does():
    value = {"\ufb33": 1, "\U0001f600": 333333333.33333329, "é": 1e-27, "1": [None, True]}
    assert canonical(value).decode() == '{"1":[null,true],"é":1e-27,"😀":333333333.3333333,"\ufb33":1}'


text = st.text() | st.text(st.characters(max_codepoint=0x2FF)) | st.sampled_from(["\U0001f600", "\ufb33", "\x7f\u2028"])
numbers = st.integers() | st.integers(-(2**53) - 1, 2**53 + 1) | st.floats() | st.sampled_from([2**53 - 1, 1 - 2**53])
values = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner) | st.dictionaries(text, inner) | st.tuples(inner),
    max_leaves=20,
)


def outcome(function, value):
    """What a function returns; None when the value has no canonical form."""
    try:
        return function(value)
    except (ValueError, RecursionError):
        return None


def by_rfc8785_alone(value):
    raw = rfc8785.dumps(value)
    rfc8785.dumps(orjson.loads(raw))
    return raw


@given(values)
@example({"\ufb33": 1, "\U0001f600": 2})
@example({"a": 2.0**53})
@example(["".join(map(chr, range(0x100)))])
def test_the_fast_way_gives_the_bytes_of_rfc8785_or_refuses_as_it_does(value):
    assert outcome(canonical, value) == outcome(by_rfc8785_alone, value)


@pytest.mark.parametrize("depth", [1, 200, 255, 256, 400, 100_000])
def test_nesting_is_canonical_as_deep_as_rfc8785_goes(depth):
    value = []
    for _ in range(depth):
        value = [value]
    assert outcome(canonical, value) == outcome(by_rfc8785_alone, value)


def test_json_in_another_spelling_is_refused():
    assert parse_canonical(b'{"a":1}') == {"a": 1}
    with pytest.raises(ValueError, match="canonical"):
        parse_canonical(b'{"a": 1}')
