"""The word `sild log`, typed."""

import json

import pytest
from typer.testing import CliRunner

from exchange.test_guard import home, reboot  # noqa: F401 -- a fixture
from exchange.test_wire import comment
from people.factories import AgencyFactory
from sild.exchange import recovery
from sild.exchange.errors import LogHeldError
from sild.exchange.log_cli import log_app
from sild.exchange.log_models import LogState

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def typed(*words):
    done = CliRunner().invoke(log_app, words)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout


def test_status_says_how_the_log_stands(operator, pinned):
    comment(operator)
    reboot()
    comment(operator)
    status, printed = typed("status", "--json")
    assert status == 0
    assert json.loads(printed) == {"signed": 1, "marked": 1, "waiting": 1, "may_sign": False, "held": ""}
    assert "waiting    1" in typed("status")[1]


def test_status_of_a_held_log_says_why_and_is_1(operator):
    comment(operator)
    LogState.objects.update(size=0)
    status, printed = typed("status", "--json")
    assert status == 1
    assert "went back" in json.loads(printed)["held"]


def test_a_person_vouches_when_nobody_can_be_asked(operator, pinned):
    comment(operator)
    reboot()
    comment(operator)
    status, printed = typed("confirm")
    assert status == 0
    assert "up to 2 leaves; no partner could be asked" in printed


def test_recover_names_the_agency_and_says_how_many_came_back(monkeypatch, operator):
    agency, asked = AgencyFactory(), []
    monkeypatch.setattr(recovery, "recover", lambda _actor, whose: asked.append(whose) or 3)
    assert "3 records are back" in typed("recover")[1]
    assert typed("recover", "--agency", agency.slug)[0] == 0
    assert asked == [None, agency]


def test_end_takes_a_reason_and_ends_it(operator):
    comment(operator)
    assert "ended" in typed("end", "--reason", "the keys were stolen")[1]
    with pytest.raises(LogHeldError):
        comment(operator)
