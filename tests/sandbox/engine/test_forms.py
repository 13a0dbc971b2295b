"""Descriptions: every flaw at once, each with its line and column; nothing that is read is trusted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sild.sandbox.engine import forms
from sild.sandbox.engine.errors import FormError
from sild.sandbox.engine.forms import Form, Name, Text

pytestmark = pytest.mark.unit


class Inner(Form):
    count: int


class Example(Form):
    name: Name
    title: Text
    parts: list[Inner] = []


def flaws(text):
    with pytest.raises(FormError) as caught:
        forms.parse(text.encode() if isinstance(text, str) else text, Example, name="example.yaml")
    return [(flaw.line, flaw.column, flaw.path) for flaw in caught.value.flaws], str(caught.value)


def test_a_form_is_read():
    read = forms.parse("name: a\ntitle: {en: A, uk: А}\nparts: [{count: 1}]".encode(), Example, name="x")
    assert (read.name, read.title["uk"], read.parts[0].count) == ("a", "А", 1)


def test_all_flaws_come_at_once_with_their_places():
    places, text = flaws("name: No\ntitle:\n  fr: A\nparts:\n  - count: 1\n  - count: many\n  - {}\nmore: 1\n")
    assert places == [(1, 1, "name"), (2, 1, "title"), (6, 5, "parts.1.count"), (7, 5, "parts.2.count"), (8, 1, "more")]
    assert "example.yaml:8:1: more: there is no such member" in text
    assert "en, et and uk, not fr" in text


def test_types_are_not_guessed():
    assert flaws("name: 1\ntitle: {en: A}\nparts: [{count: '1'}]")[0] == [(1, 1, "name"), (3, 10, "parts.0.count")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: [", "not YAML"),
        ("name: a\nname: b", "not YAML"),
        ("- a", "no members"),
        ("", "no members"),
        (b"name: a\ntitle: \xff", "not UTF-8"),
        ("title: {en: ''}\nname: a", "at least one"),
    ],
)
def test_what_is_no_form_is_told_in_a_sentence(text, says):
    assert says in flaws(text)[1]


def test_a_tag_that_names_python_code_is_only_text():
    assert forms.parse(b"name: !!python/object:os.system x\ntitle: {en: A}", Example, name="x").name == "x"


def test_a_file_that_is_too_large_or_holds_itself_is_refused():
    assert "larger" in flaws(b"#" * (forms.MAX_BYTES + 1))[1]
    assert flaws("name: a\ntitle: &t\n  en: *t\n")[0]


def test_a_file_that_is_not_there_is_a_flaw(tmp_path):
    with pytest.raises(FormError, match=r"example.yaml: the file cannot be read"):
        forms.read(tmp_path / "example.yaml", Example)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text):
    with pytest.raises(FormError) as caught:
        forms.parse(b"more: 1\n" + text.encode("utf-8", "surrogatepass"), Example, name="x")
    assert all(flaw.message for flaw in caught.value.flaws)
