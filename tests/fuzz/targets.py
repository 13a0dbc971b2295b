"""What is fuzzed: each target takes bytes, and returns or raises the one kind of error that its module promises.

Nothing that comes out may be more than what went in: what is accepted was really signed, and what is parsed is
spelled in its one way.
"""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from exchange import corpus
from sild.exchange import bundles, wire
from sild.exchange.client import ATTACHMENT_PATH, COSIGNATURE_PATH, IDENTITY_PATH, INDEX_PATH
from sild.exchange.enums import PartnerState
from sild.exchange.errors import ExchangeError
from sild.exchange.incoming import import_page
from sild.exchange.models import Partner, Record
from sild.people.actor import Actor
from sild.trust import documents, note, proof, renewal, sealed
from sild.trust.checkpoint import Checkpoint, cosign, open_checkpoint, witness_time
from sild.trust.encoding import canonical
from sild.trust.errors import TrustError
from sild.trust.evidence import build_record_file, verify_record_file
from sild.trust.identity import Identity
from sild.trust.record import parse_record
from sild.trust.seal import open_sealed, seal
from sild.trust.verify import verify_consistency, verify_inclusion

if TYPE_CHECKING:
    from exchange.peer import Peer
    from exchange.simulation import Node

SECRET = b"secret" * 20
CONTEXT = {"receiver": "tallinn", "position": "1"}
SEPARATOR = b"\n--part--\n"
ROUTES = (INDEX_PATH, IDENTITY_PATH, ATTACHMENT_PATH, COSIGNATURE_PATH)


@dataclass(frozen=True)
class World:
    """A real node called tallinn, and a real partner called kyiv that is pinned there."""

    node: Node
    asker: Node
    kyiv: Peer
    scratch: str

    @property
    def ours(self):
        return Identity.parse(self.node.keys.identity_document(), on=None)

    @property
    def theirs(self):
        return Identity.parse(self.kyiv.keys.identity_document(), on=None)


def text_of(data):
    """Any text: what is not UTF-8 is a text too."""
    return data.decode("utf-8", "replace")


class Target:
    """Bytes to try and what to do with them."""

    def __init__(self, world):
        self.world = world

    def seeds(self):
        raise NotImplementedError

    def run(self, data):
        raise NotImplementedError


class Notes(Target):
    """Signed notes, and checkpoints in them before anybody looks at the signatures."""

    def seeds(self):
        good = self.world.kyiv.checkpoint()
        return [good, *[change(good) for _, change, code in corpus.NOTES if code != "oversized"]]

    def run(self, data):
        with suppress(TrustError):
            text, lines = note.split(text_of(data))
            assert note.split(note.join(text, lines)) == (text, lines)
            assert Checkpoint.parse(text).text == text


class Checkpoints(Notes):
    """Checkpoints of a known log: none is accepted but the one that was signed."""

    def run(self, data):
        text = text_of(data)
        with suppress(TrustError):
            found = open_checkpoint(text, self.world.theirs)
            assert found.root == self.world.kyiv.tree.root(found.size)
            witness_time(text, self.world.ours)


class Proofs(Target):
    """Inclusion and consistency proofs."""

    def seeds(self):
        kyiv = self.world.kyiv
        size = len(kyiv.leaves)
        texts = [proof.format_proof(n, kyiv.tree.inclusion_proof(n, size), kyiv.checkpoint()) for n in range(size)]
        return [*texts, texts[0].replace("\nindex", "\nextra AA==\nindex")]

    def run(self, data):
        kyiv, size = self.world.kyiv, len(self.world.kyiv.leaves)
        with suppress(TrustError):
            one = proof.parse_proof(text_of(data))
            for leaf, place in zip(kyiv.leaves, range(size), strict=True):
                with suppress(TrustError):
                    verify_inclusion(leaf, one.index, size, one.path, kyiv.tree.root(size))
                    assert one.index == place
            verify_consistency(one.index, kyiv.tree.root(1), size, kyiv.tree.root(size), one.path)


class Records(Target):
    """Records: what is accepted is its own canonical form."""

    def seeds(self):
        good = self.world.kyiv.entries[0][0]
        return [good, *[change(good) for _, change, code in corpus.RECORDS if code != "oversized"]]

    def run(self, data):
        with suppress(TrustError):
            parsed = parse_record(data)
            assert canonical(orjson.loads(data)) == data == parsed.raw


class Identities(Target):
    """JWK Sets: none is accepted but the one that the root signed."""

    def seeds(self):
        good = self.world.kyiv.keys.identity_document()
        made = [good]
        for _, change, _ in corpus.IDENTITIES:
            plain = orjson.loads(good)
            change(plain)
            with suppress(ValueError):
                made.append(canonical(plain))
        return made

    def run(self, data):
        with suppress(TrustError):
            assert Identity.parse(data, on=None).document == data == self.world.kyiv.keys.document


class Files(Target):
    """Record files: a flaw is a verdict, never an exception."""

    def seeds(self):
        kyiv = self.world.kyiv
        self.raw = kyiv.entries[0][0]
        text = proof.format_proof(0, kyiv.tree.inclusion_proof(0, len(kyiv.leaves)), kyiv.checkpoint())
        file = build_record_file(self.raw, text, kyiv.keys.document, [self.world.node.keys.document])
        made = [file]
        for _, change, _ in corpus.FILES:
            plain = orjson.loads(file)
            change(plain)
            made.append(orjson.dumps(plain))
        return made

    def run(self, data):
        verdict = verify_record_file(data)
        assert not verdict.ok or orjson.loads(data)["record"].encode() in {one[0] for one in self.world.kyiv.entries}
        renewal.verify_renewed(data, data)


class Signatures(Target):
    """JWS documents: a flaw is a verdict; the file that was signed is the only one that verifies."""

    def seeds(self):
        from datetime import UTC, datetime  # noqa: PLC0415 -- one target of many needs it

        statement = documents.state(self.world.kyiv.keys, [b"file"], name="file", now=datetime.now(UTC))
        good = documents.sign(self.world.kyiv.keys, statement)
        made = [good]
        for _, change, _ in corpus.SIGNATURES:
            plain = orjson.loads(good)
            change(plain)
            made.append(canonical(plain))
        return made

    def run(self, data):
        assert not documents.verify([b"another file"], data).ok
        documents.verify([b"file"], data)
        with suppress(TrustError):
            documents.peek(data)


class Seals(Target):
    """Sealed bodies and the headers of sealed files."""

    def seeds(self):
        kyiv, ours = self.world.kyiv, self.world.ours
        body = seal(SECRET, [ours], sender="kyiv", context=CONTEXT)
        file = io.BytesIO()
        sealed.seal_file(io.BytesIO(b"file"), file, Signatures(self.world).seeds()[0], [ours])
        entry = kyiv.entry(1, len(kyiv.leaves), ours)
        made = [orjson.dumps(body), orjson.dumps(entry["sealed"]), file.getvalue()]
        for _, change, _ in corpus.SEALS:
            plain = {"sealed": orjson.loads(made[0])}
            change(plain)
            made.append(orjson.dumps(plain["sealed"]))
        return made

    def run(self, data):
        keys = self.world.node.keys
        with suppress(TrustError):
            sealed.open_file(io.BytesIO(data), io.BytesIO(), keys)
        with suppress(TrustError, orjson.JSONDecodeError):
            plain = orjson.loads(data)
            if isinstance(plain, dict):
                opened = open_sealed(plain, keys, sender="kyiv", context=CONTEXT)
                assert opened in {SECRET, self.world.kyiv.entries[0][0]}


class Pages(Target):
    """Pages of a partner's index: nothing comes in that the partner did not log."""

    def seeds(self):
        good = self.world.kyiv.page()
        made = [orjson.dumps(good)]
        for _, change, _ in corpus.PAGES:
            plain = orjson.loads(made[0])
            change(plain)
            made.append(orjson.dumps(plain))
        for _, change, _ in corpus.ENTRIES:
            plain = orjson.loads(made[0])
            change(plain["entries"][0])
            made.append(orjson.dumps(plain))
        return made

    def run(self, data):
        try:
            page = orjson.loads(data)
        except orjson.JSONDecodeError:
            return
        with self.world.node.acting():
            Partner.objects.update(state=PartnerState.PINNED)
            with suppress(ExchangeError):
                import_page(Partner.objects.get(node="kyiv"), page)
            self.check()

    def check(self):
        """Everything that is here was logged by the partner."""
        logged = {raw for raw, _, _ in self.world.kyiv.entries}
        assert {bytes(raw) for raw in Record.objects.filter(issuer="kyiv").values_list("raw", flat=True)} <= logged


class Bundles(Pages):
    """Bundles: as bytes of an archive, or as parts that are packed here, since random bytes are no ZIP file."""

    def seeds(self):
        kyiv = self.world.kyiv
        page = orjson.dumps(kyiv.page())
        line = cosign(kyiv.checkpoint(), kyiv.keys, timestamp=1)
        head = {
            "format": "sild-bundle/2", "from": "kyiv", "to": "tallinn", "after": 0, "pages": 1,
            "consistency": {"1": []}, "cosignature": {"size": 1, "line": line},
        }  # fmt: skip
        made = [SEPARATOR.join([orjson.dumps({**head, **more}), page]) for more in (
            {}, {"cosignature": None}, {"pages": -1}, {"pages": 2}, {"to": "riga"}, {"after": 7},
            {"consistency": {"x": [1]}}, {"cosignature": {"size": 1 << 63, "line": "x"}},
        )]  # fmt: skip
        return [*made, *map(packed, made)]

    def run(self, data):
        path = f"{self.world.scratch}/bundle.zip"
        with open(path, "wb") as file:  # noqa: PTH123 -- a path object each time would be most of the work
            file.write(data if data.startswith(b"PK") else packed(data))
        with self.world.node.acting():
            Partner.objects.update(state=PartnerState.PINNED)
            with suppress(ExchangeError):
                bundles.take(Actor.operator(), path)
            self.check()


def packed(parts):
    """An archive of a head and pages."""
    file = io.BytesIO()
    head, *pages = parts.split(SEPARATOR)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("bundle.json", head)
        for number, page in enumerate(pages[:5], 1):
            archive.writestr(f"pages/{number:08}.json", page)
    return file.getvalue()


class Requests(Target):
    """What a partner's node may ask: whatever it is, the answer is no mistake of ours."""

    def seeds(self):
        line = cosign(self.world.kyiv.checkpoint(), self.world.kyiv.keys, timestamp=1)
        return [
            b"\0after=0&have=0",
            b"\0after=0&have=0&wait=25",
            b"\0after=99999999999999999999&have=0",
            b"\1",
            b"\2record=0190a5a0-0000-7000-8000-000000000001&blob=sha256:00",
            b"\3\n" + orjson.dumps({"size": 1, "line": line}),
            b"\3\n" + orjson.dumps({"size": 1e300, "line": ""}),
        ]

    def run(self, data):
        head, _, body = data[1:].partition(b"\n")
        route = ROUTES[(data[0] if data else 0) % len(ROUTES)]
        scope = {
            "method": "POST" if route == COSIGNATURE_PATH else "GET",
            "path": route,
            "query_string": head,
            "headers": [],
            "extensions": {"tls": self.world.asker._tls},
        }
        with self.world.node.acting():
            status = wire._answer(scope, body)[0]
        assert status < 500, status
        assert wire._patience(scope)[1] <= wire.MAX_WAIT


TARGETS = {
    "notes": Notes,
    "checkpoints": Checkpoints,
    "proofs": Proofs,
    "records": Records,
    "identities": Identities,
    "files": Files,
    "signatures": Signatures,
    "seals": Seals,
    "pages": Pages,
    "bundles": Bundles,
    "requests": Requests,
}
