"""Files over real TLS: cut at any byte, killed, changed on the way; each time the transfer goes on where it was."""

import random
import re
from contextlib import contextmanager

import pytest

from exchange.link import linked
from sild.exchange import blobs, transfer
from sild.exchange.client import Client
from sild.exchange.errors import BlobError, LinkDownError, TransferError
from sild.exchange.incoming import import_page
from sild.exchange.models import Attachment
from sild.trust.identity import Identity
from sild.trust.record import Attachment as Entry
from sild.trust.sealed_blob import SealedBlob, new_head

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
DATA = random.Random(1).randbytes(300_000)
TAG = "a" * 64


class Files:
    """What a partner answers to requests for parts of one file; it can cut, change and shorten what it sends."""

    def __init__(self, data, *, part=100_000, tag=TAG):
        self.data, self.part, self.tag = data, part, tag
        self.asked, self.cut_after = [], None

    def __call__(self, _method, _path, _body, head):
        start = int(re.search(rb"range: bytes=(\d+)-", head)[1])
        match = re.search(rb'if-match: "([^"]*)"', head)
        self.asked.append(start)
        if match and match[1].decode() != self.tag:
            return 412, b'{"code": "changed", "detail": "the bytes are others now"}'
        data = self.data[start : start + self.part]
        place = f"bytes {start}-{start + len(data) - 1}/{len(self.data)}"
        return 206, data, {"content-range": place, "etag": f'"{self.tag}"'}


@pytest.fixture(autouse=True)
def home(settings, tmp_path, tallinn_keys):
    """A blob store of this test's own, with the session's keys."""
    import dataclasses  # noqa: PLC0415 -- only here

    settings.CONFIG = dataclasses.replace(settings.CONFIG, blobs=str(tmp_path / "files"))


@pytest.fixture
def named(pinned, kyiv):
    """A record of the partner that names a file which is not here; returns the file's row."""

    def make(data=DATA, *, size=None, seal_for=None, **header):
        entry = Entry(hash=blobs.hash_of(data), size=len(data) if size is None else size, type="a/b", name="f.bin")
        kyiv.publish(attachments=(entry,), **header)
        import_page(pinned, kyiv.page(seal_for=seal_for))
        return Attachment.objects.get()

    return make


@contextmanager
def reaching(kyiv, pinned, files, **options):
    with linked(kyiv.keys, files, **options) as link:
        pinned.url = link.url
        pinned.save()
        with Client.to(pinned) as client:
            yield client


def parts():
    return sorted(path.name for path in blobs.scratch().iterdir())


def test_a_file_comes_in_parts_and_leaves_nothing_else(named, kyiv, pinned):
    named()
    files = Files(DATA)
    with reaching(kyiv, pinned, files) as client:
        assert transfer.fetch_all(client, pinned) == 1
    assert files.asked == [0, 100_000, 200_000]
    assert blobs.read(blobs.hash_of(DATA)) == DATA
    assert parts() == []


def test_an_empty_file_comes_too(named, kyiv, pinned):
    named(b"")
    files = Files(b"")
    with reaching(kyiv, pinned, lambda *_: (206, b"", {"content-range": "bytes */0", "etag": f'"{TAG}"'})) as client:
        assert transfer.fetch_all(client, pinned) == 1
    assert blobs.read(blobs.hash_of(b"")) == b""
    assert files.asked == []


@pytest.mark.parametrize("cut", [1, 65_535, 65_536, 99_999, 150_001])
def test_after_a_cut_the_transfer_goes_on_at_the_byte_where_it_stopped(named, kyiv, pinned, cut):
    attachment = named()
    files = Files(DATA)
    with reaching(kyiv, pinned, files, cut_after=cut) as client, pytest.raises(LinkDownError):
        transfer.fetch(client, pinned, attachment)
    [part] = blobs.scratch().glob("*.part")
    come = part.stat().st_size
    assert 0 < come <= cut
    assert come > cut - 65_536
    files.asked.clear()
    with reaching(kyiv, pinned, files) as client:
        assert transfer.fetch(client, pinned, attachment)
    assert files.asked[0] == come
    assert blobs.read(attachment.hash) == DATA
    assert parts() == []


def test_when_the_partner_has_other_bytes_now_it_begins_anew(named, kyiv, pinned):
    attachment = named()
    files = Files(DATA, tag="b" * 64)
    with reaching(kyiv, pinned, files, cut_after=120_000) as client, pytest.raises(LinkDownError):
        transfer.fetch(client, pinned, attachment)
    files.tag = TAG
    with reaching(kyiv, pinned, files) as client:
        assert transfer.fetch(client, pinned, attachment)
    assert files.asked[-3:] == [0, 100_000, 200_000]
    assert blobs.has(attachment.hash)


def test_whole_but_not_yet_accepted_is_not_fetched_again(named, kyiv, pinned, monkeypatch):
    attachment = named()
    files = Files(DATA)

    def full(*_):
        raise BlobError("the disk is full", code="no-space")

    with monkeypatch.context() as patch, reaching(kyiv, pinned, files) as client:
        patch.setattr(blobs, "adopt", full)
        with pytest.raises(BlobError):
            transfer.fetch(client, pinned, attachment)
    files.asked.clear()
    with reaching(kyiv, pinned, files) as client:
        assert transfer.fetch(client, pinned, attachment)
    assert files.asked == []


@pytest.mark.parametrize("sent", [DATA[:-1] + b"!", DATA + b"!", DATA[:-1]])
def test_another_file_is_thrown_away_whole(named, kyiv, pinned, sent):
    attachment = named()
    with reaching(kyiv, pinned, Files(sent)) as client, pytest.raises(TransferError) as caught:
        transfer.fetch(client, pinned, attachment)
    assert caught.value.code == "file"
    assert not [path for path in blobs.scratch().glob("*.part") if path.stat().st_size]
    assert not blobs.has(attachment.hash)
    with reaching(kyiv, pinned, Files(DATA)) as client:
        assert transfer.fetch(client, pinned, attachment)


@pytest.mark.parametrize(
    "answer",
    [
        (200, DATA),
        (206, DATA),
        (206, DATA, {"content-range": f"bytes 7-300006/{len(DATA)}", "etag": '"a"'}),
        (206, b"", {"content-range": f"bytes 0-1/{len(DATA)}", "etag": '"a"'}),
        (206, DATA, {"content-range": f"bytes 0-299999/{len(DATA)}", "content-encoding": "gzip"}),
        (404, b"<html>"),
    ],
)
def test_an_answer_that_is_no_part_of_the_file_is_refused(named, kyiv, pinned, answer):
    attachment = named()
    with reaching(kyiv, pinned, lambda *_: answer) as client, pytest.raises(LinkDownError):
        transfer.fetch(client, pinned, attachment)
    assert not blobs.has(attachment.hash)


def test_a_file_for_which_there_is_no_room_is_not_begun(named, kyiv, pinned):
    attachment = named(size=1 << 50)
    files = Files(DATA)
    whole = {"content-range": f"bytes 0-{len(DATA) - 1}/{1 << 50}", "etag": f'"{TAG}"'}
    with reaching(kyiv, pinned, lambda *_: (206, files.data, whole)) as client, pytest.raises(BlobError) as caught:
        transfer.fetch(client, pinned, attachment)
    assert caught.value.code == "no-space"
    assert [path.stat().st_size for path in blobs.scratch().glob("*.part")] == [0]


def test_two_processes_do_not_fetch_the_same_file(named, kyiv, pinned):
    attachment = named()
    with transfer._part_of(attachment) as part, reaching(kyiv, pinned, Files(DATA)) as client:
        assert part is not None
        assert transfer.fetch(client, pinned, attachment) is False


def test_a_file_that_came_by_another_way_is_not_fetched(named, kyiv, pinned):
    attachment = named()
    blobs.put(DATA)
    files = Files(DATA)
    with reaching(kyiv, pinned, files) as client:
        assert transfer.fetch(client, pinned, attachment)
    assert files.asked == []
    attachment.refresh_from_db()
    assert attachment.is_here


def test_a_part_whose_tag_was_lost_in_a_power_cut_begins_anew(named, kyiv, pinned):
    attachment = named()
    with reaching(kyiv, pinned, Files(DATA), cut_after=120_000) as client, pytest.raises(LinkDownError):
        transfer.fetch(client, pinned, attachment)
    [tag] = blobs.scratch().glob("*.tag")
    tag.write_bytes(b"")
    files = Files(DATA)
    with reaching(kyiv, pinned, files) as client:
        assert transfer.fetch(client, pinned, attachment)
    assert files.asked[0] == 0
    assert blobs.has(attachment.hash)


def test_parts_that_nobody_waits_for_are_cleaned_away(named, kyiv, pinned):
    attachment = named()
    with reaching(kyiv, pinned, Files(DATA), cut_after=120_000) as client, pytest.raises(LinkDownError):
        transfer.fetch(client, pinned, attachment)
    assert transfer.clean() == 0
    Attachment.objects.all().delete()
    assert transfer.clean() == 1
    assert parts() == []


def test_a_sealed_file_is_resumed_and_opened(named, kyiv, pinned, tallinn):
    ours = Identity.parse(tallinn.identity_document(), on=None)
    attachment = named(tlp="AMBER", audience=["tallinn"], seal_for=ours)
    place = {"receiver": "tallinn", "record": str(attachment.record_id), "blob": attachment.hash}
    context = {"sender": "kyiv", **place}
    head = new_head([ours.seal, kyiv.keys.seal.public], context)
    sealed = SealedBlob.of(head, len(DATA), lambda start, length: DATA[start : start + length], kyiv.keys, context)
    files = Files(sealed.range(0, sealed.total))
    with reaching(kyiv, pinned, files, cut_after=120_000) as client, pytest.raises(LinkDownError):
        transfer.fetch(client, pinned, attachment)
    with reaching(kyiv, pinned, files) as client:
        assert transfer.fetch(client, pinned, attachment)
    assert blobs.read(attachment.hash) == DATA
    assert parts() == []
