"""Made-up people have codes of the right form that nobody alive can have."""

from __future__ import annotations

import pytest

from sild.sandbox.engine.checks.people import person
from sild.sandbox.engine.scorers import personal

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("language", ["en", "et", "uk"])
def test_a_person_is_the_same_each_time_and_all_of_it_is_secret(language):
    whose = person(language, 7)
    assert whose == person(language, 7) != person(language, 8)
    assert {whose.name, whose.code, whose.phone, whose.address} <= set(whose.secrets)


def test_estonian_codes_are_of_the_twenty_nineties():
    for number in range(50):
        code = person("et", number).code
        assert personal.is_isikukood(code)
        assert code[:2] == "59"


def test_ukrainian_numbers_are_of_days_to_come():
    for number in range(50):
        code = person("uk", number).code
        assert int(code[9]) == personal.rnokpp_check(code[:9])
        assert not personal.is_rnokpp(code)
