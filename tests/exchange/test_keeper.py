"""The log is looked after beside the exchange's own rounds: signed, written, cosigned, and tried again."""

import threading
import time

import pytest

from exchange.link import linked
from exchange.test_guard import home, reboot  # noqa: F401 -- a fixture
from exchange.test_wire import comment
from exchange.test_witnesses import Witness
from sild.exchange import guard, keeper, log, tile_files, witnesses
from sild.exchange.keeper import Keeper
from sild.exchange.log_models import Cosignature

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def kyivs(pinned, kyiv):
    witness = Witness(kyiv.keys)
    with linked(kyiv.keys, witness) as link:
        pinned.url = link.url
        pinned.save()
        yield witness


def wait_for(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_new_checkpoint_is_written_and_cosigned_at_once(operator, kyivs, pinned):
    comment(operator)
    kept = Keeper()
    kept.look()
    wait_for(lambda: witnesses.cosigned_size(pinned) == 1 and not kept._busy)
    assert (tile_files.folder() / "checkpoint").is_file()
    kept.look()
    assert not kept._busy
    assert Cosignature.objects.count() == 1


def test_what_waits_is_signed_when_the_partner_has_answered(operator, kyivs, pinned):
    comment(operator)
    reboot()
    comment(operator)
    kept = Keeper()
    kept.look()
    assert log.unsigned() == 0
    assert guard.may_sign()
    wait_for(lambda: not kept._busy)


def test_what_another_machine_left_unsigned_is_signed_here(operator, pinned, monkeypatch):
    monkeypatch.setattr(keeper.witnesses, "cosigned_size", lambda _partner: 99)
    comment(operator)
    monkeypatch.setattr(guard, "may_sign", lambda: False)
    comment(operator)
    monkeypatch.undo()
    monkeypatch.setattr(keeper.witnesses, "cosigned_size", lambda _partner: 99)
    Keeper().look()
    assert log.unsigned() == 0


def test_a_partner_that_is_away_is_asked_less_and_less_often_and_holds_up_nobody(operator, pinned, monkeypatch):
    comment(operator)
    reboot()
    comment(operator)
    asked = []
    monkeypatch.setattr(keeper.witnesses, "ask_all", lambda: asked.append(1) or [])
    kept = Keeper()
    kept.look()
    kept.look()
    wait_for(lambda: not kept._busy)
    assert len(asked) == 1
    assert log.unsigned() == 1
    assert (tile_files.folder() / "checkpoint").is_file()
    first = kept._due["confirm"] - time.monotonic()
    kept._due.clear()
    kept.look()
    wait_for(lambda: not kept._busy)
    assert kept._due["confirm"] - time.monotonic() > first


def test_it_runs_until_it_is_told_to_stop_whatever_happens(monkeypatch, db):
    done = threading.Event()

    def look(_self):
        done.set()
        raise RuntimeError("a mistake")

    monkeypatch.setattr(keeper, "LOOK_EVERY_SECONDS", 0.001)
    monkeypatch.setattr(Keeper, "look", look)
    thread = Keeper().start(done.is_set)
    thread.join(10)
    assert not thread.is_alive()
