"""Records carried by hand between real nodes: all that the wire brings, in any order, and nothing that was changed."""

import shutil
import zipfile

import orjson
import pytest

from exchange import corpus
from exchange.simulation import Network
from sild.exchange import blobs, bundles, evidence, partners, services
from sild.exchange.bundles import form, writing
from sild.exchange.errors import BundleError, ExchangeError, TransferError, WithheldError
from sild.exchange.models import Attachment, Cosignature, Partner, Record
from sild.people.actor import Actor
from sild.people.enums import Role
from sild.people.errors import NotAllowedError

pytestmark = pytest.mark.integration
DATA = b"a file that travels in the bundle " * 100
OPERATOR = Actor.operator()


@pytest.fixture
def nodes(tmp_path, simulated):
    network = Network(tmp_path, simulated)
    yield network.nodes
    network.close()


def publish(node, number=1, *, tlp="GREEN", audience="partners", files=()):
    draft = services.Draft(
        kind="exchange.comment",
        subject="x",
        body={"text": f"words of {node.name}"},
        tlp=tlp,
        audience=audience,
        attachments=files,
    )
    with node.acting():
        return services.publish_batch(OPERATOR, [draft] * number)


def export(node, path, since=None, to="kyiv", **options):
    with node.acting():
        bundles.export(OPERATOR, to, path, since=since, **options)
    return path


def take(node, path):
    with node.acting():
        return bundles.take(OPERATOR, path)


def received(node):
    with node.acting():
        return Record.objects.exclude(received=None).count()


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


def test_nothing_published_is_nothing_to_carry(nodes, tmp_path):
    with pytest.raises(BundleError, match="nothing"):
        export(nodes["tallinn"], tmp_path / "b.zip")
    assert not list(tmp_path.glob("b.zip*"))


def test_a_place_that_cannot_be_written_is_named(nodes, tmp_path):
    publish(nodes["tallinn"])
    with pytest.raises(BundleError, match="no-folder"):
        export(nodes["tallinn"], tmp_path / "no-folder" / "b.zip")


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


def rewritten(path, change):
    """The same archive with its parts changed by name."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def in_json(name, *path_and_value):
    def change(parts):
        content = orjson.loads(parts[name])
        corpus.put(*path_and_value)(content)
        parts[name] = orjson.dumps(content)

    return change


PAGE = "pages/00000001.json"
HEAD = "bundle.json"
TYPES = {"from": 1, "to": None, "after": "0", "pages": "1", "consistency": [], "cosignature": 7}
FLAWS = {
    **{f"without {name}": (in_json(HEAD, name, corpus.MISSING), "bundle-form") for name in sorted(form.HEAD_MEMBERS)},
    **{
        f"{name} of another type": (in_json(HEAD, name, value), "bundle-form")
        for name, value in TYPES.items()
    },
    "another format": (in_json(HEAD, "format", "sild-bundle/0"), "bundle-form"),
    "for another node": (in_json(HEAD, "to", "riga"), "bundle-receiver"),
    "from another node": (in_json(HEAD, "from", "riga"), "origin"),
    "from a stranger": (in_json(HEAD, "from", "minsk"), "not-found"),
    "more pages than there are": (in_json(HEAD, "pages", 2), "bundle-form"),
    "no head": (lambda parts: parts.pop(HEAD), "bundle-form"),
    "a head that is no JSON": (lambda parts: parts.update({HEAD: b"{"}), "bundle-form"),
    "a head that is a list": (lambda parts: parts.update({HEAD: b"[]"}), "bundle-form"),
    "no page": (lambda parts: parts.pop(PAGE), "bundle-form"),
    "a page that is no JSON": (lambda parts: parts.update({PAGE: b"x"}), "bundle-form"),
    "a page of another form": (lambda parts: parts.update({PAGE: b"{}"}), "page-form"),
    "an entry without a position": (in_json(PAGE, "entries", 0, "position", corpus.MISSING), "page-form"),
    "an entry with another position": (in_json(PAGE, "entries", 0, "position", 2), "bundle-gap"),
    "an entry less": (in_json(PAGE, "entries", lambda entries: [entries[0], *entries[2:]]), "gap"),
    "a record changed": (in_json(PAGE, "entries", 0, "record", lambda text: text.replace("words", "lies")), "proof"),
    "a chain changed": (in_json(PAGE, "entries", 0, "chain", corpus.flip), "renumbered"),
    "a checkpoint changed": (in_json(PAGE, "checkpoint", corpus.body_line(2, corpus.flip)), "bad-signature"),
    "a checkpoint stripped": (in_json(PAGE, "checkpoint", corpus.lines(lambda found: found[:1])), "missing-signature"),
    "a proof of growth changed": (in_json(HEAD, "consistency", "2", 0, corpus.flip), "log-forked"),
    "a proof of growth left out": (in_json(HEAD, "consistency", {}), "bundle-consistency"),
    "a cosignature on nothing": (in_json(HEAD, "cosignature", {"size": 9, "line": "x"}), "no-checkpoint"),
    "a cosignature of another form": (in_json(HEAD, "cosignature", {"size": "9"}), "bundle-form"),
    "a head that unfolds without end": (lambda parts: parts.update({HEAD: b" " * (9 * 1024 * 1024)}), "oversized"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "code"), FLAWS.values(), ids=FLAWS)
def test_a_bundle_that_was_changed_is_refused_with_its_reason_and_freezes_nobody(nodes, tmp_path, change, code):
    publish(nodes["tallinn"], 2, tlp="AMBER", audience=["riga"])
    take(nodes["kyiv"], export(nodes["tallinn"], tmp_path / "0.zip"))
    publish(nodes["tallinn"], 3)
    good = export(nodes["tallinn"], tmp_path / "good.zip")
    bad = rewritten(shutil.copy(good, tmp_path / "bad.zip"), change)
    with pytest.raises(ExchangeError) as caught:
        take(nodes["kyiv"], bad)
    assert caught.value.code == code
    assert str(caught.value)
    with nodes["kyiv"].acting():
        assert Partner.objects.get(node="tallinn").state == "pinned"
    take(nodes["kyiv"], good)
    assert received(nodes["kyiv"]) == 3, "the good bundle is taken afterwards"


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04" + bytes(100)])
def test_a_file_that_is_no_archive_is_refused(nodes, tmp_path, data):
    (tmp_path / "b.zip").write_bytes(data)
    with pytest.raises(BundleError) as caught:
        take(nodes["kyiv"], tmp_path / "b.zip")
    assert caught.value.code == "bundle-form"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_part_that_is_there_twice_is_refused(nodes, tmp_path):
    publish(nodes["tallinn"])
    bundle = export(nodes["tallinn"], tmp_path / "b.zip")
    with zipfile.ZipFile(bundle, "a") as archive:
        archive.writestr(PAGE, b"{}")
    with pytest.raises(BundleError, match="same name"):
        take(nodes["kyiv"], bundle)


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
