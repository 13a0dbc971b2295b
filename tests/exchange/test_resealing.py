"""What is kept sealed is sealed anew for the keys of now; afterwards the old key is needed no more."""

import dataclasses
import io
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from exchange.simulation import Network
from sild.exchange import blobs, bundles, documents, keys, own, partners, resealing, services
from sild.exchange.errors import ExchangeError
from sild.exchange.models import Record
from sild.people.actor import Actor
from sild.people.models import AuditEntry
from sild.trust import rotation
from sild.trust.errors import SealError

pytestmark = pytest.mark.integration
OPERATOR = Actor.operator()
DATA = bytes(range(256)) * 9000


@pytest.fixture
def home(settings, tallinn_keys, tmp_path):
    """Keys that this test may change."""
    shutil.copytree(tallinn_keys, tmp_path / "home" / "keys")
    settings.CONFIG = dataclasses.replace(settings.CONFIG, home=tmp_path / "home")


def destroy_old_keys():
    """The overlap has ended."""
    later = datetime.now(UTC) + timedelta(days=31)
    folder = own.settings.CONFIG.keys
    assert rotation.forget(own.node_keys(), folder, None, now=later)


def sealed(path, to):
    with path.open("wb") as target:
        documents.seal(OPERATOR, io.BytesIO(DATA), target, "a.bin", to=to)
    return path


def opened(path):
    target = io.BytesIO()
    with path.open("rb") as source:
        verdict, _signature = documents.open_sealed(OPERATOR, source, target)
    assert verdict.ok
    return target.getvalue()


@pytest.mark.django_db
def test_a_sealed_file_opens_with_the_new_key_alone_and_the_deed_is_in_the_trail(home, pinned, tmp_path):
    path = sealed(tmp_path / "a.sealed", ["tallinn", "kyiv"])
    before = path.read_bytes()
    keys.rotate(OPERATOR, ["seal"])
    done = resealing.reseal(OPERATOR, path)
    assert (done.kind, done.nodes) == ("file", ("kyiv", "tallinn"))
    assert path.read_bytes() != before
    header = path.read_bytes().partition(b"\n")[0]
    assert own.node_keys().seal.public.kid.encode() in header
    assert partners.identity_of(pinned).seal.kid.encode() in header
    destroy_old_keys()
    assert opened(path) == DATA
    [line] = AuditEntry.objects.filter(action="trust.reseal")
    assert (line.target, line.details["before"] != line.details["after"]) == ("a.sealed", True)
    assert list(tmp_path.glob("*.new")) == []


@pytest.mark.django_db
def test_what_no_key_of_ours_opens_stays_as_it_is(home, pinned, tmp_path):
    path = sealed(tmp_path / "a.sealed", ["kyiv"])
    before = path.read_bytes()
    with pytest.raises(SealError) as caught:
        resealing.reseal(OPERATOR, path)
    assert caught.value.code == "not-for-us"
    cut = tmp_path / "cut.sealed"
    cut.write_bytes(sealed(tmp_path / "b.sealed", ["tallinn"]).read_bytes()[:-20])
    with pytest.raises(SealError):
        resealing.reseal(OPERATOR, cut)
    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.sealed", "b.sealed", "cut.sealed", "home"]
    with pytest.raises(ExchangeError, match="No such file"):
        resealing.reseal(OPERATOR, tmp_path / "none")


@pytest.fixture
def nodes(tmp_path, simulated):
    network = Network(tmp_path / "nodes", simulated)
    for node in network.nodes.values():
        folder = tmp_path / "nodes" / node.name / "keys"
        source = folder.resolve()
        folder.unlink()
        shutil.copytree(source, folder)
    yield network.nodes
    network.close()


def test_a_bundle_for_an_old_key_is_imported_with_the_new_one(nodes, tmp_path):
    narrow = blobs.Draft("a.bin", "a/b", DATA)
    wide = blobs.Draft("b.bin", "a/b", DATA[::-1])
    with nodes["tallinn"].acting():
        for file, tlp, audience in ((narrow, "AMBER", ["kyiv"]), (wide, "GREEN", "partners")):
            services.publish(
                OPERATOR, kind="exchange.comment", subject="x", body={"text": "x"}, tlp=tlp, audience=audience,
                attachments=[file],
            )  # fmt: skip
        bundles.export(OPERATOR, "kyiv", tmp_path / "bundle.zip")
    with nodes["kyiv"].acting():
        keys.rotate(OPERATOR, ["seal"])
        assert resealing.reseal(OPERATOR, tmp_path / "bundle.zip").kind == "bundle"
        destroy_old_keys()
        taken = bundles.take(OPERATOR, tmp_path / "bundle.zip")
        assert (taken.records, taken.files, taken.refused) == (2, 2, 0)
        assert {blobs.read(one.attachments.get().hash) for one in Record.objects.exclude(received=None)} == {
            DATA,
            DATA[::-1],
        }
    with nodes["riga"].acting(), pytest.raises(SealError) as caught:
        resealing.reseal(OPERATOR, tmp_path / "bundle.zip")
    assert caught.value.code == "not-for-us"
