"""A program that seals, keeps and opens a file while its memory is limited to less than the file: FOLDER SIZE ROOM."""

from __future__ import annotations

import os
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path


def files(folder, keys, size):
    """`sild seal` and `sild open`: sign, seal, open, verify."""
    from sild.trust import documents, sealed
    from sild.trust.identity import Identity

    ours = Identity.parse(keys.document, on=None)
    with (folder / "plain").open("rb") as file:
        statement = documents.state(
            keys, documents.pieces(file), name="f", now=datetime.now(UTC), receivers=["tallinn"]
        )
    signature = documents.sign(keys, statement)
    with (folder / "plain").open("rb") as source, (folder / "sealed").open("wb") as target:
        sealed.seal_file(source, target, signature, [ours])
    with (folder / "sealed").open("rb") as source, (folder / "opened").open("wb") as target:
        verdict, _signature = sealed.open_file(source, target, keys)
    assert verdict.ok
    assert (folder / "opened").stat().st_size == size


def attachments(folder, keys, size):
    """An attachment's way: kept, read in checked parts, sealed in parts, opened, kept again."""
    from functools import partial

    from sild.exchange import blobs
    from sild.trust.documents import pieces
    from sild.trust.sealed_blob import SealedBlob, new_head, opened

    with (folder / "plain").open("rb") as file:
        kept = blobs.keep(pieces(file))
    place = {"record": "1"}
    sealed = SealedBlob.of(new_head([keys.seal.public], place), size, partial(blobs.read_range, kept.hash), keys, place)
    with (folder / "parts").open("wb") as target:
        for start in range(0, sealed.total, 4 * 1024 * 1024):
            target.write(sealed.range(start, 4 * 1024 * 1024))
    with (folder / "parts").open("rb") as source:
        assert blobs.keep(opened(source, keys, place)) == kept


def main(folder, size, room):
    """Do both once with a small file, so that everything is loaded, then with a large one and little room."""
    import django

    django.setup()
    from django.db import connection

    from sild.exchange.models import Blob
    from sild.trust.identity import NodeKeys

    with connection.schema_editor() as editor:
        editor.create_model(Blob)
    keys = NodeKeys.generate("tallinn", now=datetime.now(UTC))
    for number, length in enumerate((9 * 1024 * 1024, size)):
        if number:
            used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + room, used + room))
            try:
                bytes(size)
            except MemoryError:
                pass
            else:
                sys.exit("the limit does not hold")
        with (folder / "plain").open("wb") as file:
            file.truncate(length)
        files(folder, keys, length)
        attachments(folder, keys, length)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sild.node.settings")
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
