from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stix2patterns.validator import run_validator

from sild.threats.engine import patterns

pytestmark = pytest.mark.unit

LETTERS = "abcxyzANDORtrue019_-.:'[]=!\\ \"\n\tåжLIKE"
words = st.sampled_from(
    [
        "[",
        "]",
        "domain-name",
        "file",
        "x-a",
        "a",
        ":",
        "value",
        "name",
        "hashes",
        ".",
        "'SHA-256'",
        "'MD5'",
        "=",
        "!=",
        "true",
        "false",
        "a_b",
        "is_x",
        " ",
        "'a'",
        "'\\''",
        "'\\\\'",
        "'å'",
        "AND",
        "OR",
        "NOT",
        "in",
        "start",
    ]
)
texts = st.text(LETTERS, max_size=12).map(lambda text: text.replace("\\", "\\\\").replace("'", "\\'"))
likely = st.builds(
    "[{}:{} {} '{}']".format,
    st.from_regex(r"[a-z][a-z0-9]{0,4}(-[a-z0-9]{1,4})?", fullmatch=True),
    st.from_regex(r"[a-z][a-z0-9_]{0,8}(\.[a-z][a-z0-9_]{0,6})?", fullmatch=True),
    st.sampled_from(["=", "!="]),
    texts,
)


@settings(max_examples=60)
@given(st.one_of(st.lists(words, max_size=9).map("".join), likely))
@example("[file:hashes.'SHA-256' = 'aa']")
@example("[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']")
@example("[url:value='it\\'s']")
@example("[a-b:value != 'x' ]")
def test_what_is_taken_as_simple_the_grammar_accepts(pattern):
    if patterns.is_simple(pattern):
        assert run_validator(pattern) == []


@pytest.mark.parametrize(
    "pattern",
    [
        "[domain-name:value = 'evil.example']",
        "[file:hashes.'SHA-256' = 'aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f']",
        "[x509-certificate:issuer_name = 'x']",
        "[url:value = 'it\\'s']",
    ],
)
def test_the_usual_pattern_needs_no_parser(pattern):
    assert patterns.is_simple(pattern)
    assert patterns.errors_of(pattern) == ()


@pytest.mark.parametrize("pattern", ["[domain-name:value = 'x", "domain-name:value = 'x'", "[a:b = ]", "", "[]"])
def test_a_malformed_pattern_is_told(pattern):
    assert patterns.errors_of(pattern)


def test_a_pattern_that_is_not_simple_is_parsed():
    assert (
        patterns.errors_of("[ipv4-addr:value = '1.2.3.4'] FOLLOWEDBY [ipv4-addr:value = '1.2.3.5'] WITHIN 5 SECONDS")
        == ()
    )


def test_a_pattern_that_is_too_long_is_not_parsed():
    assert patterns.errors_of("[" * (patterns.MOST_CHARACTERS + 1)) == ()


def test_deep_nesting_is_an_error_and_no_crash():
    deep = 4000
    assert patterns.errors_of("[" + "(" * deep + "a:b = 'c'" + ")" * deep + "]")


def test_the_values_that_a_pattern_asks_for():
    pattern = "[file:hashes.'MD5' = 'AA' AND file:name IN ('b\\'c', 'd')] START t'2025-01-01T00:00:00Z'"
    assert patterns.literals(pattern) == ["AA", "b'c", "d"]
