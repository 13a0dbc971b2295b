"""What this node cosigns as a witness, and the status of everything else (C2SP tlog-witness, add-checkpoint)."""

import pytest

from sild.exchange import history, witness
from sild.exchange.client import WITNESS_PATH
from sild.exchange.enums import PartnerState
from sild.exchange.errors import NotFoundError, StaleError, WitnessError
from sild.exchange.incoming import import_page
from sild.exchange.models import Partner
from sild.exchange.partners import freeze, identity_of
from sild.people.models import AuditEntry
from sild.trust.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint, verify_cosignature, witness_time
from sild.trust.identity import Identity, NodeKeys
from sild.trust.note import Line
from sild.trust.tree import EMPTY_ROOT, leaf_hash
from sild.trust.witness import format_request, origin_hash

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def log_of(peer, leaves):
    while len(peer.leaves) < leaves:
        peer.publish()
    return peer


def request(peer, old, new, *, proof=None):
    path = peer.tree.consistency_proof(old, new) if proof is None else proof
    return format_request(old, path, peer.checkpoint(new))


def forged(peer, size, root=None):
    root = leaf_hash(b"forged") if root is None else root
    return sign_checkpoint(peer.keys, Checkpoint("kyiv/log", size, root), timestamp=1)


def refused(body):
    with pytest.raises(WitnessError) as refusal:
        witness.add_checkpoint(body)
    return refusal.value


@pytest.fixture
def us(tallinn):
    return Identity.parse(tallinn.document, on=None)


def test_a_log_is_cosigned_from_its_beginning_and_as_it_grows(pinned, kyiv, us):
    log_of(kyiv, 7)
    for old, new in ((0, 3), (3, 3), (3, 7)):
        line = witness.add_checkpoint(request(kyiv, old, new))
        assert line.startswith("— tallinn/witness ")
        assert line.endswith("\n")
        assert verify_cosignature(kyiv.checkpoint(new), line, us) > 0
    pinned.refresh_from_db()
    assert pinned.their_size == 7


def test_an_empty_log_is_cosigned_and_one_with_another_root_is_not(pinned, kyiv):
    assert witness.add_checkpoint(format_request(0, (), forged(kyiv, 0, EMPTY_ROOT)))
    assert refused(format_request(0, (), forged(kyiv, 0))).status in {409, 422}


@pytest.mark.parametrize("body", ["", "old 0\n\nno checkpoint", "old 0\n\na\n1\nAA==\n\n— a AAAAAAA=\n"])
def test_what_is_no_request_gets_400(pinned, body):
    assert refused(body).status == 400


def test_an_old_size_beyond_the_checkpoint_gets_400(pinned, kyiv):
    assert refused(format_request(9, (), log_of(kyiv, 3).checkpoint())).status == 400


def test_the_log_of_somebody_who_is_not_pinned_gets_404(pinned, kyiv):
    stranger = NodeKeys.generate("riga", now=pinned.pinned_at)
    text = sign_checkpoint(stranger, Checkpoint("riga/log", 1, leaf_hash(b"x")), timestamp=1)
    assert refused(format_request(0, (), text)).status == 404
    Partner.objects.update(state=PartnerState.ADDED)
    assert refused(request(log_of(kyiv, 1), 0, 1)).status == 404


def test_a_signature_that_is_missing_or_does_not_hold_gets_403(pinned, kyiv):
    stranger = NodeKeys.generate("kyiv", now=pinned.pinned_at)
    text = log_of(kyiv, 1).checkpoint()
    ed25519, mldsa = text.splitlines(keepends=True)[-2:]
    swapped = sign_checkpoint(stranger, Checkpoint("kyiv/log", 1, kyiv.tree.root(1)), timestamp=1)
    for spoilt in (swapped, text.replace(mldsa, ""), text.replace(ed25519, ""), text.replace("\n1\n", "\n2\n")):
        assert refused(format_request(0, (), spoilt)).status == 403
    assert AuditEntry.objects.filter(action="exchange.freeze-partner").count() == 0


def test_a_frozen_partner_is_not_cosigned(pinned, kyiv, operator):
    freeze(operator, "kyiv", "it forked")
    assert refused(request(log_of(kyiv, 1), 0, 1)).status == 403


def test_a_log_that_is_wrong_about_what_we_saw_is_told_the_size(pinned, kyiv):
    log_of(kyiv, 7)
    witness.add_checkpoint(request(kyiv, 0, 3))
    for old, new in ((0, 7), (2, 7), (4, 7), (0, 2)):
        refusal = refused(request(kyiv, old, new))
        assert (refusal.status, refusal.size) == (409, 3)


@pytest.mark.parametrize("case", ["none", "one too many", "of another tree", "for old 0"])
def test_a_proof_that_does_not_verify_gets_422_and_changes_nothing(pinned, kyiv, case):
    log_of(kyiv, 7)
    if case == "for old 0":
        assert refused(request(kyiv, 0, 7, proof=[bytes(32)])).status == 422
        return
    witness.add_checkpoint(request(kyiv, 0, 3))
    good = kyiv.tree.consistency_proof(3, 7)
    spoilt = {"none": [], "one too many": [*good, bytes(32)], "of another tree": [bytes(32), *good[1:]]}[case]
    assert refused(request(kyiv, 3, 7, proof=spoilt)).status == 422
    pinned.refresh_from_db()
    assert (pinned.their_size, pinned.state) == (3, PartnerState.PINNED)


@pytest.mark.parametrize(("old", "status"), [(3, 422), (0, 409)])
def test_two_checkpoints_of_one_size_freeze_the_partner_whoever_brings_them(pinned, kyiv, old, status):
    witness.add_checkpoint(request(log_of(kyiv, 3), 0, 3))
    refusal = refused(format_request(old, (), forged(kyiv, 3)))
    assert refusal.status == status
    pinned.refresh_from_db()
    assert pinned.state == PartnerState.FROZEN
    assert "differ" in pinned.reason
    assert AuditEntry.objects.filter(action="exchange.freeze-partner").count() == 1


def test_lines_of_others_are_not_kept(pinned, kyiv):
    text = log_of(kyiv, 1).checkpoint() + str(Line("example.org/somebody", b"abcd", b"x" * 2000))
    witness.add_checkpoint(format_request(0, (), text))
    pinned.refresh_from_db()
    assert "somebody" not in pinned.their_checkpoint + pinned.their_cosigned


def test_whoever_monitors_gets_the_last_checkpoint_with_both_signatures_of_the_log_and_ours(pinned, kyiv, us):
    with pytest.raises(NotFoundError):
        witness.cosigned_checkpoint(origin_hash("kyiv/log"))
    line = witness.add_checkpoint(request(log_of(kyiv, 3), 0, 3))
    text = witness.cosigned_checkpoint(origin_hash("kyiv/log"))
    assert text.endswith(line)
    assert open_checkpoint(text, identity_of(pinned)).size == 3
    assert witness_time(text, us)
    with pytest.raises(NotFoundError):
        witness.cosigned_checkpoint(origin_hash("riga/log"))


def test_a_round_and_the_witness_see_one_history(pinned, kyiv):
    page = log_of(kyiv, 2).page()
    import_page(pinned, page)
    first = witness.line_for(pinned, page["checkpoint"])
    assert witness.line_for(pinned, page["checkpoint"]) == first
    log_of(kyiv, 5)
    witness.add_checkpoint(request(kyiv, 2, 5))
    assert witness.line_for(pinned, page["checkpoint"]) is None
    assert import_page(pinned, kyiv.page(after=2, have=5)).records
    assert refused(request(kyiv, 2, 5)).size == 5


def test_a_page_that_was_asked_for_before_the_witness_saw_more_is_asked_for_again(pinned, kyiv):
    import_page(pinned, log_of(kyiv, 2).page())
    log_of(kyiv, 5)
    witness.add_checkpoint(request(kyiv, 2, 5))
    log_of(kyiv, 6)
    with pytest.raises(StaleError):
        import_page(pinned, kyiv.page(after=2, have=2), have=2)
    assert Partner.objects.get().state == PartnerState.PINNED


def test_what_was_verified_meanwhile_is_not_taken_back(pinned, kyiv):
    behind = Partner.objects.get()
    witness.add_checkpoint(request(log_of(kyiv, 5), 0, 5))
    with pytest.raises(StaleError):
        history.remember(behind, Checkpoint("kyiv/log", 3, kyiv.tree.root(3)), kyiv.checkpoint(3))
    assert Partner.objects.get().their_size == 5


def test_the_witness_is_where_the_client_looks_for_it():
    assert WITNESS_PATH == "/witness"
