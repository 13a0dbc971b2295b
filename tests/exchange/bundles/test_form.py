"""A bundle that somebody damaged or changed is refused with its own reason."""

import shutil
import zipfile

import orjson
import pytest

from exchange import corpus
from exchange.bundles.carrying import export, publish, received, rewritten, take
from sild.exchange.bundles import form
from sild.exchange.errors import BundleError, ExchangeError
from sild.exchange.models import Partner

pytestmark = pytest.mark.integration


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
