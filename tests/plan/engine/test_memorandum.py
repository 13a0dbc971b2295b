"""A memorandum as data holds for any group of parties."""

import pytest
from pydantic import ValidationError

from plan import abc
from sild.plan.engine.memorandum import Memorandum

pytestmark = pytest.mark.unit


def test_a_memorandum_of_three_parties_is_as_good_as_one_of_two():
    assert list(abc.memorandum().parties) == ["A", "B", "C"]


def test_conditions_are_known_by_rule_slug_and_milestone_key():
    step = abc.milestone("first", "exchange.comment", "2027-01-01")
    data = abc.memorandum(abc.joint(milestones=[step])).commitments[0]
    assert list(data.conditions()) == ["test", "use", "milestone:first"]


def test_what_was_stored_as_json_is_read_back_the_same():
    memorandum = abc.memorandum(
        abc.commitment("one", abc.rule("r", "a.b", where={"n": {"min": 2}, "x": True}, **{"from": "A"}))
    )
    assert Memorandum.model_validate(memorandum.model_dump(mode="json")) == memorandum


@pytest.mark.parametrize(
    "changes", [{"at_least": 0}, {"kind": "A.b"}, {"slug": "Not A Slug"}, {"from": "ee"}, {"unknown": 1}]
)
def test_a_rule_that_makes_no_sense_is_refused(changes):
    with pytest.raises(ValidationError):
        abc.memorandum(abc.commitment("one", {**abc.rule("r", "a.b"), **changes}))


def test_nothing_is_changed_afterwards():
    with pytest.raises(ValidationError):
        abc.memorandum().slug = "other"
