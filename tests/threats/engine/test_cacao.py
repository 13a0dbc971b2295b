"""CACAO playbooks."""

import copy
import json

import pytest

from sild.threats.engine import cacao
from threats.examples import PLAYBOOK

pytestmark = pytest.mark.unit
START, ACTION, END = PLAYBOOK["workflow"]


def changed(**changes):
    return {**copy.deepcopy(PLAYBOOK), **changes}


def with_step(identifier, **step):
    workflow = copy.deepcopy(PLAYBOOK["workflow"])
    workflow[identifier] = {**workflow.get(identifier, {}), **step}
    return changed(workflow=workflow)


def test_a_playbook_survives_its_way_in_a_course_of_action():
    read = cacao.parse(json.dumps(PLAYBOOK))
    extensions = cacao.extension_of(read)
    assert extensions[cacao.EXTENSION]["playbook_standard"] == "cacao"
    assert cacao.playbook_in({"extensions": extensions}) == PLAYBOOK


def test_steps_come_in_the_order_in_which_they_are_reached():
    assert [identifier for identifier, _step in cacao.steps(PLAYBOOK)] == [START, ACTION, END]


@pytest.mark.parametrize(
    "stix",
    [
        {},
        {"extensions": []},
        {"extensions": {cacao.EXTENSION: {"playbook_base64": "%%%"}}},
        {"extensions": {cacao.EXTENSION: {"playbook_base64": "W10="}}},
    ],
)
def test_what_carries_no_playbook_gives_none(stix):
    assert cacao.playbook_in(stix) is None


@pytest.mark.parametrize(
    ("playbook", "words"),
    [
        ([], "JSON object"),
        (changed(spec_version="1.0"), "cacao-2.0"),
        (changed(name=""), "lacks “name”"),
        (changed(id="playbook--1"), "“id” has not the form"),
        (changed(created="yesterday"), "“created” has not the form"),
        (changed(workflow=[START]), "object of steps"),
        (changed(workflow_start=END), "does not name a step"),
        (with_step("action--x", type="dance"), "no known type"),
        (with_step(ACTION, commands=[]), "lacks “commands”"),
        (with_step(ACTION, on_completion="end--nowhere"), "which there is not"),
        (with_step(ACTION, agent="individual--x"), "agent that is not defined"),
        (with_step(END, type="action"), "than its id says"),
    ],
)
def test_a_flaw_is_named(playbook, words):
    with pytest.raises(cacao.PlaybookError, match=words):
        cacao.check(playbook)


def test_a_workflow_needs_an_end():
    workflow = {START: {"type": "start", "on_completion": ACTION}, ACTION: dict(PLAYBOOK["workflow"][ACTION])}
    workflow[ACTION].pop("on_completion")
    with pytest.raises(cacao.PlaybookError, match="type “end”"):
        cacao.check(changed(workflow=workflow))


def test_what_is_not_json_is_refused():
    with pytest.raises(cacao.PlaybookError, match="not JSON"):
        cacao.parse("{")
