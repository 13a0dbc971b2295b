"""What is spread: a named function, what its shards share, and where outputs are kept by the content they came of."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from sild.spread.errors import ShardError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

LOST_TRIES = 3  # as often a shard is given to another worker when its own is lost


@dataclass(frozen=True, slots=True)
class Work:
    """What is done to each shard.

    Attributes:
        function: `package.module:name`, called with what is common and the shard, both bytes; returns bytes. It must be
            importable wherever a worker runs, and give the same output for the same input.
        common: what all shards need; sent to each worker once.
        processors, gpus: what one shard occupies while it is worked on. A worker that was given GPUs keeps them from
            one shard to the next, with what it keeps warm on them; CUDA_VISIBLE_DEVICES names them (`gpus.py`).
    """

    function: str
    common: bytes = b""
    processors: float = 1
    gpus: float = 0

    def key(self, shard: bytes) -> str:
        """The output's name: SHA-256 over the SHA-256 of function, common content and shard."""
        parts = (self.function.encode(), self.common, shard)
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


class Outputs:
    """Finished outputs in a folder, by key; written whole or not at all, so a shard that is done twice is done once."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def get(self, key: str) -> bytes | None:
        """The output, if it is there."""
        try:
            return (self._folder / key).read_bytes()
        except FileNotFoundError:
            return None

    def put(self, key: str, output: bytes) -> None:
        """Keep an output."""
        temporary = self._folder / f"{key}.{secrets.token_hex(4)}.new"
        with temporary.open("wb") as file:
            file.write(output)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._folder / key)


class Pool(Protocol):
    """Where work is done."""

    @property
    def name(self) -> str:
        """What it is, as reports say it."""

    @property
    def width(self) -> int:
        """How many shards are worked on at one time, as far as it is known."""

    def map(self, work: Work, shards: Sequence[bytes], outputs: Outputs | None = None) -> Iterator[tuple[int, bytes]]:
        """Each shard's number with its output, in the order in which they are finished; close it to stop.

        Args:
            work: what to do.
            shards: the content of each.
            outputs: where finished ones are looked for first, and kept.

        Raises:
            ShardError: the function raised an error.
            LostError: a shard's workers were lost too often.
            SpreadError: nobody here has what the work asks for.
        """


def missing(work: Work, shards: Sequence[bytes], outputs: Outputs | None) -> tuple[dict[int, bytes], list[int]]:
    """What is there already by number, and the numbers of what is to be done."""
    there = {}
    for number, shard in enumerate(shards) if outputs is not None else ():
        output = outputs.get(work.key(shard)) if outputs is not None else None
        if output is not None:
            there[number] = output
    return there, [number for number in range(len(shards)) if number not in there]


def call(function: str, common: bytes, shard: bytes) -> tuple[str, bytes]:
    """In a worker: do one shard; what went wrong, or nothing, and the output.

    An error goes back as a sentence, since its class may not be known or may not travel.
    """
    module, _colon, name = function.partition(":")
    try:
        return "", getattr(import_module(module), name)(common, shard)
    except Exception as error:  # noqa: BLE001 -- whatever it is, whoever asked must hear of it
        return f"{type(error).__name__}: {error}", b""


def output_of(wrong: str, output: bytes) -> bytes:
    """The output that `call` returned, or its error.

    Raises:
        ShardError: with what the function said.
    """
    if wrong:
        raise ShardError(f"A worker could not do its part. {wrong}")
    return output
