"""What a draft names is held to the gate: references, files and summaries, wherever they stand in it."""

import uuid
from base64 import urlsafe_b64encode

import pytest

from sild.exchange import blobs, naming, services
from sild.exchange.errors import WithheldError
from sild.exchange.incoming import import_page
from sild.exchange.log_models import Checkpoint
from sild.exchange.models import Attachment, Record
from sild.trust.identity import Identity
from sild.trust.record import Attachment as Entry
from sild.trust.record import uuid7

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
DATA = b"a file that was for few"


def draft(**changes):
    values = {"kind": "exchange.comment", "subject": "x", "body": {"text": "x"}, "tlp": "GREEN", "audience": "partners"}
    return services.Draft(**{**values, **changes})


def publish(actor, **changes):
    return services.publish_batch(actor, [draft(**changes)])[0]


@pytest.fixture
def narrow(operator, pinned):
    """One of our records that is for kyiv alone."""
    return publish(operator, tlp="AMBER", audience=["kyiv"])


WAYS = {
    "as an answer": lambda record: {"answers": record},
    "as what it replaces": lambda record: {"replaces": record},
    "by id in the text": lambda record: {"body": {"text": f"see {record.pk}."}},
    "by id without hyphens": lambda record: {"body": {"text": f"see {record.pk.hex.upper()}"}},
    "by hash in the text": lambda record: {"body": {"text": f"({record.hash})"}},
    "by the hash's digits": lambda record: {"body": {"text": record.hash.removeprefix("sha256:").upper()}},
    "in the subject": lambda record: {"subject": f"On {record.pk}"},
    "in an attached file": lambda record: {"attachments": [blobs.Draft("a", "text/plain", bytes(record.raw))]},
    "as a declared source": lambda record: {"body": {"text": "x", "sources": [record.reference]}},
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_what_names_a_narrow_record_does_not_go_to_more(operator, narrow, way, monkeypatch):
    monkeypatch.setattr(services, "_check", lambda _draft: None)
    with pytest.raises(WithheldError, match=str(narrow.pk)) as caught:
        publish(operator, **way(narrow))
    assert caught.value.code == "withheld-reference"
    assert "all partners" in str(caught.value)
    assert "AMBER" in str(caught.value)
    assert Record.objects.count() == Checkpoint.objects.count() == 1, "a refusal leaves nothing behind"


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_it_goes_to_those_who_may_see_what_it_names(operator, narrow, way, monkeypatch):
    monkeypatch.setattr(services, "_check", lambda _draft: None)
    assert publish(operator, tlp="AMBER", audience=["kyiv"], **way(narrow)).pk


@pytest.mark.parametrize(
    ("named", "tlp", "audience", "refused"),
    [
        (("GREEN", "partners"), "GREEN", "partners", ""),
        (("GREEN", "partners"), "CLEAR", "partners", ""),
        (("GREEN", "partners"), "CLEAR", "public", "everybody"),
        (("CLEAR", "partners"), "CLEAR", "public", ""),
        (("CLEAR", ["kyiv"]), "CLEAR", "public", "everybody"),
        (("AMBER", ["kyiv", "riga"]), "AMBER", ["kyiv", "tallinn"], ""),
        (("AMBER+STRICT", ["kyiv"]), "AMBER", ["kyiv", "riga"], "riga"),
        (("RED", ["tallinn"]), "AMBER+STRICT", ["kyiv"], "kyiv"),
        (("RED", ["tallinn"]), "RED", ["kyiv"], ""),
    ],
)
def test_each_reader_must_be_one_of_what_is_named(operator, pinned, named, tlp, audience, refused):
    record = publish(operator, tlp=named[0], audience=named[1])
    if not refused:
        assert publish(operator, tlp=tlp, audience=audience, answers=record).pk
        return
    with pytest.raises(WithheldError, match=refused):
        publish(operator, tlp=tlp, audience=audience, answers=record)


def test_a_partners_record_may_be_answered_to_the_partner_and_to_those_it_named(operator, pinned, kyiv, tallinn):
    kyiv.publish(tlp="AMBER", audience=["riga", "tallinn"])
    ours = Identity.parse(tallinn.identity_document(), on=None)
    [theirs] = import_page(pinned, kyiv.page(seal_for=ours)).records
    assert publish(operator, answers=theirs, tlp="AMBER", audience=["kyiv", "riga"]).answers_id == theirs.pk
    with pytest.raises(WithheldError, match="vilnius"):
        publish(operator, answers=theirs, tlp="AMBER", audience=["kyiv", "vilnius"])


def test_a_declared_source_that_is_not_here_keeps_the_summary_back(operator, monkeypatch):
    monkeypatch.setattr(services, "_check", lambda _draft: None)
    source = {"id": str(uuid7()), "hash": "sha256:" + "7" * 64}
    with pytest.raises(WithheldError, match="777") as caught:
        publish(operator, body={"sources": [source]})
    assert caught.value.code == "withheld-source"


@pytest.mark.parametrize("sources", [None, "MISP", ["a newspaper"], [{"id": "x"}], [{"id": "x", "hash": "y"}]])
def test_sources_that_are_no_records_say_nothing(operator, monkeypatch, sources):
    monkeypatch.setattr(services, "_check", lambda _draft: None)
    assert publish(operator, body={"sources": sources}).pk


def test_what_only_looks_like_an_id_names_nothing(operator, pinned):
    assert publish(operator, body={"text": f"{uuid7()} {uuid.uuid4()} {'0' * 64}"}).pk


@pytest.fixture
def theirs(pinned, kyiv, tallinn):
    """A partner's AMBER record with a file, both here."""
    entry = Entry(hash=blobs.hash_of(DATA), size=len(DATA), type="text/plain", name="few.txt")
    kyiv.publish(tlp="AMBER", audience=["tallinn"], attachments=(entry,))
    ours = Identity.parse(tallinn.identity_document(), on=None)
    [record] = import_page(pinned, kyiv.page(seal_for=ours)).records
    blobs.put(DATA)
    Attachment.objects.update(is_here=True)
    return record


def test_a_partners_file_goes_no_further_than_the_partner_let_it(operator, theirs):
    file = blobs.Draft("renamed.txt", "text/plain", DATA)
    with pytest.raises(WithheldError, match=r"few\.txt") as caught:
        publish(operator, attachments=[file])
    assert caught.value.code == "withheld-file"
    assert publish(operator, tlp="AMBER", audience=["kyiv"], attachments=[file]).pk


def test_a_file_that_its_issuer_published_wider_is_free_as_far(operator, pinned, theirs, kyiv):
    entry = Entry(hash=blobs.hash_of(DATA), size=len(DATA), type="text/plain", name="all.txt")
    kyiv.publish(attachments=(entry,))
    pinned.refresh_from_db()
    page = kyiv.page(after=1, have=1)
    import_page(pinned, page)
    assert publish(operator, attachments=[blobs.Draft("a.txt", "text/plain", DATA)]).pk


def test_a_file_of_a_red_record_stays_until_that_is_withdrawn(operator, pinned):
    file = blobs.Draft("red.txt", "text/plain", b"red")
    red = publish(operator, tlp="RED", audience=["tallinn"], attachments=[file])
    with pytest.raises(WithheldError, match=r"red\.txt"):
        publish(operator, attachments=[file])
    services.withdraw(operator, red, "no longer secret")
    assert publish(operator, attachments=[file]).pk


def test_ids_inside_longer_texts_are_found():
    one, digest = uuid7(), "ab" * 32
    found = naming.Names()
    naming._scan(f'{{"x":"urn:uuid:{one}","y":"sha256:{digest}"}}'.encode(), found)
    assert (found.ids, found.hashes) == ({one}, {f"sha256:{digest}"})


def test_a_hash_in_base64_is_no_name(operator, narrow):
    """The hash is salted: nobody can tell from it what it is of; ids and hex are how records are named."""
    digest = bytes.fromhex(narrow.hash.removeprefix("sha256:"))
    assert publish(operator, body={"text": urlsafe_b64encode(digest).decode()}).pk
