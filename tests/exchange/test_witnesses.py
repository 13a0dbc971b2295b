"""Asking witnesses: cosignatures at once, and what a partner saw of our log before we sign on after a restart."""

import dataclasses
import time

import pytest

from exchange.link import linked
from exchange.test_guard import go_back, reboot
from exchange.test_wire import comment
from sild.exchange import guard, log, witnesses
from sild.exchange.client import Client
from sild.exchange.errors import LinkDownError, LogHeldError
from sild.exchange.log_models import Checkpoint, Cosignature, LogState
from sild.people.actor import Actor
from sild.people.errors import NotAllowedError
from sild.people.models import AuditEntry
from sild.trust import note
from sild.trust.checkpoint import Checkpoint as Signed
from sild.trust.checkpoint import add_cosignature, cosign, sign_checkpoint
from sild.trust.tree import EMPTY_ROOT, leaf_hash
from sild.trust.verify import verify_consistency
from sild.trust.witness import parse_request

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def home(tallinn, settings, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "keys").symlink_to(settings.CONFIG.keys)
    settings.CONFIG = dataclasses.replace(settings.CONFIG, home=tmp_path / "home", run=tmp_path / "run")


class Witness:
    """A real witness in memory: it verifies, remembers and cosigns, as the specification says."""

    def __init__(self, keys):
        self.keys, self.seen, self.text = keys, Signed("tallinn/log", 0, EMPTY_ROOT), ""

    def cosign(self, text):
        self.seen = Signed.parse(note.split(text)[0])
        line = cosign(text, self.keys, timestamp=int(time.time()))
        self.text = add_cosignature(text, line)
        return line

    def __call__(self, _method, path, body):
        if path.endswith("/checkpoint"):
            return (200, self.text.encode()) if self.text else (404, b"")
        request = parse_request(body.decode())
        if request.old != self.seen.size:
            return 409, f"{self.seen.size}\n".encode()
        new = Signed.parse(note.split(request.checkpoint)[0])
        verify_consistency(self.seen.size, self.seen.root, new.size, new.root, request.proof)
        return 200, self.cosign(request.checkpoint).encode()


@pytest.fixture
def kyivs(pinned, kyiv):
    """Kyiv's witness over a real link."""
    witness = Witness(kyiv.keys)
    with linked(kyiv.keys, witness) as link:
        pinned.url = link.url
        pinned.save()
        yield witness


def ask(partner):
    with Client.to(partner) as client:
        return witnesses.ask_to_cosign(client, partner)


def test_a_log_of_nothing_asks_nobody(kyivs, pinned):
    assert ask(pinned) == 0


def test_our_checkpoints_are_cosigned_as_the_log_grows(operator, kyivs, pinned):
    for size in (1, 2, 3):
        comment(operator)
        assert ask(pinned) == size
        assert witnesses.cosigned_size(pinned) == size
    assert Cosignature.objects.count() == 3


def test_a_witness_that_saw_more_or_less_than_we_believe_corrects_us(operator, kyivs, pinned):
    comment(operator)
    kyivs.cosign(log.latest().text)
    comment(operator)
    assert ask(pinned) == 2
    kyivs.seen = Signed("tallinn/log", 0, EMPTY_ROOT)
    comment(operator)
    assert ask(pinned) == 3


def test_lines_of_keys_that_are_unknown_are_passed_over(operator, kyivs, pinned, tallinn, monkeypatch):
    comment(operator)
    strange = cosign(log.latest().text, tallinn, timestamp=1)
    monkeypatch.setattr(Witness, "__call__", lambda self, *_: (200, (strange + self.cosign(log_text)).encode()))
    log_text = log.latest().text
    ask(pinned)
    assert Cosignature.objects.get().witness == pinned


@pytest.mark.parametrize("answer", [(409, b"x\n"), (409, b"99\n"), (403, b"no"), (422, b"no"), (409, b"0\n")])
def test_a_witness_that_does_not_cosign_leaves_things_as_they_are(operator, kyivs, pinned, monkeypatch, answer):
    comment(operator)
    monkeypatch.setattr(
        Witness, "__call__", lambda _self, _method, path, _body: answer if "add" in path else (404, b"")
    )
    with pytest.raises(LinkDownError):
        ask(pinned)
    assert not Cosignature.objects.exists()
    assert guard.may_sign()


def test_after_a_restart_a_partner_that_saw_no_more_lets_us_sign(operator, kyivs, pinned):
    comment(operator)
    ask(pinned)
    reboot()
    comment(operator)
    assert witnesses.ask_all() == ["kyiv"]
    assert witnesses.confirm(Actor.operator("job"), said_by=["kyiv"]) == 2
    assert guard.may_sign()
    comment(operator)
    assert Checkpoint.objects.first().size == 3
    assert AuditEntry.objects.get(action="exchange.confirm-log").details["waited"] == 1


def test_a_partner_that_never_saw_us_has_answered_too(operator, kyivs, pinned):
    comment(operator)
    reboot()
    assert witnesses.ask_all() == ["kyiv"]


def test_when_nobody_can_be_reached_a_person_vouches(operator, pinned):
    comment(operator)
    reboot()
    comment(operator)
    assert witnesses.ask_all() == []
    assert witnesses.confirm(operator, said_by=[]) == 2
    comment(operator)
    assert log.unsigned() == 0


def test_only_who_administers_vouches_or_ends(operator, pinned):
    for do in (lambda who: witnesses.confirm(who, said_by=[]), lambda who: witnesses.end(who, "x")):
        with pytest.raises(NotAllowedError):
            do(Actor("somebody", None))


def test_a_restored_backup_of_everything_is_found_before_anything_is_signed(operator, kyivs, pinned):
    for _ in range(3):
        comment(operator)
    ask(pinned)
    text = Checkpoint.objects.get(size=1).text
    go_back(1)
    reboot()
    guard.marks().lasting.write_text(text)
    guard._held.clear()
    comment(operator)
    assert Checkpoint.objects.get().size == 1
    with pytest.raises(LogHeldError, match=r"checkpoint of 3 leaves"):
        witnesses.ask_all()
    with pytest.raises(LogHeldError):
        comment(operator)
    with pytest.raises(LogHeldError):
        witnesses.confirm(operator, said_by=[])
    assert Checkpoint.objects.get().size == 1


def test_the_proof_survives_that_the_partner_goes_away_again(operator, kyivs, pinned):
    for _ in range(2):
        comment(operator)
    ask(pinned)
    go_back(1)
    guard.marks().lasting.unlink()
    reboot()
    with pytest.raises(LogHeldError):
        witnesses.ask_all()
    assert guard.marks().furthest().size == 2


def test_two_histories_of_one_size_are_found_and_cannot_be_mended(operator, kyivs, pinned, tallinn):
    comment(operator)
    kyivs.cosign(sign_checkpoint(tallinn, Signed("tallinn/log", 1, leaf_hash(b"another")), timestamp=1))
    with pytest.raises(LogHeldError) as held:
        witnesses.ask_all()
    assert held.value.code == "log-forked"
    with pytest.raises(LogHeldError):
        comment(operator)


def test_what_is_not_signed_by_both_of_us_proves_nothing(operator, kyivs, pinned, kyiv, tallinn):
    comment(operator)
    larger = Signed("tallinn/log", 9, leaf_hash(b"x"))
    by_us = sign_checkpoint(tallinn, larger, timestamp=1)
    by_them = sign_checkpoint(kyiv.keys, larger, timestamp=1)
    for text in ("rubbish", by_us, add_cosignature(by_them, cosign(by_them, kyiv.keys, timestamp=1))):
        kyivs.text = text
        assert witnesses.ask_all() == ["kyiv"]
    comment(operator)
    assert guard.marks().furthest().size == 2


def test_a_log_is_ended_with_a_reason(operator):
    comment(operator)
    with pytest.raises(LogHeldError, match="Write down why"):
        witnesses.end(operator, " ")
    witnesses.end(operator, "The keys were stolen.")
    assert LogState.objects.get().ended == "The keys were stolen."
    assert AuditEntry.objects.filter(action="exchange.end-log").exists()


def test_an_empty_log_needs_nobodys_word(operator, pinned):
    assert witnesses.confirm(operator, said_by=[]) == 0
