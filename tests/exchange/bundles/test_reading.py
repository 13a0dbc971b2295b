"""Records carried by hand between real nodes: all that the wire brings, in any order, and gaps named."""

import shutil
import zipfile

import orjson
import pytest

from exchange.bundles.carrying import DATA, export, publish, received, rewritten, take
from sild.exchange import blobs, bundles, evidence, partners
from sild.exchange.errors import BundleError, ExchangeError, TransferError, WithheldError
from sild.exchange.models import Attachment, Partner, Record
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.errors import NotAllowedError

pytestmark = pytest.mark.integration


PAGE = "pages/00000001.json"


def test_records_and_files_arrive_once_without_any_network(nodes, tmp_path):
    file = blobs.Draft(name="a.bin", media_type="application/octet-stream", data=DATA)
    publish(nodes["tallinn"], 300)
    [narrow] = publish(nodes["tallinn"], tlp="AMBER", audience=["kyiv"], files=[file])
    bundle = export(nodes["tallinn"], tmp_path / "b.zip")
    first, second = take(nodes["kyiv"], bundle), take(nodes["kyiv"], bundle)
    assert (first.records, first.files, first.known, first.missing) == (301, 1, 0, 0)
    assert (second.records, second.files, second.known) == (0, 0, 301)
    with nodes["kyiv"].acting():
        record = Record.objects.get(pk=narrow.pk)
        assert evidence.verify(record).ok
        assert blobs.read(record.attachments.get().hash) == DATA


def test_bundles_come_in_any_order_and_a_gap_is_named(nodes, tmp_path):
    publish(nodes["tallinn"], 3)
    first = export(nodes["tallinn"], tmp_path / "1.zip", since=0)
    publish(nodes["tallinn"], 2)
    second = export(nodes["tallinn"], tmp_path / "2.zip", since=3)
    with pytest.raises(BundleError, match="entries 1 to 3 are missing") as caught:
        take(nodes["kyiv"], second)
    assert caught.value.code == "bundle-gap"
    assert "--to kyiv --since 0" in str(caught.value)
    assert received(nodes["kyiv"]) == 0
    assert take(nodes["kyiv"], first).records == 3
    assert take(nodes["kyiv"], second).records == 2
    assert take(nodes["kyiv"], first).known == 3
    with nodes["kyiv"].acting():
        assert Partner.objects.get(node="tallinn").state == "pinned"


def test_an_older_bundle_that_overlaps_a_newer_one_brings_nothing_back(nodes, tmp_path):
    publish(nodes["tallinn"], 3)
    old = export(nodes["tallinn"], tmp_path / "1.zip", since=0)
    publish(nodes["tallinn"], 2)
    take(nodes["kyiv"], export(nodes["tallinn"], tmp_path / "2.zip", since=0))
    assert take(nodes["kyiv"], old).known == 3


def test_an_old_bundle_with_entries_that_are_new_is_kept_out_and_a_newer_one_asked_for(nodes, tmp_path):
    publish(nodes["tallinn"], 3)
    old = export(nodes["tallinn"], tmp_path / "1.zip", since=0)
    publish(nodes["tallinn"], 1, tlp="AMBER", audience=["riga"])
    bundle = export(nodes["tallinn"], tmp_path / "2.zip", since=3)
    take(nodes["kyiv"], bundle)
    with pytest.raises(BundleError) as caught:
        take(nodes["kyiv"], old)
    assert caught.value.code == "bundle-old"
    assert take(nodes["kyiv"], export(nodes["tallinn"], tmp_path / "3.zip", since=0)).records == 3


def test_an_import_that_dies_goes_on_where_it_stopped(nodes, tmp_path, monkeypatch):
    from sild.exchange import incoming  # noqa: PLC0415 -- one test of many needs it

    publish(nodes["tallinn"], 300)
    bundle = export(nodes["tallinn"], tmp_path / "b.zip")
    whole, calls = incoming._accept, []

    def die(*arguments):
        calls.append(1)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return whole(*arguments)

    monkeypatch.setattr(incoming, "_accept", die)
    with pytest.raises(KeyboardInterrupt):
        take(nodes["kyiv"], bundle)
    monkeypatch.undo()
    assert received(nodes["kyiv"]) == 256
    assert take(nodes["kyiv"], bundle).records == 44


def test_nobody_but_an_administrator_carries_records(nodes, tmp_path):
    editor = Actor(who="editor", role=Role.EDITOR, agency=None)
    with nodes["tallinn"].acting():
        with pytest.raises(NotAllowedError):
            bundles.export(editor, "kyiv", tmp_path / "b.zip")
        with pytest.raises(NotAllowedError):
            bundles.take(editor, tmp_path / "b.zip")


def test_a_partner_that_is_not_pinned_gets_no_bundle_and_brings_none(nodes, tmp_path):
    publish(nodes["tallinn"])
    bundle = export(nodes["tallinn"], tmp_path / "b.zip")
    with nodes["tallinn"].acting():
        Partner.objects.filter(node="kyiv").update(state="added")
    with pytest.raises(WithheldError):
        export(nodes["tallinn"], tmp_path / "2.zip")
    with nodes["kyiv"].acting():
        Partner.objects.filter(node="tallinn").update(state="added")
    with pytest.raises(BundleError) as caught:
        take(nodes["kyiv"], bundle)
    assert caught.value.code == "not-pinned"


def test_a_file_that_was_changed_is_refused_and_a_missing_one_is_counted(nodes, tmp_path):
    file = blobs.Draft(name="a.bin", media_type="application/octet-stream", data=DATA)
    publish(nodes["tallinn"], files=[file])
    good = export(nodes["tallinn"], tmp_path / "good.zip")
    name = next(name for name in zipfile.ZipFile(good).namelist() if name.startswith("files/"))
    without = rewritten(shutil.copy(good, tmp_path / "1.zip"), lambda parts: parts.pop(name))
    assert take(nodes["kyiv"], without).missing == 1
    changed = rewritten(shutil.copy(good, tmp_path / "2.zip"), lambda parts: parts.update({name: b"x"}))
    with pytest.raises(TransferError) as caught:
        take(nodes["kyiv"], changed)
    assert caught.value.code == "file"
    assert take(nodes["kyiv"], good).files == 1
    with nodes["kyiv"].acting():
        assert Attachment.objects.get().is_here


def test_two_signed_checkpoints_that_differ_freeze_the_partner_even_when_carried(nodes, tmp_path):
    """A courier cannot forge these: the partner's own keys signed two histories."""
    from exchange.peer import Peer  # noqa: PLC0415 -- one test of many needs it

    publish(nodes["tallinn"])
    good = export(nodes["tallinn"], tmp_path / "1.zip")
    other = Peer(nodes["tallinn"].keys)
    other.publish(issuer="tallinn")
    forked = rewritten(
        shutil.copy(good, tmp_path / "2.zip"), lambda parts: parts.update({PAGE: orjson.dumps(other.page())})
    )
    publish(nodes["tallinn"], 1)
    take(nodes["kyiv"], good)
    with nodes["kyiv"].acting():
        Partner.objects.filter(node="tallinn").update(position=0, chain=bytes(32))
    with pytest.raises(ExchangeError) as caught:
        take(nodes["kyiv"], forked)
    assert caught.value.code == "log-forked"
    with nodes["kyiv"].acting():
        assert partners.get("tallinn").state == "frozen"
