"""The form of what the machine surface answers with."""

import orjson
import pytest

from sild.exchange.answers import problem

pytestmark = pytest.mark.unit


def test_a_problem_has_the_members_of_rfc_9457_and_a_stable_code():
    status, body = problem(404, "not-found", "There is nothing.")
    assert status == 404
    assert orjson.loads(body) == {
        "type": "urn:sild:problem:not-found",
        "status": 404,
        "code": "not-found",
        "detail": "There is nothing.",
    }
