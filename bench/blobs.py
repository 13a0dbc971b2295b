"""Sealing and opening large files, keeping and reading them: throughput and peak memory, beside age in the same run.

Each step runs in a process of its own, which tells its time and its peak memory. `SILD_BENCH_BYTES` sets the size;
nightly it is 5 GB.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness import Figure

SIZE = int(os.environ.get("SILD_BENCH_BYTES", str(1 << 30)))
ROOT = Path(__file__).parent.parent
PEER = "age (pyrage)"
PART = 4 * 1024 * 1024
MIB = 1024 * 1024
# What a step may use beyond what the interpreter and its libraries take: far less than any file measured here.
MEMORY_TARGET = 200.0
PEER_PROGRAM = """
import json, resource, sys, time, pyrage
key = pyrage.x25519.Identity.generate()
plain, sealed, opened = sys.argv[1:]
times = [time.perf_counter()]
pyrage.encrypt_file(plain, sealed, [key.to_public()])
times.append(time.perf_counter())
pyrage.decrypt_file(sealed, opened, [key])
times = [times[1] - times[0], time.perf_counter() - times[1]]
print(json.dumps([*times, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


def _seal(folder: Path) -> None:
    """Sign a file and seal it, as `sild seal` does."""
    from sild.trust import documents, sealed
    from sild.trust.identity import Identity, NodeKeys

    keys = NodeKeys.load(folder / "keys")
    with (folder / "plain").open("rb") as file:
        pieces = documents.pieces(file)
        statement = documents.state(keys, pieces, name="f", now=datetime.now(UTC), receivers=[keys.node])
        file.seek(0)
        with (folder / "sealed").open("wb") as target:
            ours = Identity.parse(keys.document, on=None)
            sealed.seal_file(file, target, documents.sign(keys, statement), [ours])


def _open(folder: Path) -> None:
    """Open it and verify it, as `sild open` does."""
    from sild.trust import sealed
    from sild.trust.identity import NodeKeys

    with (folder / "sealed").open("rb") as source, (folder / "opened").open("wb") as target:
        verdict, _signature = sealed.open_file(source, target, NodeKeys.load(folder / "keys"))
    if not verdict.ok:
        raise AssertionError(verdict.sentence)


def _keep(folder: Path) -> None:
    """Keep a file in the store of a folder, with the hash of each piece."""
    from sild.exchange import blobs
    from sild.trust.documents import pieces

    with (folder / "plain").open("rb") as file:
        (folder / "name").write_text(blobs.keep(pieces(file)).hash)


def _send(folder: Path) -> None:
    """Read it in checked parts and seal each for a partner, as the wire does."""
    from sild.exchange import blobs
    from sild.trust.identity import NodeKeys
    from sild.trust.sealed_blob import SealedBlob, new_head

    keys, name = NodeKeys.load(folder / "keys"), (folder / "name").read_text()
    head = new_head([keys.seal.public], {})
    sealed = SealedBlob.of(head, blobs.size_of(name), partial(blobs.read_range, name), keys, {})
    with (folder / "parts").open("wb") as target:
        target.writelines(sealed.range(start, PART) for start in range(0, sealed.total, PART))


def _receive(folder: Path) -> None:
    """Open what came in parts and keep it, as a receiver does."""
    from sild.exchange import blobs
    from sild.trust.identity import NodeKeys
    from sild.trust.sealed_blob import opened

    source: BinaryIO
    with (folder / "parts").open("rb") as source:
        if blobs.keep(opened(source, NodeKeys.load(folder / "keys"), {})).hash != (folder / "name").read_text():
            raise AssertionError("another file came out")


STEPS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "seal": ("sign and seal a file", _seal),
    "open": ("open and verify it", _open),
    "keep": ("keep an attachment", _keep),
    "send": ("read and seal it in parts", _send),
    "receive": ("open and keep what came", _receive),
}


def _child(step: str, folder: Path) -> None:
    """Run one step here, and print seconds and peak memory in KiB."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sild.node.settings")
    import django

    django.setup()
    start = time.perf_counter()
    STEPS[step][1](folder)
    print(json.dumps([time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))


def _prepare(folder: Path) -> None:
    """Make keys, a database with the table of files, and a file that does not compress."""
    os.environ["SILD_HOME"] = str(folder)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sild.node.settings")
    import django

    django.setup()
    from django.db import connection

    from sild.exchange.models import Blob
    from sild.trust.identity import NodeKeys

    NodeKeys.generate("bench", now=datetime.now(UTC)).save(folder / "keys")
    with connection.schema_editor() as editor:
        editor.create_model(Blob)
    connection.close()
    block = os.urandom(MIB)
    with (folder / "plain").open("wb") as file:
        for _ in range(SIZE // MIB):
            file.write(block)


def _measured(command: list[str]) -> list[float]:
    """What a program printed about itself."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    numbers: list[float] = json.loads(done.stdout)
    return numbers


def _peer(folder: Path) -> list[float]:
    """Seconds to encrypt and to decrypt, and peak memory in KiB, of age in a virtual environment of its own."""
    place = ROOT / "build" / "peers-blobs"
    python = place / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
    pinned = str(ROOT / "requirements" / "peers-blobs.txt")
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", pinned], check=True)
    paths = [str(folder / name) for name in ("plain", "peer-sealed", "peer-opened")]
    return _measured([str(python), "-c", PEER_PROGRAM, *paths])


def run() -> list[Figure]:
    """Every figure of this module."""
    from harness import Figure

    folder = Path(tempfile.mkdtemp(prefix="sild-bench-", dir=os.environ.get("SILD_BENCH_FOLDER")))
    try:
        _prepare(folder)
        measured = {step: _measured([sys.executable, __file__, step, str(folder)]) for step in STEPS}
        sealed, opened, memory = _peer(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    size = f"{SIZE / 1e9:.1f} GB"
    peers = {"seal": sealed, "open": opened}
    figures = [
        Figure(
            f"{STEPS[step][0]}, {size}",
            SIZE / MIB / seconds,
            "MiB/s",
            None,
            "higher",
            PEER if step in peers else None,
            SIZE / MIB / peers[step] if step in peers else None,
        )
        for step, (seconds, _peak) in measured.items()
    ]
    peak = max(one[1] for one in measured.values()) / 1024
    name = f"peak memory of a process that does one of these, {size}"
    return [*figures, Figure(name, peak, "MiB", MEMORY_TARGET, "lower", PEER, memory / 1024)]


if __name__ == "__main__":
    _child(sys.argv[1], Path(sys.argv[2]))
