"""None of the corpus is accepted: each case is refused with its own reason, and nothing is imported."""

import copy
from datetime import UTC, datetime
from types import SimpleNamespace

import orjson
import pytest

from exchange import corpus
from exchange.peer import Peer
from sild.exchange import outgoing, partners, services
from sild.exchange.enums import PartnerState
from sild.exchange.errors import ExchangeError, HistoryError, TransferError
from sild.exchange.incoming import import_page
from sild.exchange.log_models import Checkpoint, Cosignature
from sild.exchange.models import Partner, Record, Refusal
from sild.trust import documents
from sild.trust.checkpoint import cosign
from sild.trust.encoding import canonical
from sild.trust.evidence import build_record_file, verify_record_file
from sild.trust.identity import Identity
from sild.trust.proof import format_proof

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def cases(table):
    return pytest.mark.parametrize(("change", "code"), [pytest.param(*row[1:], id=row[0]) for row in table])


@pytest.fixture
def sent(kyiv, tallinn):
    """Four records, the third sealed for us."""
    ours = Identity.parse(tallinn.identity_document(), on=None)
    for number in range(4):
        kyiv.publish(**({"tlp": "AMBER", "audience": ["tallinn"]} if number == 2 else {}))
    good = kyiv.page()
    good["entries"][2] = kyiv.entry(3, 4, ours)
    return orjson.loads(orjson.dumps(good))


def refused(partner, sent, code):
    """Import a page that must be refused for that reason, or whose entry must be; nothing comes in."""
    before = set(Record.objects.values_list("pk", flat=True))
    with pytest.raises(ExchangeError) as caught:
        import_page(partner, sent)
    assert caught.value.code == code
    assert str(caught.value)
    assert set(Record.objects.values_list("pk", flat=True)) == before
    partner.refresh_from_db()
    assert (partner.state == PartnerState.FROZEN) is isinstance(caught.value, HistoryError)


def test_there_are_at_least_200_and_the_message_they_are_made_from_is_good(pinned, sent):
    tables = (
        corpus.NOTES, corpus.PAGES, corpus.ENTRIES, corpus.SEALS, corpus.RECORDS, corpus.IDENTITIES, corpus.FILES,
        corpus.SIGNATURES,
    )  # fmt: skip
    assert sum(map(len, tables)) >= 200
    assert all(len({row[0] for row in table}) == len(table) for table in tables)
    assert len(import_page(pinned, sent).records) == 4


@cases(corpus.NOTES)
def test_a_checkpoint_that_was_changed(pinned, sent, change, code):
    sent["checkpoint"] = change(sent["checkpoint"])
    refused(pinned, sent, code)


@cases(corpus.PAGES)
def test_a_page_of_another_form(pinned, kyiv, sent, change, code):
    first = copy.deepcopy(sent)
    first["entries"] = []
    import_page(pinned, first)
    kyiv.publish()
    sent = kyiv.page(have=4)
    change(sent)
    refused(pinned, sent, code)


@pytest.mark.parametrize("sent", [None, 7, "x", [], True], ids=repr)
def test_something_else_than_a_page(pinned, sent):
    refused(pinned, sent, "page-form")


@cases(corpus.ENTRIES)
def test_an_entry_that_was_changed(pinned, sent, change, code):
    change(sent["entries"][0])
    refused(pinned, sent, code)
    assert Refusal.objects.count() <= 1


@cases(corpus.SEALS)
def test_a_sealed_entry_that_was_changed(pinned, kyiv, sent, change, code):
    import_page(pinned, {**copy.deepcopy(sent), "entries": sent["entries"][:2]})
    change(sent["entries"][2])
    refused(pinned, sent, code)
    assert Refusal.objects.get().code == code


@cases(corpus.RECORDS)
def test_a_record_that_was_really_logged_but_breaks_the_rules(pinned, kyiv, change, code):
    """The partner signed it, so asking again is useless: it is refused for good, and what follows comes in."""
    good = kyiv.publish()
    kyiv.__init__(kyiv.keys)
    kyiv.number(change(good))
    follows = kyiv.publish()
    imported = import_page(pinned, orjson.loads(orjson.dumps(kyiv.page())))
    assert [refusal.code for refusal in imported.refused] == [code]
    assert [bytes(record.raw) for record in imported.records] == [follows]


@cases(corpus.IDENTITIES)
def test_an_identity_that_was_changed(operator, kyiv, change, code):
    document = orjson.loads(kyiv.keys.identity_document())
    change(document)
    with pytest.raises(ExchangeError) as caught:
        partners.add(operator, canonical(document), "https://127.0.0.1:1")
    assert caught.value.code == code
    assert not Partner.objects.exists()


@cases(corpus.FILES)
def test_a_records_file_that_was_changed(kyiv, change, code):
    raw = kyiv.publish()
    kyiv.publish()
    kyiv.publish()
    proof = format_proof(0, kyiv.tree.inclusion_proof(0, 3), kyiv.checkpoint())
    file = build_record_file(raw, proof, kyiv.keys.identity_document())
    assert verify_record_file(file).ok
    content = orjson.loads(file)
    change(content)
    verdict = verify_record_file(orjson.dumps(content))
    assert (verdict.ok, verdict.code) == (False, code)


@cases(corpus.SIGNATURES)
def test_a_documents_signature_that_was_changed(kyiv, change, code):
    made = documents.state(kyiv.keys, [b"file"], name="file", now=datetime.now(UTC))
    good = documents.sign(kyiv.keys, made)
    assert documents.verify([b"file"], good).ok
    content = orjson.loads(good)
    change(content)
    verdict = documents.verify([b"file"], canonical(content))
    assert (verdict.ok, verdict.code) == (False, code)


def shrunk(kyiv):
    younger = Peer(kyiv.keys)
    younger.publish()
    return younger.page(after=1)


def forked(kyiv, leaves):
    other = Peer(kyiv.keys)
    for number in range(leaves):
        other.publish({"text": f"another history {number}"})
    return other.page(after=4, have=4)


def damaged_growth(kyiv):
    kyiv.publish()
    sent = kyiv.page(after=4, have=4)
    sent["consistency"][0] = corpus.flip(sent["consistency"][0])
    return sent


def without_growth(kyiv):
    kyiv.publish()
    return {**kyiv.page(after=4, have=4), "consistency": []}


def skipping(kyiv):
    kyiv.publish()
    kyiv.publish()
    return kyiv.page(after=5, have=4)


HISTORIES = {
    "an older checkpoint again": (shrunk, "log-shrank"),
    "another log of the same size": (lambda kyiv: forked(kyiv, 4), "log-forked"),
    "another log that is longer": (lambda kyiv: forked(kyiv, 6), "log-forked"),
    "a flipped consistency proof": (damaged_growth, "log-forked"),
    "no consistency proof": (without_growth, "log-forked"),
    "an entry left out": (skipping, "gap"),
}


@pytest.mark.parametrize(("make", "code"), HISTORIES.values(), ids=HISTORIES)
def test_a_history_that_contradicts_what_we_saw_freezes_the_partner(pinned, kyiv, sent, make, code):
    import_page(pinned, sent)
    refused(pinned, make(kyiv), code)


SWAPS = {
    "records of two entries": (("record",), (0, 1), "proof"),
    "records and paths": (("record", "path"), (0, 1), "proof"),
    "all but the position": (("record", "path", "index"), (0, 1), "renumbered"),
    "all of two entries": (("record", "path", "index", "chain"), (0, 1), "renumbered"),
    "chains": (("chain",), (0, 1), "renumbered"),
}


@pytest.mark.parametrize(("names", "places", "code"), SWAPS.values(), ids=SWAPS)
def test_parts_swapped_between_entries(pinned, sent, names, places, code):
    one, other = (sent["entries"][place] for place in places)
    for name in names:
        one[name], other[name] = other[name], one[name]
    refused(pinned, sent, code)


@pytest.fixture
def world(pinned, kyiv, kyiv_keys, tallinn):
    """Somebody else's keys, and whom everything is for."""
    return SimpleNamespace(ours=Identity.parse(tallinn.identity_document(), on=None), kyiv=kyiv, tallinn=tallinn)


def sealed_elsewhere(world, **changes):
    """A good record sealed in another context than its place."""
    from sild.trust.seal import seal  # noqa: PLC0415 -- one helper of many needs it

    raw = world.kyiv.publish(tlp="AMBER", audience=["tallinn"])
    values = {"receivers": [world.ours], "sender": "kyiv", "context": outgoing.seal_context("tallinn", 1), **changes}
    sent = world.kyiv.page(seal_for=world.ours)
    sent["entries"][0]["sealed"] = seal(raw, **values)
    return sent


SEALED_ELSEWHERE = {
    "for another place": ({"context": outgoing.seal_context("tallinn", 2)}, "seal"),
    "for another node": ({"context": outgoing.seal_context("riga", 1)}, "seal"),
    "by another sender": ({"sender": "riga"}, "seal"),
    "in no context": ({"context": {}}, "seal"),
    "as a file": ({"context": outgoing.attachment_context("tallinn", "1", "1")}, "seal"),
}


@pytest.mark.parametrize(("changes", "code"), SEALED_ELSEWHERE.values(), ids=SEALED_ELSEWHERE)
def test_a_seal_made_for_something_else(pinned, world, changes, code):
    refused(pinned, sealed_elsewhere(world, **changes), code)


def test_a_seal_for_other_keys_than_ours(pinned, world, kyiv_keys):
    theirs = Identity.parse(kyiv_keys.identity_document(), on=None)
    refused(pinned, sealed_elsewhere(world, receivers=[theirs]), "not-for-us")


def test_a_narrow_record_downgraded_to_the_open(pinned, kyiv, sent):
    sent["entries"][2] = kyiv.entry(3, 4)
    with pytest.raises(TransferError) as caught:
        import_page(pinned, sent)
    assert caught.value.code == "unsealed"
    assert Record.objects.count() == 2, "what stood before it came in, as it verified"


def test_an_id_used_again_for_other_words(pinned, kyiv):
    raw = kyiv.publish()
    kyiv.publish({"text": "other words"}, id=orjson.loads(raw)["header"]["id"])
    imported = import_page(pinned, kyiv.page())
    assert [refusal.code for refusal in imported.refused] == ["duplicate-id"]
    assert [bytes(record.raw) for record in imported.records] == [raw]


COSIGNATURES = {
    "of another checkpoint": (lambda _line: None, "bad-signature"),
    "of two words": (lambda _line: "\u2014 kyiv/witness\n", "note-form"),
    "empty": (lambda _line: "", "note-form"),
    "of another name": (lambda line: line.replace("kyiv/witness", "riga/witness"), "missing-signature"),
    "as the log itself": (lambda line: line.replace("kyiv/witness", "tallinn/log"), "missing-signature"),
    "flipped": (lambda line: " ".join([*line.split(" ")[:2], corpus.flip(line.split(" ")[2])]), "bad-signature"),
    "cut short": (lambda line: line[:200] + "\n", "note-form"),
    "no base64": (lambda _line: "\u2014 kyiv/witness ####\n", "note-form"),
}


@pytest.mark.parametrize(("change", "code"), COSIGNATURES.values(), ids=COSIGNATURES)
def test_a_cosignature_that_was_changed(operator, pinned, kyiv, change, code):
    services.publish(
        operator, kind="exchange.comment", subject="x", body={"text": "x"}, tlp="GREEN", audience="partners"
    )
    kyiv.publish()
    line = cosign(Checkpoint.objects.get().text, kyiv.keys, timestamp=1)
    other = cosign(kyiv.checkpoint(), kyiv.keys, timestamp=1)
    with pytest.raises(ExchangeError) as caught:
        outgoing.accept_cosignature(pinned, 1, other if change(line) is None else change(line))
    assert caught.value.code == code
    assert not Cosignature.objects.exists()
