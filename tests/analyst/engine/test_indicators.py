"""The extractor on 219 indicators set into three languages, on decoys, and on text made to hurt it."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyst.corpus import DECOYS, INDICATORS, SENTENCES
from sild.analyst.engine.errors import TextError
from sild.analyst.engine.indicators import KINDS, MAX_HITS, extract

unit = pytest.mark.unit

CASES = [
    pytest.param(SENTENCES[language], *indicator, id=f"{language}-{indicator[0]}")
    for language in SENTENCES
    for indicator in INDICATORS
]


@unit
@pytest.mark.parametrize(("sentence", "written", "kind", "value"), CASES)
def test_an_indicator_is_found_in_a_sentence_and_nothing_else_is(sentence, written, kind, value):
    text = sentence.format(written)
    [found] = extract(text)
    assert (found.kind, found.value) == (kind, value or written)
    assert text[found.start : found.end] == found.original == written


@unit
def test_the_corpus_is_as_large_as_the_target_asks_and_has_every_kind():
    assert len(CASES) >= 150
    # What is told by the words before it is in test_fingerprints.
    told = {"ja3", "ja3s", "imphash", "yara", "sigma"}
    assert {kind for _written, kind, _value in INDICATORS} == set(KINDS) - told


@unit
@pytest.mark.parametrize("decoy", DECOYS)
@pytest.mark.parametrize("sentence", ["They saw {} there.", "Nad nägid seda: {}", "Було виявлено {} у звіті"])
def test_what_only_looks_like_an_indicator_is_none(decoy, sentence):
    assert extract(sentence.format(decoy)) == []


@unit
@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("10.1.2.3", "private"),
        ("172.31.0.1", "private"),
        ("172.32.0.1", "public"),
        ("100.64.0.1", "private"),
        ("127.0.0.1", "loopback"),
        ("169.254.1.1", "reserved"),
        ("224.0.0.251", "reserved"),
        ("203.0.113.1", "documentation"),
        ("8.8.4.4", "public"),
        ("fe80::1:2", "reserved"),
        ("fd00::12:1", "private"),
        ("2001:db8::12", "documentation"),
        ("2a00:1450::12", "public"),
        ("http://10.0.0.1/x", "private"),
        ("files.example.org", "example"),
        ("printer.lan", "private"),
        ("bad-host.com", "public"),
        ("rundll32.exe", "system"),
        ("evil.exe", ""),
    ],
)
def test_a_scope_says_whose_it_is(text, scope):
    [found] = extract(f"seen: {text} there")
    assert found.scope == scope


@unit
def test_a_url_stands_for_its_host_and_a_path_for_its_file():
    kinds = [found.kind for found in extract("http://bad-host.com/x.exe and C:\\temp\\x.exe")]
    assert kinds == ["url", "path"]


@unit
def test_punctuation_of_the_sentence_is_not_part_of_a_url():
    [found] = extract("(see http://bad-host.com/a_(b)).")
    assert found.value == "http://bad-host.com/a_(b)"


@unit
@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("203.0.113.1-203.0.113.9", ["203.0.113.1", "203.0.113.9"]),
        ("203.0.113.1, 203.0.113.2;203.0.113.3", ["203.0.113.1", "203.0.113.2", "203.0.113.3"]),
        ("203.0.113.1:8080/tcp", ["203.0.113.1"]),
        ("bad-host.com.", ["bad-host.com"]),
        ("C:\\a\\b.exe and HKLM\\Software\\X for it", ["C:\\a\\b.exe", "HKLM\\Software\\X"]),
        ("HKCU\\Software\\Run to persist", ["HKCU\\Software\\Run"]),
        (
            "C:\\Program Files\\Evil Corp\\run me.exe ja C:\\b.dll",
            ["C:\\Program Files\\Evil Corp\\run me.exe", "C:\\b.dll"],
        ),
        ("C:\\\\Users\\\\x\\\\a.dll", ["C:\\Users\\x\\a.dll"]),
    ],
)
def test_what_stands_side_by_side_is_told_apart(text, values):
    assert [found.value for found in extract(text)] == values


@unit
def test_defanging_is_told():
    assert [found.defanged for found in extract("bad[.]com good.com hxxp://a.com/ http://b.com/")] == [
        True,
        False,
        True,
        False,
    ]


@unit
@pytest.mark.parametrize("text", ["", "  \n", "a\0b", "x" * 2_000_001])
def test_what_is_no_text_is_refused_with_a_sentence(text):
    with pytest.raises(TextError):
        extract(text)


@unit
def test_a_feed_is_refused_before_it_costs_much():
    with pytest.raises(TextError, match="feed"):
        extract("203.0.113.1 " * (MAX_HITS + 1))


WORDS = st.sampled_from(
    [written for written, _kind, _value in INDICATORS]
    + DECOYS
    + [
        "[.]",
        "(",
        ")",
        "[",
        "hxxp",
        "://",
        "\\",
        "\u200b",
        "\u2011",
        "слово",
        "õun",
        " ",
        "\n",
        ".",
        "@",
        "-",
        "/",
        "%",
    ]
)


@unit
@settings(max_examples=300)
@given(st.lists(WORDS | st.text(max_size=8), max_size=30).map("".join))
def test_spans_match_the_text_and_never_overlap(text):
    if not text.strip() or "\0" in text:
        return
    reached = 0
    for found in extract(text):
        assert reached <= found.start < found.end <= len(text)
        assert text[found.start : found.end] == found.original
        assert found.kind in KINDS
        assert found.value
        reached = found.end


HOSTILE = [
    "[.]", "(at)", "a.", "1.", "http://", "http://a.com/", "a@", "C:\\", "\\", "HKLM\\", "::", "1:", "f", "(", "http://)",
    "/tmp", "\u200ba", "C:\\a b", "h**p", ".", "a.b-", "a\\", "HKLM\\a ", "-", "%aa", "\\\\a", "[ ", "1Ab", "a-", "_.",
    "HKLM\\a b\\", "CVE-", "AS1", "1.1.1.1.", "x.com.", "//", "~/", "[", "a\\.", "https://a@", "fe80:", "0:0:", "bc1",
]  # fmt: skip

CHILD = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
from sild.analyst.engine.errors import TextError
from sild.analyst.engine.indicators import extract
for seed in json.load(sys.stdin):
    try:
        extract(seed * (400_000 // len(seed)))
    except TextError as error:
        assert "feed" in str(error), error
print("all read")
"""


@pytest.mark.integration
def test_hostile_lines_end_within_a_limit_of_processor_time_that_quadratic_work_would_exceed_a_thousandfold():
    done = subprocess.run(
        [sys.executable, "-c", CHILD], input=json.dumps(HOSTILE), capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "all read", done.stderr


@unit
@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("d41d8cd98f00b204e9800998ecf8427e", "known"),
        ("www.krebsonsecurity.com", "known"),
        ("hxxps://krebsonsecurity[.]com/2024/", "known"),
        ("hxxps://github[.]com/bad/tool", "public"),
        ("9f86d081884c7d659a2feaa0c55ad015", ""),
    ],
)
def test_what_warning_lists_call_harmless_is_told(text, scope):
    [found] = extract(text)
    assert found.scope == scope
