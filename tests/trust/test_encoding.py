"""One spelling for each value."""

import pytest
from hypothesis import given
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


def test_json_in_another_spelling_is_refused():
    assert parse_canonical(b'{"a":1}') == {"a": 1}
    with pytest.raises(ValueError, match="canonical"):
        parse_canonical(b'{"a": 1}')
