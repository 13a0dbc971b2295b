"""The log as files: byte for byte what the tree says, whole or absent, and nothing that not everybody may read."""

import hashlib

import pytest

from sild.exchange import log, services, tile_files
from sild.exchange.errors import NotFoundError
from sild.trust.checkpoint import Checkpoint, open_checkpoint
from sild.trust.identity import Identity
from sild.trust.tree import levels_of

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def publish(actor, count, tlp="CLEAR", audience="public"):
    draft = services.Draft(kind="exchange.comment", subject="x", body={"text": "x"}, tlp=tlp, audience=audience)
    return services.publish_batch(actor, [draft] * count)


def files():
    return {
        str(path.relative_to(tile_files.folder()))
        for path in tile_files.folder().rglob("*")
        if path.is_file() and not path.name.startswith("mark")
    }


def leaves(records):
    return [bytes.fromhex(record.hash.removeprefix("sha256:")) for record in records]


def test_a_log_of_nothing_has_no_files(operator):
    assert tile_files.bring_up() == 0
    with pytest.raises(NotFoundError):
        tile_files.read("checkpoint")


def test_the_files_of_300_records_are_those_of_the_specification(operator, tallinn):
    records = publish(operator, 3)
    assert tile_files.bring_up() == 3
    assert files() == {"checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3"}
    records += publish(operator, 297)
    assert tile_files.bring_up() == 300
    # The partial tile is gone since the full one is there.
    assert files() == {
        "checkpoint",
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/44",
    }
    folder, hashes = tile_files.folder(), leaves(records)
    assert (folder / "tile/0/000").read_bytes() == b"".join(hashes[:256])
    assert (folder / "tile/0/001.p/44").read_bytes() == b"".join(hashes[256:])
    assert (folder / "tile/1/000.p/1").read_bytes() == levels_of(hashes[:256])[-1][0]
    text = (folder / "checkpoint").read_text()
    root = levels_of(hashes)[-1][0]
    assert open_checkpoint(text, Identity.parse(tallinn.document, on=None)) == Checkpoint("tallinn/log", 300, root)


def test_each_entry_in_a_bundle_hashes_to_its_leaf(operator):
    records = publish(operator, 5)
    tile_files.bring_up()
    bundle, found = (tile_files.folder() / "tile/entries/000.p/5").read_bytes(), []
    while bundle:
        size = int.from_bytes(bundle[:2], "big")
        found.append(hashlib.sha256(b"\0" + bundle[2 : 2 + size]).digest())
        bundle = bundle[2 + size :]
    assert found == leaves(records)


@pytest.mark.parametrize(("tlp", "audience"), [("GREEN", "partners"), ("CLEAR", "partners"), ("AMBER", ["kyiv"])])
def test_one_record_that_not_everybody_may_read_keeps_its_bundle_back(operator, tlp, audience):
    publish(operator, 2)
    publish(operator, 1, tlp, audience)
    tile_files.bring_up()
    assert files() == {"checkpoint", "tile/0/000.p/3"}
    with pytest.raises(NotFoundError):
        tile_files.read("tile/entries/000.p/3")
    assert tile_files.read("tile/entries/000.p/2")


def test_every_partial_tile_that_a_checkpoint_needed_is_served_written_or_not(operator):
    hashes = leaves(publish(operator, 1) + publish(operator, 1) + publish(operator, 1))
    tile_files.bring_up()
    for width in (1, 2, 3):
        assert tile_files.read(f"tile/0/000.p/{width}") == b"".join(hashes[:width])
    with pytest.raises(NotFoundError):
        tile_files.read("tile/0/000.p/4")


def test_files_that_were_lost_are_made_again_and_what_is_there_is_not_touched(operator):
    publish(operator, 300)
    tile_files.bring_up()
    full = tile_files.folder() / "tile/0/000"
    before = full.stat().st_ino
    (tile_files.folder() / "tile/0/001.p/44").unlink()
    (tile_files.folder() / "checkpoint").unlink()
    tile_files.bring_up()
    assert full.stat().st_ino == before
    assert len(files()) == 6


def test_a_checkpoint_is_written_anew_when_a_witness_has_signed_it(operator, pinned, kyiv):
    from sild.exchange import outgoing  # noqa: PLC0415 -- one test of many needs it
    from sild.trust.checkpoint import cosign, is_cosigned_by  # noqa: PLC0415

    publish(operator, 1)
    tile_files.bring_up()
    outgoing.accept_cosignature(pinned, 1, cosign(log.latest().text, kyiv.keys, timestamp=1))
    tile_files.bring_up()
    text = (tile_files.folder() / "checkpoint").read_text()
    assert is_cosigned_by(text, Identity.parse(kyiv.keys.document, on=None))
    assert text.encode() == tile_files.read("checkpoint")
