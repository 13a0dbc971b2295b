"""Files that travel beside records: through the gate, sealed when narrow, checked, told to whoever waits."""

import io
from datetime import UTC, datetime

import pytest

from sild.exchange import blobs, outgoing, services
from sild.exchange.errors import BlobError, NotFoundError, TransferError
from sild.exchange.incoming import import_page
from sild.exchange.models import Attachment, Sealing
from sild.exchange.transfer import accept_pieces
from sild.trust.record import Attachment as Entry
from sild.trust.rotation import rotate
from sild.trust.sealed_blob import SealedBlob, new_head, opened

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
DATA = b"a package, for example"


def publish(actor, **changes):
    values = {"kind": "exchange.comment", "subject": "x", "body": {"text": "x"}, "tlp": "GREEN", "audience": "partners"}
    file = blobs.Draft(name="package.zip", media_type="application/zip", data=DATA)
    return services.publish(actor, **{**values, **changes}, attachments=[file])


def entry():
    return Entry(hash=blobs.hash_of(DATA), size=len(DATA), type="application/zip", name="package.zip")


def test_a_published_file_is_named_in_the_signed_header(operator):
    record = publish(operator)
    [named] = record.header["attachments"]
    assert named == {"hash": blobs.hash_of(DATA), "size": len(DATA), "type": "application/zip", "name": "package.zip"}
    assert record.attachments.get().is_here
    assert blobs.read(named["hash"]) == DATA


def test_a_partner_gets_the_file_of_a_record_that_it_may_have(operator, pinned):
    record = publish(operator)
    file = outgoing.attachment(pinned, str(record.pk), blobs.hash_of(DATA))
    assert b"".join(file.pieces()) == DATA


def test_the_file_of_a_narrow_record_is_sealed_for_the_partner(operator, pinned, kyiv):
    record = publish(operator, tlp="AMBER", audience=["kyiv"])
    sent = b"".join(outgoing.attachment(pinned, str(record.pk), blobs.hash_of(DATA)).pieces())
    assert DATA not in sent
    context = outgoing.attachment_context("kyiv", str(record.pk), blobs.hash_of(DATA))
    assert b"".join(opened(io.BytesIO(sent), kyiv.keys, {"sender": "tallinn", **context})) == DATA


def test_a_sealed_file_is_the_same_bytes_until_the_partner_has_another_key(operator, pinned, kyiv):
    record = publish(operator, tlp="AMBER", audience=["kyiv"])

    def sent():
        file = outgoing.attachment(pinned, str(record.pk), blobs.hash_of(DATA))
        return file.tag, b"".join(file.pieces())

    first = sent()
    assert sent() == first
    pinned.identity = rotate(kyiv.keys, kyiv.keys.root, ["seal"], now=datetime.now(UTC)).document
    pinned.save()
    again = sent()
    assert again[0] != first[0]
    assert sent() == again
    Sealing.objects.update(head=b"what an older version left")
    assert sent()[0] not in {first[0], again[0]}


def test_nobody_gets_a_file_by_its_hash_alone(operator, pinned):
    kept = publish(operator, tlp="AMBER", audience=["riga"])
    wide = services.publish(
        operator, kind="exchange.comment", subject="x", body={"text": "x"}, tlp="GREEN", audience="partners"
    )
    for record in (kept, wide):
        with pytest.raises(NotFoundError):
            outgoing.attachment(pinned, str(record.pk), blobs.hash_of(DATA))


@pytest.fixture
def unfetched(pinned, kyiv, monkeypatch):
    """A partner's record whose file is not here yet."""
    monkeypatch.setattr(blobs, "has", lambda _name: False)
    kyiv.publish(attachments=(entry(),))
    import_page(pinned, kyiv.page())
    return Attachment.objects.get()


def test_a_record_comes_in_before_its_file(unfetched):
    assert not unfetched.is_here


def test_the_right_bytes_are_kept_and_told(pinned, unfetched):
    told = []

    def hear(sender, record, hash, **_):  # noqa: A002 -- the signal's own word
        told.append((record.pk, hash))

    blobs.attachment_arrived.connect(hear)
    try:
        accept_pieces(pinned, unfetched, [DATA])
    finally:
        blobs.attachment_arrived.disconnect(hear)
    unfetched.refresh_from_db()
    assert unfetched.is_here
    assert told == [(unfetched.record_id, unfetched.hash)]


@pytest.mark.parametrize("received", [b"", DATA + b"!", DATA[:-1] + b"?"])
def test_other_bytes_are_refused(pinned, unfetched, received):
    with pytest.raises(TransferError):
        accept_pieces(pinned, unfetched, [received])
    unfetched.refresh_from_db()
    assert not unfetched.is_here


def test_a_sealed_file_is_opened(pinned, kyiv, tallinn, monkeypatch):
    from sild.trust.identity import Identity  # noqa: PLC0415 -- one test of many needs it

    monkeypatch.setattr(blobs, "has", lambda _name: False)
    kyiv.publish(tlp="AMBER", audience=["tallinn"], attachments=(entry(),))
    ours = Identity.parse(tallinn.identity_document(), on=None)
    import_page(pinned, kyiv.page(seal_for=ours))
    attachment = Attachment.objects.get()
    context = outgoing.attachment_context("tallinn", str(attachment.record_id), attachment.hash)
    context = {"sender": "kyiv", **context}
    head = new_head([ours.seal, kyiv.keys.seal.public], context)
    sealed = SealedBlob.of(head, len(DATA), lambda start, length: DATA[start : start + length], kyiv.keys, context)
    with pytest.raises(TransferError):
        accept_pieces(pinned, attachment, [DATA])
    accept_pieces(pinned, attachment, [sealed.range(0, sealed.total)])
    attachment.refresh_from_db()
    assert attachment.is_here


def test_a_record_is_imported_though_the_store_does_not_answer(pinned, kyiv, monkeypatch):
    def down(_name):
        raise BlobError("the store is down", code="store")

    monkeypatch.setattr(blobs, "has", down)
    kyiv.publish(attachments=(entry(),))
    assert len(import_page(pinned, kyiv.page()).records) == 1
    assert not Attachment.objects.get().is_here
