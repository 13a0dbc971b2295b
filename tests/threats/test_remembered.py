"""Answers that are remembered while nothing changes."""

import pytest

from sild.people.enums import Role
from sild.threats import removal, services
from sild.threats.enums import Level
from sild.threats.pages import Filter
from sild.threats.remembered import Remembered
from threats.stix import add, agency, collection, indicator, somebody

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def where():
    return collection()


@pytest.fixture
def ask():
    """How many times the answer was worked out, after asking once more."""
    known, made = Remembered(2), []

    def asked(actor, what="x"):
        known.get(actor, what, lambda: made.append(what))
        return len(made)

    return asked


def test_an_answer_is_worked_out_once(where, ask):
    assert [ask(somebody()), ask(somebody())] == [1, 1]
    assert ask(somebody(), "y") == 2


def test_every_change_of_the_store_makes_it_anew(where, ask):
    item = indicator()
    ask(somebody())
    add(where, item)
    assert ask(somebody()) == 2
    services.restrict(somebody(), where, item["id"], Level.RED)
    assert ask(somebody()) == 3
    removal.remove_objects(somebody(), where, Filter(ids=[item["id"]], words=frozenset({"all"})))
    assert ask(somebody()) == 4


def test_whoever_has_other_rights_gets_an_answer_of_their_own(where, ask):
    ask(somebody())
    guest = somebody(slug="ttja")
    assert ask(guest) == 2
    services.give_grant(somebody(Role.ADMINISTRATOR), where, agency=agency("ttja"), ceiling=Level.GREEN)
    assert ask(guest) == 3


def test_the_oldest_answers_are_forgotten(where, ask):
    for what in ("x", "y", "z"):
        ask(somebody(), what)
    assert ask(somebody(), "z") == 3
    assert ask(somebody(), "x") == 4
