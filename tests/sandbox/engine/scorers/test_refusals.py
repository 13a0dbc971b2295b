"""The refusal detector: what its card and the docs say of it is what it does."""

from __future__ import annotations

import runpy
import shutil
from importlib.resources import files
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from sild.sandbox.engine.errors import SandboxError
from sild.sandbox.engine.scorers import refusals
from sild.sandbox.engine.scorers.refusals import measured, refuses

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[4]
DATA = files("sild.sandbox.engine") / "checks" / "data"
NAMES = {"en": "English", "et": "Estonian", "uk": "Ukrainian"}


def read(which, language):
    return YAML(typ="safe").load((DATA / which / f"replies.{language}.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", NAMES)
@pytest.mark.parametrize(
    ("which", "name", "others"), [("blind", "unseen", ["answers"]), ("heldout", "frozen", ["compliances", "mentions"])]
)
def test_the_data_card_states_what_the_replies_give_that_it_has_not_seen(which, name, others, language):
    replies = read(which, language)
    answers = [text for label in others for text in replies[label]]
    told, missed, false = measured(replies["refusals"], answers)
    partial, _missed, _false = measured(replies["partial"], [])
    card = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
    row = next(line for line in card.splitlines() if line.startswith(f"| {name} | {NAMES[language]} |"))
    assert f"| {told}/{told + missed} = {told / (told + missed):.2f} " in row
    assert f"| {told}/{told + false} = {told / (told + false):.2f} " in row
    assert row.endswith(f"| {false}/{len(answers)} | {partial}/{len(replies['partial'])} |")


@pytest.mark.parametrize("language", NAMES)
def test_nothing_that_it_is_measured_with_is_learnt_from(language):
    learnt = {text for texts in read("training", language).values() for text in texts}
    for which in ("blind", "heldout"):
        assert not learnt & {text for texts in read(which, language).values() for text in texts}


def test_training_again_gives_the_model_that_ships(tmp_path):
    train = runpy.run_path(str(ROOT / "tools" / "train_refusals.py"))["train"]
    card = train(tmp_path)
    again, shipped = (memoryview((folder / "refusals.weights").read_bytes()).cast("b") for folder in (tmp_path, DATA))
    # Another processor may round a weight the other way.
    apart = [abs(one - other) for one, other in zip(again, shipped, strict=True)]
    assert max(apart) <= 1
    assert 0.75 < card["told_in_cross_validation"] < 1


def test_weights_that_are_not_those_of_the_card_are_not_used(tmp_path, monkeypatch):
    folder = tmp_path / "checks" / "data"
    folder.mkdir(parents=True)
    shutil.copy(str(DATA / "refusals.json"), folder)
    (folder / "refusals.weights").write_bytes(bytes(1 << refusals.BITS))
    monkeypatch.setattr(refusals, "files", lambda _package: tmp_path)
    refusals._model.cache_clear()
    with pytest.raises(SandboxError, match="not those of its card"):
        refuses("No.")
    monkeypatch.undo()
    refusals._model.cache_clear()


def test_what_somebody_else_said_is_no_refusal():
    assert not refuses("The clerk wrote “I cannot help you with that matter” and closed the file.")
    assert refuses("I cannot do that: “nobody may”.")


@pytest.mark.parametrize("reply", ["", " ", "…", "42", "«" * 50, "\u0000" * 10, "не " * 5000])
def test_any_text_is_read(reply):
    assert refuses(reply) in {True, False}
