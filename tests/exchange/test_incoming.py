"""Importing: what verifies goes in once, what does not is kept with its reason, contradictions freeze the partner."""

import copy
from base64 import b64decode, b64encode

import pytest

from sild.exchange import incoming, kinds
from sild.exchange.enums import PartnerState
from sild.exchange.errors import HistoryError, PartnerError, StaleError, TransferError
from sild.exchange.incoming import import_page
from sild.exchange.models import Partner, Record, Refusal
from sild.trust.identity import Identity

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def flip(text):
    data = bytearray(b64decode(text))
    data[-1] ^= 1
    return b64encode(bytes(data)).decode()


def test_a_page_is_imported_with_its_proof(pinned, kyiv):
    raw = kyiv.publish()
    [record] = import_page(pinned, kyiv.page()).records
    assert bytes(record.raw) == raw
    assert record.issuer == "kyiv"
    assert record.proof.startswith("c2sp.org/tlog-proof")


def test_importing_the_same_page_again_changes_nothing(pinned, kyiv):
    kyiv.publish()
    import_page(pinned, kyiv.page())
    assert import_page(pinned, kyiv.page()).records == []
    assert Record.objects.count() == 1


def test_import_goes_on_where_it_stopped(pinned, kyiv):
    kyiv.publish()
    import_page(pinned, kyiv.page())
    kyiv.publish()
    pinned.refresh_from_db()
    imported = import_page(pinned, kyiv.page(after=1, have=1))
    assert len(imported.records) == 1
    assert pinned.position == 2


def test_a_sealed_record_is_opened(pinned, kyiv, tallinn):
    kyiv.publish(tlp="AMBER", audience=["tallinn"])
    ours = Identity.parse(tallinn.identity_document(), on=None)
    page = kyiv.page(seal_for=ours)
    assert "record" not in page["entries"][0]
    [record] = import_page(pinned, page).records
    assert record.tlp == "AMBER"


def test_an_unknown_kind_is_kept_and_shown(pinned, kyiv):
    kyiv.publish(kind="weather.report", body={"rain": True})
    [record] = import_page(pinned, kyiv.page()).records
    assert record.body == {"rain": True}


def test_a_withdrawal_marks_the_same_issuers_record(pinned, kyiv):
    from sild.trust.record import Reference  # noqa: PLC0415 -- one test of many needs it

    raw = kyiv.publish()
    first = import_page(pinned, kyiv.page()).records[0]
    reference = Reference(id=str(first.pk), hash=kyiv.hash(raw))
    kyiv.publish(kind="exchange.withdrawal", body={"reason": "wrong"}, withdraws=reference)
    pinned.refresh_from_db()
    import_page(pinned, kyiv.page(after=1, have=1))
    first.refresh_from_db()
    assert first.withdrawn


TRANSFER_FLAWS = {
    "a flipped bit in the record": lambda page: page["entries"][0].update(
        record=page["entries"][0]["record"].replace("hello", "hellp")
    ),
    "a flipped bit in the proof": lambda page: page["entries"][0]["path"].__setitem__(
        0, flip(page["entries"][0]["path"][0])
    ),
    "a proof for another leaf": lambda page: page["entries"][0].update(index=1),
    "a shortened proof": lambda page: page["entries"][0].update(path=[]),
    "an index beyond the log": lambda page: page["entries"][0].update(index=99),
}


@pytest.mark.parametrize("flaw", TRANSFER_FLAWS.values(), ids=TRANSFER_FLAWS)
def test_what_the_log_does_not_commit_to_is_kept_as_a_refusal_and_not_imported(pinned, kyiv, flaw):
    kyiv.publish()
    kyiv.publish()
    page = kyiv.page()
    flaw(page)
    with pytest.raises(TransferError):
        import_page(pinned, page)
    assert not Record.objects.exists()
    assert Refusal.objects.get().position == 1
    pinned.refresh_from_db()
    assert pinned.position == 0
    assert len(import_page(pinned, kyiv.page()).records) == 2, "the right bytes are taken afterwards"


def strip(text, algorithm):
    lines = text.splitlines(keepends=True)
    start = lines.index("\n") + 1
    signatures = lines[start:]
    longest = max(signatures, key=len)
    kept = [line for line in signatures if (line == longest) is (algorithm == "Ed25519")]
    return "".join([*lines[:start], *kept])


@pytest.mark.parametrize("algorithm", ["Ed25519", "ML-DSA-44"])
def test_a_checkpoint_with_one_signature_stripped_is_refused(pinned, kyiv, algorithm):
    kyiv.publish()
    page = kyiv.page()
    page["checkpoint"] = strip(page["checkpoint"], algorithm)
    with pytest.raises(TransferError):
        import_page(pinned, page)
    assert not Record.objects.exists()


def test_a_checkpoint_signed_by_another_node_is_refused(pinned, kyiv, tallinn):
    from exchange.peer import Peer  # noqa: PLC0415 -- one test of many needs it

    stranger = Peer(tallinn)
    stranger.publish(issuer="kyiv")
    with pytest.raises(TransferError):
        import_page(pinned, stranger.page())


CONTENT_FLAWS = {
    "issuer": {"issuer": "riga"},
    "audience": {"audience": ["riga"]},
    "body": {"body": {"words": "no text"}},
}


@pytest.mark.parametrize("code", CONTENT_FLAWS)
def test_a_signed_record_that_is_not_acceptable_is_refused_for_good_and_the_next_one_comes_in(pinned, kyiv, code):
    kyiv.publish(**CONTENT_FLAWS[code])
    kyiv.publish()
    imported = import_page(pinned, kyiv.page())
    assert len(imported.records) == 1
    assert [refusal.code for refusal in imported.refused] == [code]
    pinned.refresh_from_db()
    assert pinned.position == 2


def test_a_red_record_from_a_partner_is_refused(pinned, kyiv):
    kyiv.publish(tlp="RED", audience=["tallinn"])
    assert [refusal.code for refusal in import_page(pinned, kyiv.page()).refused] == ["audience"]


@pytest.mark.parametrize("suite", ["sild-1999", "sild-2000"])
def test_a_record_under_an_unknown_suite_is_refused(pinned, kyiv, suite):
    raw = kyiv.publish()
    kyiv.__init__(kyiv.keys)
    kyiv.number(raw.replace(b"sild-2026", suite.encode()))
    imported = import_page(pinned, kyiv.page())
    assert imported.records == []
    assert len(imported.refused) == 1


def test_a_non_canonical_body_is_refused(pinned, kyiv):
    raw = kyiv.publish()
    kyiv.__init__(kyiv.keys)
    kyiv.number(raw.replace(b'":', b'": '))
    assert len(import_page(pinned, kyiv.page()).refused) == 1
    assert not Record.objects.exists()


def test_an_oversized_body_is_refused(pinned, kyiv):
    raw = kyiv.publish()
    kyiv.__init__(kyiv.keys)
    kyiv.number(raw.replace(b"hello", b"h" * (9 * 1024 * 1024)))
    assert len(import_page(pinned, kyiv.page()).refused) == 1
    assert not Record.objects.exists()


def assert_frozen(partner, code):
    partner.refresh_from_db()
    assert partner.state == PartnerState.FROZEN
    assert partner.reason
    assert code


def test_a_log_that_shrank_freezes_the_partner(pinned, kyiv):
    kyiv.publish()
    kyiv.publish()
    import_page(pinned, kyiv.page())
    younger = type(kyiv)(kyiv.keys)
    younger.publish()
    with pytest.raises(HistoryError) as caught:
        import_page(pinned, younger.page(after=1))
    assert_frozen(pinned, caught.value.code == "log-shrank")
    with pytest.raises(PartnerError, match="kyiv"):
        import_page(pinned, kyiv.page())


def test_a_log_that_forked_freezes_the_partner(pinned, kyiv):
    kyiv.publish()
    import_page(pinned, kyiv.page())
    forked = type(kyiv)(kyiv.keys)
    forked.publish({"text": "another history"})
    forked.publish()
    with pytest.raises(HistoryError) as caught:
        import_page(pinned, forked.page(after=1, have=1))
    assert_frozen(pinned, caught.value.code == "log-forked")
    assert Record.objects.count() == 1


def test_two_checkpoints_of_one_size_that_differ_freeze_the_partner(pinned, kyiv):
    kyiv.publish()
    import_page(pinned, kyiv.page())
    forked = type(kyiv)(kyiv.keys)
    forked.publish({"text": "another history"})
    with pytest.raises(HistoryError):
        import_page(pinned, forked.page(after=1, have=1))
    assert_frozen(pinned, "log-forked")


def test_a_gap_in_the_numbering_freezes_the_partner(pinned, kyiv):
    kyiv.publish()
    kyiv.publish()
    page = kyiv.page()
    del page["entries"][0]
    with pytest.raises(HistoryError) as caught:
        import_page(pinned, page)
    assert_frozen(pinned, caught.value.code == "gap")


def test_a_page_that_another_process_imported_meanwhile_is_stale_and_freezes_nobody(pinned, kyiv, monkeypatch):
    for _ in range(3):
        kyiv.publish()
    page = kyiv.page()
    whole = incoming._import_some

    def slower(*arguments):
        monkeypatch.setattr(incoming, "_import_some", whole)
        import_page(Partner.objects.get(pk="kyiv"), page)
        whole(*arguments)

    monkeypatch.setattr(incoming, "_import_some", slower)
    with pytest.raises(StaleError):
        import_page(pinned, page)
    pinned.refresh_from_db()
    assert (pinned.state, pinned.position) == (PartnerState.PINNED, 3)
    assert Record.objects.filter(issuer="kyiv").count() == 3
    assert not Refusal.objects.exists()


def test_a_renumbered_index_freezes_the_partner(pinned, kyiv):
    kyiv.publish()
    import_page(pinned, kyiv.page())
    kyiv.chain = bytes(31) + b"\x01"
    kyiv.publish()
    pinned.refresh_from_db()
    with pytest.raises(HistoryError) as caught:
        import_page(pinned, kyiv.page(after=1, have=1))
    assert_frozen(pinned, caught.value.code == "renumbered")


@pytest.mark.parametrize("sent", [{}, {"checkpoint": 1}, {"checkpoint": "x", "entries": []}, {"entries": None}])
def test_a_page_without_its_form_is_refused(pinned, sent):
    with pytest.raises(TransferError):
        import_page(pinned, sent)


def test_a_sealed_entry_moved_to_another_place_cannot_be_opened(pinned, kyiv, tallinn):
    ours = Identity.parse(tallinn.identity_document(), on=None)
    kyiv.publish(tlp="AMBER", audience=["tallinn"])
    kyiv.publish(tlp="AMBER", audience=["tallinn"])
    page = kyiv.page(seal_for=ours)
    swapped = copy.deepcopy(page)
    swapped["entries"][0]["sealed"] = page["entries"][1]["sealed"]
    with pytest.raises(TransferError):
        import_page(pinned, swapped)


def test_modules_are_told_in_the_same_transaction(pinned, kyiv):
    def explode(sender, record, **_):
        raise RuntimeError("a module made a mistake")

    kyiv.publish()
    kinds.record_added.connect(explode)
    try:
        with pytest.raises(RuntimeError):
            import_page(pinned, kyiv.page())
    finally:
        kinds.record_added.disconnect(explode)
    assert not Record.objects.exists()
    assert len(import_page(pinned, kyiv.page()).records) == 1


def test_what_is_refused_again_and_again_is_one_row_with_a_count(pinned, kyiv):
    """A partner whose key was revoked sends the same entries until it has its new identity."""
    kyiv.publish()
    for growth in range(3):
        kyiv.publish()
        pinned.refresh_from_db()
        page = kyiv.page(have=pinned.their_size)
        page["entries"] = page["entries"][:1]
        page["entries"][0]["path"] = []
        with pytest.raises(TransferError):
            import_page(pinned, page)
        assert Refusal.objects.get().count == growth + 1
    refusal = Refusal.objects.get()
    assert (refusal.position, refusal.code) == (1, "length")
    assert refusal.first < refusal.at
