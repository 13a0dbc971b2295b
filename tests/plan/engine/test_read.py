"""Reading memoranda: the shipped one is whole, and a wrong one gets every problem at its place in one pass."""

import pytest

from sild.plan.engine import read as reader
from sild.plan.engine.errors import MemorandumError
from sild.plan.engine.read import parse, read, shipped

pytestmark = pytest.mark.unit

SMALL = """\
slug: small
title: &t {en: Small, et: Väike, uk: Мале}
parties:
  A: *t
  B: *t
signed: null
commitments:
  - slug: one
    title: *t
    text: *t
    owners: [A, B]
    due: 2027-01-31
    evidence:
      - slug: proof
        title: *t
        kind: exchange.comment
        where: {text: done, size.bytes: {min: 3}}
        from: each
"""

TEN = {
    "ai-accelerator",
    "ai-sandbox",
    "edtech-pilots",
    "ai-proof-of-concept",
    "cyber-exercises",
    "govtech-solutions",
    "civil-servant-training",
    "data-and-pqc",
    "expert-meetings",
    "threat-information",
}


def problems(text):
    with pytest.raises(MemorandumError) as caught:
        parse(text, "m.yaml")
    return [(problem.line, problem.column, problem.sentence) for problem in caught.value.problems]


def test_the_memorandum_of_estonia_and_ukraine_ships_with_its_ten_commitments():
    assert "estonia-ukraine" in shipped()
    memorandum = read("estonia-ukraine")
    assert {commitment.slug for commitment in memorandum.commitments} == TEN
    assert list(memorandum.parties) == ["EE", "UA"]


def test_only_the_proof_of_concept_has_a_date_of_the_memorandum_itself():
    dated = [one for one in read("estonia-ukraine").commitments if one.due_set_by == "memorandum"]
    assert [(one.slug, one.due.isoformat()) for one in dated] == [("ai-proof-of-concept", "2026-12-31")]


def test_a_memorandum_is_read_by_the_path_of_its_file(tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(SMALL)
    memorandum = read(str(file))
    assert memorandum.signed is None
    assert memorandum.commitments[0].evidence[0].issuer == "each"
    assert memorandum.commitments[0].evidence[0].where["size.bytes"].min == 3


def test_a_name_that_is_neither_shipped_nor_a_file_is_refused_with_what_there_is(tmp_path):
    with pytest.raises(MemorandumError, match="estonia-ukraine"):
        read(str(tmp_path / "none.yaml"))


def test_a_file_that_is_not_text_is_refused(tmp_path):
    file = tmp_path / "image.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MemorandumError, match="nor a readable file"):
        read(str(file))


def test_a_file_that_is_too_long_is_not_read(tmp_path):
    file = tmp_path / "long.yaml"
    file.write_text("#" * (reader.MAX_BYTES + 1))
    with pytest.raises(MemorandumError, match="too long"):
        read(str(file))


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "words"),
    [
        ("signed: null\n", "", 1, 1, "“signed” is missing"),
        ("due: 2027-01-31", "due: soon", 12, 5, "YYYY-MM-DD"),
        ("kind: exchange.comment", "kind: comments", 16, 9, "has not the form"),
        ("    due: 2027", "    deu: 1\n    due: 2027", 12, 5, "“deu” is not known here"),
        ("owners: [A, B]", "owners: [A, X]", 11, 17, "“X” is no party here; the parties are A, B"),
        ("from: each", "from: X", 18, 9, "“X” is no party here"),
        ("from: each", "differs_from: other", 18, 9, "not the slug of another rule"),
        ("from: each", "differs_from: proof", 18, 9, "not the slug of another rule"),
        ("where: {text: done,", "where: {text: [done],", 17, 17, "give the value"),
        ("where: {text: done, size.bytes: {min: 3}}", "where: {text: {min: many}}", 17, 17, "{min: NUMBER}"),
        ("    text: *t", "    text: words", 10, 5, "a mapping with names and values"),
        ("et: Väike", "et: ' '", 2, 23, "at least 1 character"),
        ("  B: *t\n", "", 3, 1, "at least 2 items"),
    ],
)
def test_each_problem_is_told_with_its_line_and_column(old, new, line, column, words):
    assert old in SMALL
    found = problems(SMALL.replace(old, new, 1))
    assert any((line, column) == place[:2] and words in place[2] for place in found), found


def test_all_problems_are_told_in_one_pass_in_the_order_of_the_file():
    text = SMALL.replace("due: 2027-01-31", "due: soon").replace("[A, B]", "[A, X]").replace("from: each", "fro: each")
    assert [place[0] for place in problems(text)] == [11, 12, 18]


def test_a_slug_used_twice_and_a_milestone_after_the_due_date_are_found():
    again = SMALL + SMALL[SMALL.index("  - slug: one") :].replace("*t", "{en: a, et: b, uk: c}")
    step = "    milestones:\n      - {slug: s, title: *t, due: 2028-01-01, evidence: {kind: a.b, from: X}}\n"
    found = " ".join(
        sentence for _line, _column, sentence in problems(again + step.replace("*t", "{en: a, et: b, uk: c}"))
    )
    assert "“one” is used twice" in found
    assert "lies after the commitment's own due date" in found
    assert "“X” is no party here" in found


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2", "\ta: 1", "a: *none", "a: \x00"])
def test_what_is_not_yaml_is_refused_with_its_place(text):
    [(line, column, sentence)] = problems(text)
    assert line >= 1
    assert column >= 1
    assert "not YAML" in sentence


@pytest.mark.parametrize(
    "text", ["", "[]", "words", "7", "commitments: 7", "commitments: [7]", "commitments: [{evidence: [7]}]"]
)
def test_what_is_no_memorandum_at_all_is_refused_without_a_traceback(text):
    assert problems(text)


def test_a_member_that_was_merged_in_is_told_at_the_place_that_merges_it():
    text = SMALL.replace("signed: null", "signed: null\n").replace(
        "    title: *t\n    text", "    <<: {due: soon}\n    title: *t\n    text"
    )
    text = text.replace("    due: 2027-01-31\n", "")
    assert any("YYYY-MM-DD" in sentence and line == 9 for line, _column, sentence in problems(text))
