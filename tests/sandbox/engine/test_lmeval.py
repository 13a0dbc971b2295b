"""Suites from lm-eval's files: logs old and new, plain choices, and every line that cannot be used."""

from __future__ import annotations

import json

import pytest

from sild.sandbox.engine import lmeval, suite
from sild.sandbox.engine.errors import FormError

pytestmark = pytest.mark.integration
ABOUT = lmeval.About("trivia", "Trivia", "made up for this test", "CC0-1.0", "et", 0.5)


def convert(tmp_path, *lines):
    data = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines).encode()
    return suite.load(lmeval.write(data, "log.jsonl", ABOUT, tmp_path / "suite"))


def choice(**changes):
    log = {
        "doc_id": 3,
        "doc": {"question": "Pealinn?"},
        "target": "1",
        "arguments": [["Pealinn?\nVastus:", " Tartu"], ["Pealinn?\nVastus:", " Tallinn"]],
        "resps": [[["-2.5", "False"]], [["-0.5", "True"]]],
    }
    return log | changes


def test_a_log_of_choices_becomes_a_question_with_options(tmp_path):
    read = convert(tmp_path, choice(), choice(filter="second"))
    [sample] = read.samples
    assert (sample.id, read.scorer.name) == ("3", "choice")
    assert sample.target == {"options": {"A": "Tartu", "B": "Tallinn"}, "right": "B"}
    assert read.question(0) == "Pealinn?\nVastus:\nA. Tartu\nB. Tallinn\nVasta õige variandi tähega."


def test_the_newer_form_of_arguments_is_read_in_the_order_of_its_numbers(tmp_path):
    arguments = {f"gen_args_{n}": {"arg_0": "?", "arg_1": f" {n}"} for n in (10, 2, 1, 0, *range(3, 10))}
    [sample] = convert(tmp_path, choice(arguments=arguments, target=10)).samples
    assert sample.target["right"] == "K"
    assert sample.target["options"]["K"] == "10"


def test_a_log_of_generation_has_its_right_answers(tmp_path):
    line = {"doc_id": 0, "doc": {}, "target": "42", "arguments": [["6 * 7 =", {"until": ["\n"]}]], "resps": [["x"]]}
    read = convert(tmp_path, line, line | {"doc_id": 1, "target": ["neli", "4"]})
    assert [sample.target for sample in read.samples] == [["42"], ["neli", "4"]]
    assert (read.scorer.name, read.question(0)) == ("answer", "6 * 7 =")
    assert "x" not in str(list(read.samples))


@pytest.mark.parametrize(
    ("choices", "answer", "right"),
    [
        (["Riia", "Kiiev"], 1, "B"),
        (["Riia", "Kiiev"], "A", "A"),
        (["Riia", "Kiiev"], "Kiiev", "B"),
        ({"text": ["Riia", "Kiiev"], "label": ["1", "2"]}, "2", "2"),
    ],
)
def test_plain_questions_tell_the_right_choice_by_position_label_or_text(tmp_path, choices, answer, right):
    [sample] = convert(tmp_path, {"question": "Kus?", "choices": choices, "answer": answer}).samples
    assert (sample.id, sample.target["right"]) == ("line-1", right)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "not JSON"),
        ("[]", "an object is expected"),
        ({"text": "a"}, "neither a log line"),
        (choice(doc_id=4, target="7"), "names none of the choices"),
        ({key: value for key, value in choice(doc_id=4).items() if key != "target"}, "target: this member is missing"),
        (choice(doc_id=4, arguments=[["a", " x"], ["b", " x"]]), "no one question"),
        (choice(doc_id=4, arguments=[["a", " x"]]), "neither one prompt"),
        (choice(doc_id=4, arguments=[]), "is expected"),
        ({"question": "?", "choices": "ab", "answer": 0}, "a list of texts"),
        ({"question": "?", "choices": ["a"], "answer": 0}, "two to 26"),
        ({"question": "?", "choices": {"text": ["a", "b"], "label": ["x", "x"]}, "answer": 0}, "do not fit"),
        ({"question": "?", "choices": ["a", "b"], "answer": True}, "names none"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_and_nothing_is_written(tmp_path, line, words):
    with pytest.raises(FormError, match=words) as caught:
        convert(tmp_path, choice(), "", line)
    assert [flaw.line for flaw in caught.value.flaws] == [3]
    assert not (tmp_path / "suite").exists()


def test_mixed_and_empty_files_are_refused(tmp_path):
    generated = {"doc_id": 9, "target": "a", "arguments": [["?", {}]]}
    with pytest.raises(FormError, match="make a file of each"):
        convert(tmp_path, choice(), generated)
    with pytest.raises(FormError, match="no samples"):
        convert(tmp_path)
