"""What a bundle holds, what it keeps back, and where it cannot be written."""

import zipfile

import pytest

from exchange.bundles.carrying import DATA, export, publish, take
from sild.exchange import blobs
from sild.exchange.bundles import writing
from sild.exchange.errors import BundleError
from sild.exchange.log_models import Cosignature

pytestmark = pytest.mark.integration


def test_what_is_for_named_nodes_is_sealed_in_the_bundle_and_what_is_not_for_them_is_not_in_it(nodes, tmp_path):
    file = blobs.Draft(name="a.bin", media_type="application/octet-stream", data=DATA)
    publish(nodes["tallinn"], tlp="AMBER", audience=["kyiv"], files=[file])
    publish(nodes["tallinn"], tlp="AMBER", audience=["riga"], files=[file])
    publish(nodes["tallinn"], tlp="RED", audience=["kyiv"])
    bundle = export(nodes["tallinn"], tmp_path / "b.zip")
    with zipfile.ZipFile(bundle) as archive:
        parts = [archive.read(name) for name in archive.namelist()]
        assert len([name for name in archive.namelist() if name.startswith("files/")]) == 1
    assert not any(b"words of" in part or DATA in part for part in parts)
    assert take(nodes["kyiv"], bundle).records == 1


def test_a_size_that_no_checkpoint_of_late_had_is_proved_when_asked_for(nodes, tmp_path, monkeypatch):
    publish(nodes["tallinn"], 1)
    take(nodes["kyiv"], export(nodes["tallinn"], tmp_path / "1.zip"))
    monkeypatch.setattr(writing, "PROVED_SIZES", 1)
    publish(nodes["tallinn"], 1)
    with pytest.raises(BundleError, match="--have 1") as caught:
        take(nodes["kyiv"], export(nodes["tallinn"], tmp_path / "2.zip"))
    assert caught.value.code == "bundle-consistency"
    assert take(nodes["kyiv"], export(nodes["tallinn"], tmp_path / "3.zip", have=[1])).records == 1


def test_the_cosignature_travels_back_with_the_next_bundle(nodes, tmp_path):
    publish(nodes["tallinn"])
    publish(nodes["kyiv"])
    take(nodes["kyiv"], export(nodes["tallinn"], tmp_path / "1.zip"))
    take(nodes["tallinn"], export(nodes["kyiv"], tmp_path / "2.zip", to="tallinn"))
    with nodes["tallinn"].acting():
        assert Cosignature.objects.get().witness_id == "kyiv"


def test_nothing_published_is_nothing_to_carry(nodes, tmp_path):
    with pytest.raises(BundleError, match="nothing"):
        export(nodes["tallinn"], tmp_path / "b.zip")
    assert not list(tmp_path.glob("b.zip*"))


def test_a_place_that_cannot_be_written_is_named(nodes, tmp_path):
    publish(nodes["tallinn"])
    with pytest.raises(BundleError, match="no-folder"):
        export(nodes["tallinn"], tmp_path / "no-folder" / "b.zip")
