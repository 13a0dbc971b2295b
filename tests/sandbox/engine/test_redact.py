"""Personal data does not leave: what is found stands as a digest that can be shown right later."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from sild.sandbox.engine import redact
from sild.sandbox.engine.result import Result

pytestmark = pytest.mark.unit
KEY = bytes(32)


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        ("nothing of the kind", []),
        ("mari@example.ee", ["email"]),
        ({"answer": ["helista +372 5555 5555"]}, ["phone"]),
        ("Isikukood 37605030299", ["isikukood"]),
        (17, []),
    ],
)
def test_personal_data_is_found_in_any_json_value(value, kinds):
    assert redact.kinds_in(value) == kinds
    assert redact.withheld(Result(0, "s", value, "", 1, 1, alone=False)) == kinds
    assert redact.withheld(Result(0, "s", None, "no answer", 0, 0, alone=False)) == []


def test_a_text_with_personal_data_stands_as_a_digest_under_the_runs_key():
    said = "warning: mari@example.ee"
    expected = hmac.new(KEY, said.encode(), hashlib.sha256).hexdigest()
    assert redact.text(said, KEY) == f"[email; hmac-sha256:{expected}]"
    assert redact.text("harmless", KEY) == "harmless"


def test_a_report_leaves_without_what_the_solution_said_about_people():
    body = {
        "faults": [{"code": "not-json", "count": 1, "examples": ["mari@example.ee", "x"]}],
        "resources": {"error_output": "see mari@example.ee", "exit": 0},
        "passed": True,
    }
    told = redact.report(body, KEY)
    assert "example.ee" not in str(told)
    assert (told["passed"], told["resources"]["exit"], told["faults"][0]["examples"][1]) == (True, 0, "x")
