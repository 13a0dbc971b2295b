"""When this node's log may be signed: never when it went back, and not before partners were asked after a restart."""

import dataclasses

import pytest
from django.db import transaction

from exchange.test_wire import comment
from sild.exchange import evidence, guard, log, outgoing, services
from sild.exchange.errors import LogHeldError, UnsignedError
from sild.exchange.log_models import Checkpoint, Cosignature, LogState, Tile
from sild.exchange.models import Delivery, Record
from sild.trust.tree import Tree

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def home(tallinn, settings, tmp_path):
    """A node whose marks nothing else in this run has touched."""
    (tmp_path / "run").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "keys").symlink_to(settings.CONFIG.keys)
    settings.CONFIG = dataclasses.replace(settings.CONFIG, home=tmp_path / "home", run=tmp_path / "run")


def go_back(to):
    """Restore the database as it was when the log had so many leaves."""
    Cosignature.objects.all().delete()
    Delivery.objects.filter(record__leaf_index__gte=to).delete()
    Checkpoint.objects.filter(size__gt=to).delete()
    Record.objects.filter(leaf_index__gte=to).delete()
    LogState.objects.update(size=to)
    Tile.objects.filter(level=0).update(hashes=bytes(Tile.objects.get(level=0).hashes)[: 32 * to])


def reboot():
    guard.marks().fleeting.unlink()


def test_what_was_signed_is_held_outside_the_database(operator):
    comment(operator)
    assert guard.marks().furthest().size == 1
    assert guard.marks().text() == Checkpoint.objects.get().text
    assert guard.marks().is_continuous


def test_a_transaction_that_fails_holds_nothing(operator, monkeypatch):
    monkeypatch.setattr(services.audit, "note_all", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        comment(operator)
    assert guard.marks().furthest() is None
    monkeypatch.undo()
    comment(operator)
    assert guard.marks().text() == Checkpoint.objects.get().text


def test_a_database_that_went_back_is_not_signed(operator):
    for _ in range(3):
        comment(operator)
    go_back(2)
    with pytest.raises(LogHeldError, match=r"2 leaves, but a checkpoint of 3") as held:
        comment(operator)
    assert held.value.code == "log-held"
    assert [one.size for one in Checkpoint.objects.all()] == [2, 1]
    assert LogState.objects.get().size == 2


def test_a_database_with_other_leaves_is_not_signed(operator):
    for _ in range(3):
        comment(operator)
    go_back(0)
    with transaction.atomic():
        state = log.lock()
        state.size = Tree(log.DatabaseTiles()).append(0, [bytes(32)] * 4)
        state.save()
    with pytest.raises(LogHeldError, match="does not continue"):
        comment(operator)


def test_the_disks_mark_is_enough_after_a_reboot_and_the_memorys_when_the_disk_was_restored(operator):
    for _ in range(3):
        comment(operator)
    go_back(2)
    kept = guard.marks().fleeting.read_text()
    reboot()
    with pytest.raises(LogHeldError):
        comment(operator)
    guard.marks().fleeting.write_text(kept)
    guard.marks().lasting.unlink()
    with pytest.raises(LogHeldError):
        comment(operator)


def test_after_a_reboot_records_are_taken_in_and_signed_when_partners_were_asked(operator, pinned):
    comment(operator)
    reboot()
    waiting = comment(operator)
    assert Checkpoint.objects.get().size == 1
    assert log.unsigned() == 1
    assert not guard.may_sign()
    page = outgoing.page(pinned, after=0, have=0)
    assert [entry["position"] for entry in page["entries"]] == [1]
    with pytest.raises(UnsignedError, match="sild log confirm"):
        evidence.record_file(waiting)
    verdict = evidence.verify(waiting)
    assert (verdict.ok, verdict.code) == (False, "unsigned")
    assert not guard.marks().is_continuous


def test_a_node_without_partners_signs_on_after_a_reboot(operator):
    comment(operator)
    reboot()
    comment(operator)
    assert log.unsigned() == 0


def test_that_a_checkpoint_leaves_does_not_end_the_doubt(operator, pinned):
    comment(operator)
    reboot()
    guard._held.clear()
    assert outgoing.page(pinned, after=0, have=0)
    assert not guard.may_sign()


def test_a_checkpoint_that_cannot_be_marked_does_not_leave(operator, pinned):
    comment(operator)
    guard._held.clear()
    marks = guard.marks()
    marks.lasting.unlink()
    marks.lasting.with_name("mark.new").mkdir()
    comment(operator)
    assert Checkpoint.objects.count() == 2
    with pytest.raises(LogHeldError) as held:
        outgoing.page(pinned, after=0, have=0)
    assert held.value.code == "mark"
    marks.lasting.with_name("mark.new").rmdir()
    assert len(outgoing.page(pinned, after=0, have=0)["entries"]) == 2


def test_a_log_that_was_ended_takes_nothing_in(operator):
    comment(operator)
    LogState.objects.update(ended="the keys were stolen.")
    with pytest.raises(LogHeldError, match=r"was ended: the keys were stolen\. Make"):
        comment(operator)


def test_a_proof_of_two_histories_stops_everything(operator):
    comment(operator)
    guard.marks().contradict(Checkpoint.objects.get().text)
    with pytest.raises(LogHeldError) as held:
        comment(operator)
    assert held.value.code == "log-forked"
