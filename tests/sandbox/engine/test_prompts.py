"""Templates and solvers: what is asked, what a hostile template cannot do, and where its flaws are."""

from __future__ import annotations

import pytest

from sandbox.factories import write_suite
from sild.sandbox.engine import prompts, suite
from sild.sandbox.engine.errors import FormError

pytestmark = pytest.mark.unit


def samples():
    return [
        {"id": name, "input": {"question": f"Kus on {name}?", "n": 2}, "target": {"answers": [name]}}
        for name in ("Tartu", "Narva", "Võru")
    ]


def write(folder, **changes):
    return write_suite(folder, samples(), scorer="exact", **changes)


def test_named_fields_are_filled_and_doubled_braces_are_braces(tmp_path):
    read = suite.load(write(tmp_path / "t", prompt="{{{question}}} ({n})"))
    assert read.question(0) == "{Kus on Tartu?} (2)"
    assert prompts.parse("{input}!").render(prompts.values("{n}")) == "{n}!"


@pytest.mark.parametrize(
    "hostile",
    ["{question.__class__}", "{question[0]}", "{question!r}", "{question:>99999999}", "{}", "{0}", "{a", "b}"],
)
def test_a_template_that_asks_for_more_than_names_is_refused_at_its_line(tmp_path, hostile):
    folder = write(tmp_path / "t")
    yaml = (folder / "suite.yaml").read_text().rstrip().rstrip("}").rstrip()
    (folder / "suite.yaml").write_text(yaml + f',\n "prompt": "{hostile}"\n}}\n')
    with pytest.raises(FormError) as caught:
        suite.load(folder)
    [flaw] = caught.value.flaws
    assert (flaw.file, flaw.path) == ("suite.yaml", "prompt")
    assert flaw.line == yaml.count("\n") + 2


def test_a_flaw_in_a_block_of_text_has_the_line_within_it(tmp_path):
    folder = tmp_path / "t"
    write(folder)
    block = """name: copy
version: "1.0"
title: {en: Example}
data: {file: data.jsonl}
datasheet: {source: made up, licence: EUPL-1.2, language: en}
scorer: {name: exact}
thresholds: [{metric: accuracy, at_least: 0.5}]
prompt: |
  Question: {question}
  Number: {n.real}
"""
    (folder / "suite.yaml").write_text(block)
    with pytest.raises(FormError, match=r"suite\.yaml:10:1: prompt: “\{n\.real\}” is no field"):
        suite.load(folder)


def test_samples_without_a_field_of_the_template_are_named_by_line(tmp_path):
    with pytest.raises(FormError, match=r"data\.jsonl:3:1: input: the prompt asks for place"):
        suite.load(write(tmp_path / "t", prompt="{question} {place}"))


def test_a_chat_has_its_system_message_and_examples_that_are_not_asked(tmp_path):
    solver = {"kind": "chat", "system": "Vasta ühe sõnaga.", "examples": ["Narva"], "temperature": 0.5, "max_tokens": 9}
    read = suite.load(write(tmp_path / "t", prompt="{question}", solver=solver))
    assert list(read.chosen) == [0, 2]
    assert read.question(2) == {
        "messages": [
            {"role": "system", "content": "Vasta ühe sõnaga."},
            {"role": "user", "content": "Kus on Narva?"},
            {"role": "assistant", "content": "Narva"},
            {"role": "user", "content": "Kus on Võru?"},
        ],
        "temperature": 0.5,
        "max_tokens": 9,
    }


def test_an_input_without_a_template_becomes_the_message_as_json(tmp_path):
    read = suite.load(write(tmp_path / "t", solver={"kind": "chat"}))
    assert read.question(0) == {"messages": [{"role": "user", "content": '{"question":"Kus on Tartu?","n":2}'}]}


@pytest.mark.parametrize(
    ("solver", "words"),
    [
        ({"kind": "plain", "system": "x"}, "belong to the solver “chat”"),
        ({"kind": "chat", "examples": ["Riga"]}, "there is no sample Riga"),
        ({"kind": "chat", "examples": ["Tartu", "Narva", "Võru"]}, "none is left to be asked"),
    ],
)
def test_a_broken_solver_is_refused(tmp_path, solver, words):
    with pytest.raises(FormError, match=words):
        suite.load(write(tmp_path / "t", solver=solver))


@pytest.mark.parametrize(
    ("target", "said"),
    [("a", "a"), (4, "4"), ({"options": {}, "right": "b"}, "b"), ({"answers": ["x", "y"]}, "x"), (["p"], '["p"]')],
)
def test_a_target_is_said_as_an_assistant_would(target, said):
    assert prompts.reply(target) == said
