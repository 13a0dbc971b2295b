"""Signing, proving and verifying 10,000 records as a batch, beside signing and verifying each one by itself."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from datetime import UTC, datetime

from harness import Figure, best_of

from sild.trust.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from sild.trust.evidence import build_record_file, verify_record_file
from sild.trust.identity import Identity, NodeKeys
from sild.trust.keys import Pair
from sild.trust.proof import format_proof
from sild.trust.record import Header, build_record, uuid7
from sild.trust.seal import open_sealed, seal
from sild.trust.suites import CURRENT
from sild.trust.tree import MemoryTiles, Tree, leaf_hash, levels_of, path_in
from sild.trust.verdicts import all_languages
from sild.trust.verify import Inclusion

RECORDS = 10_000
BYTES = 512
PEERS = 1_000
PEER = "both signatures on each record"
ORIGIN = "bench/log"


def sign_batch(keys: NodeKeys, raws: list[bytes]) -> tuple[str, list[list[bytes]]]:
    """Hash the records into a tree, sign its root with both keys, make every inclusion proof."""
    levels = levels_of([leaf_hash(raw) for raw in raws])
    checkpoint = Checkpoint(ORIGIN, len(raws), levels[-1][0])
    text = sign_checkpoint(keys, checkpoint, timestamp=int(time.time()))
    return text, [path_in(levels, index) for index in range(len(raws))]


def verify_batch(identity: Identity, raws: list[bytes], text: str, paths: list[list[bytes]]) -> None:
    """Verify both signatures of the checkpoint, and that each record is the leaf that its proof says."""
    checkpoint = open_checkpoint(text, identity)
    inclusion = Inclusion(checkpoint.size, checkpoint.root)
    for index, (raw, path) in enumerate(zip(raws, paths, strict=True)):
        inclusion.verify(leaf_hash(raw), index, path)


def sign_each(pairs: list[Pair], raws: list[bytes]) -> list[list[bytes]]:
    """Sign every record with every key."""
    return [[pair.sign(raw) for pair in pairs] for raw in raws]


def verify_each(pairs: list[Pair], raws: list[bytes], signatures: list[list[bytes]]) -> None:
    """Verify every signature of every record."""
    for raw, signed in zip(raws, signatures, strict=True):
        if not all(pair.public.verifies(signature, raw) for pair, signature in zip(pairs, signed, strict=True)):
            raise AssertionError("a good signature did not verify")


def batch() -> list[Figure]:
    """The two figures that the issue asks for, and the peer's for a tenth of the records, scaled up."""
    keys = NodeKeys.generate("bench", now=datetime.now(UTC))
    identity = Identity.parse(keys.identity_document(), on=None)
    raws = [secrets.token_bytes(BYTES) for _ in range(RECORDS)]
    pairs = [Pair.generate("Ed25519"), Pair.generate("ML-DSA-65")]
    scale = 1000 * RECORDS / PEERS
    each = sign_each(pairs, raws[:PEERS])
    signed = best_of(lambda: sign_each(pairs, raws[:PEERS]), 2) * scale
    checked = best_of(lambda: verify_each(pairs, raws[:PEERS], each), 2) * scale
    text, paths = sign_batch(keys, raws)
    name = f"{RECORDS:,} records of {BYTES} B"
    return [
        Figure(
            f"sign and prove {name}", best_of(lambda: sign_batch(keys, raws)) * 1000, "ms", 100, "lower", PEER, signed
        ),
        Figure(
            f"verify {name}",
            best_of(lambda: verify_batch(identity, raws, text, paths)) * 1000,
            "ms",
            50,
            "lower",
            PEER,
            checked,
        ),
        Figure(
            "bytes of proof per record",
            sum(32 * len(path) for path in paths) / RECORDS,
            "B",
            None,
            "lower",
            PEER,
            float(sum(map(len, each[0]))),
        ),
    ]


def single() -> list[Figure]:
    """What one record costs a person who waits for it."""
    keys = NodeKeys.generate("bench", now=datetime.now(UTC))
    identity = Identity.parse(keys.identity_document(), on=None)
    header = Header(
        id=str(uuid7()),
        kind="bench.record",
        version=1,
        suite=CURRENT,
        issuer="bench",
        subject="bench",
        issued=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        tlp="GREEN",
        audience="partners",
        salt=secrets.token_urlsafe(16),
    )
    raw = build_record(header, {"text": "x" * BYTES})
    text, [path] = sign_batch(keys, [raw])
    file = build_record_file(raw, format_proof(0, path, text), keys.identity_document())
    sealed = seal(raw, [identity], sender="bench", context={})
    return [
        Figure("verify one record's file", best_of(lambda: verify_record_file(file), 20) * 1000, "ms", 100),
        Figure(
            "verify one record's file and say it in three languages",
            best_of(lambda: all_languages(verify_record_file(file)), 20) * 1000,
            "ms",
            100,
        ),
        Figure("start Python and verify one record's file", best_of(lambda: in_a_process(file)) * 1000, "ms"),
        Figure("seal one record", best_of(lambda: seal(raw, [identity], sender="bench", context={}), 50) * 1000, "ms"),
        Figure(
            "open one record", best_of(lambda: open_sealed(sealed, keys, sender="bench", context={}), 50) * 1000, "ms"
        ),
    ]


def in_a_process(file: bytes) -> None:
    """Verify a record's file in a new process, as a script would: interpreter and imports are part of it."""
    code = "import sys, sild.trust.evidence as e; sys.exit(not e.verify_record_file(sys.stdin.buffer.read()).ok)"
    subprocess.run([sys.executable, "-c", code], input=file, check=True)


def growth() -> list[Figure]:
    """Whether a log of a million leaves is as quick as a small one."""
    return [figure for size in (10_240, 1_000_192) for figure in at_size(size)]


def at_size(size: int) -> list[Figure]:
    """What the next leaf, and a proof, cost in a log of that size."""
    tiles = MemoryTiles()
    Tree(tiles).append(0, [leaf_hash(index.to_bytes(8, "big")) for index in range(size)])
    leaf = [leaf_hash(b"next")]
    return [
        Figure(f"append one leaf at {size:,}", best_of(lambda: Tree(tiles).append(size, leaf)) * 1000, "ms"),
        Figure(
            f"prove one leaf of {size:,}", best_of(lambda: Tree(tiles).inclusion_proof(size // 3, size)) * 1000, "ms"
        ),
    ]


def run() -> list[Figure]:
    """Every figure of this module."""
    return [*batch(), *single(), *growth()]
