"""Signing, proving and verifying 10,000 records as a batch, beside signing and verifying each one by itself.

All of it runs on one core, and its time is what is measured; of new processes it is the time on the wall.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import harness
from harness import Figure

from sild.trust.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from sild.trust.evidence import build_record_file, verify_record_file
from sild.trust.identity import Identity, NodeKeys
from sild.trust.keys import Pair
from sild.trust.proof import format_proof
from sild.trust.record import Header, build_record, uuid7
from sild.trust.runs import prove_run, verify_run
from sild.trust.seal import open_sealed, seal
from sild.trust.suites import CURRENT
from sild.trust.tree import HASH_BYTES, MemoryTiles, Tree, leaf_hash, leaf_hashes
from sild.trust.verdicts import all_languages
from sild.trust.verify import Inclusion

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDS = 10_000
BYTES = 512
PEERS = 1_000
PEER = "both signatures on each record"
ORIGIN = "bench/log"
SIZES = (1_000, 10_000, 100_000, 1_000_000)
# Of so many calls the shortest counts.
TIMES = 15


def best_of(function: Callable[[], object], times: int = TIMES) -> float:
    """Seconds of one core."""
    return harness.best_of(function, times, clock=time.process_time)


def sign_batch(keys: NodeKeys, raws: list[bytes]) -> tuple[str, list[bytes]]:
    """Log the records, sign one checkpoint with both keys, make every inclusion proof, its hashes joined."""
    tree = Tree(MemoryTiles())
    size = tree.append(0, leaf_hashes(raws))
    text = sign_checkpoint(keys, Checkpoint(ORIGIN, size, tree.root(size)), timestamp=int(time.time()))
    return text, prove_run(tree, 0, size, size)


def verify_batch(identity: Identity, raws: list[bytes], text: str, proofs: list[bytes]) -> None:
    """Verify both signatures of the checkpoint, and that each record is the leaf that its own proof says."""
    checkpoint = open_checkpoint(text, identity)
    verify_run(checkpoint.size, checkpoint.root, 0, leaf_hashes(raws), proofs)


def verify_one_by_one(identity: Identity, raws: list[bytes], text: str, proofs: list[bytes]) -> None:
    """The same without looking at more than one proof at a time."""
    checkpoint = open_checkpoint(text, identity)
    inclusion = Inclusion(checkpoint.size, checkpoint.root)
    for index, (raw, proof) in enumerate(zip(raws, proofs, strict=True)):
        inclusion.verify(
            leaf_hash(raw), index, [proof[at : at + HASH_BYTES] for at in range(0, len(proof), HASH_BYTES)]
        )


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
    text, proofs = sign_batch(keys, raws)
    name = f"{RECORDS:,} records of {BYTES} B"
    signing = best_of(lambda: sign_batch(keys, raws)) * 1000
    verifying = best_of(lambda: verify_batch(identity, raws, text, proofs)) * 1000
    one_by_one = best_of(lambda: verify_one_by_one(identity, raws, text, proofs)) * 1000
    size = sum(map(len, proofs)) / RECORDS
    return [
        Figure(f"sign and prove {name}", signing, "ms", 50, "lower", PEER, signed),
        Figure(f"verify {name}", verifying, "ms", 20, "lower", PEER, checked),
        Figure(f"verify {name}, proof by proof", one_by_one, "ms", None, "lower", PEER, checked),
        Figure("bytes of proof per record", size, "B", None, "lower", PEER, float(sum(map(len, each[0])))),
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
    text, _proofs = sign_batch(keys, [raw])
    file = build_record_file(raw, format_proof(0, [], text), keys.identity_document())
    sealed = seal(raw, [identity], sender="bench", context={})
    return [
        Figure("verify one record's file", best_of(lambda: verify_record_file(file), 20) * 1000, "ms", 100),
        Figure(
            "verify one record's file and say it in three languages",
            best_of(lambda: all_languages(verify_record_file(file)), 20) * 1000,
            "ms",
            100,
        ),
        *in_a_process(file),
        Figure("seal one record", best_of(lambda: seal(raw, [identity], sender="bench", context={}), 50) * 1000, "ms"),
        Figure(
            "open one record", best_of(lambda: open_sealed(sealed, keys, sender="bench", context={}), 50) * 1000, "ms"
        ),
    ]


def in_a_process(file: bytes) -> list[Figure]:
    """Verify a record's file in a new process; wall time, since a person waits for starting and reading, too."""
    with tempfile.NamedTemporaryFile(suffix=".sild.json") as record:
        record.write(file)
        record.flush()
        module, command, facts, alone = harness.starts(
            [
                [sys.executable, "-m", "sild.trust.verifier", record.name],
                [sys.executable, "-m", "sild.node.cli", "verify", record.name],
                [sys.executable, "-m", "sild.node.cli", "verify", record.name, "--json"],
                [sys.executable, "-c", "pass"],
            ]
        )
    peer = "Python that starts and does nothing"
    return [
        Figure("new process: python -m sild.trust.verifier FILE", module, "ms", 100, "lower", peer, alone),
        Figure("new process: sild verify FILE", command, "ms", 100, "lower", peer, alone),
        Figure("new process: sild verify FILE --json, in three languages", facts, "ms", 100, "lower", peer, alone),
    ]


def growth() -> list[Figure]:
    """What the next leaf, a checkpoint and a proof cost as the log grows."""
    keys = NodeKeys.generate("bench", now=datetime.now(UTC))
    return [figure for size in SIZES for figure in at_size(keys, size)]


def at_size(keys: NodeKeys, size: int) -> list[Figure]:
    """In a log of that size whose tiles are read anew each time, as the node does."""
    tiles = MemoryTiles()
    Tree(tiles).append(0, [leaf_hash(index.to_bytes(8, "big")) for index in range(size)])
    leaf = [leaf_hash(b"next")]

    def checkpoint() -> str:
        return sign_checkpoint(keys, Checkpoint(ORIGIN, size, Tree(tiles).root(size)), timestamp=int(time.time()))

    return [
        Figure(f"append one leaf at {size:,}", best_of(lambda: Tree(tiles).append(size, leaf)) * 1000, "ms"),
        Figure(f"root and signed checkpoint at {size:,}", best_of(checkpoint) * 1000, "ms"),
        Figure(
            f"prove one leaf of {size:,}",
            best_of(lambda: Tree(tiles).inclusion_proof(size // 3, size)) * 1000,
            "ms",
        ),
    ]


def run() -> list[Figure]:
    """Every figure of this module."""
    return [*batch(), *single(), *growth()]
