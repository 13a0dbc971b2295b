"""The pool of this machine: processes that stay, replaced when one is killed."""

from __future__ import annotations

import os
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from sild.spread.errors import LostError, SpreadError
from sild.spread.shards import LOST_TRIES, Outputs, Work, call, missing, output_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_common: list[bytes] = []  # in a worker: what its shards share
Running = dict[Future[tuple[str, bytes]], int]


def _prepare(common: bytes) -> None:
    """In a worker, at its start."""
    _common[:] = [common]


def _do(function: str, shard: bytes) -> tuple[str, bytes]:
    """In a worker: one shard."""
    return call(function, _common[0], shard)


class LocalPool:
    """Processes of this machine."""

    def __init__(self, width: int | None = None) -> None:
        """Prepare; processes start with the first shards.

        Args:
            width: how many; one for each processor by default.
        """
        self._processors = width or len(os.sched_getaffinity(0))

    @property
    def name(self) -> str:
        """As reports say it."""
        return f"{self._processors} processes of this machine"

    @property
    def width(self) -> int:
        """How many processes."""
        return self._processors

    def map(self, work: Work, shards: Sequence[bytes], outputs: Outputs | None = None) -> Iterator[tuple[int, bytes]]:
        """See `Pool.map`."""
        if work.gpus > _gpus():
            raise SpreadError(f"The work asks for {work.gpus:g} GPUs; this machine has {_gpus()}.")
        there, left = missing(work, shards, outputs)
        yield from there.items()
        lost = 0
        while left:
            try:
                for number, output in self._finished(work, shards, left):
                    if outputs is not None:
                        outputs.put(work.key(shards[number]), output)
                    left.remove(number)
                    lost = 0
                    yield number, output
            except BrokenProcessPool as error:
                lost += 1
                if lost > LOST_TRIES:
                    raise LostError(
                        f"Workers were lost {lost} times in a row, with {len(left)} shards left."
                    ) from error

    def _finished(self, work: Work, shards: Sequence[bytes], numbers: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """What one set of processes finishes; one that is killed breaks all of them, and others take their place."""
        width = max(1, int(self._processors / max(work.processors, 1)))
        waiting = iter(tuple(numbers))
        running: Running = {}
        with ProcessPoolExecutor(width, get_context("spawn"), _prepare, (work.common,)) as executor:
            try:
                while self._fill(executor, work, shards, waiting, running, width):
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        yield running.pop(future), output_of(*future.result())
            finally:
                executor.shutdown(wait=False, cancel_futures=True)

    @staticmethod
    def _fill(
        executor: ProcessPoolExecutor,
        work: Work,
        shards: Sequence[bytes],
        waiting: Iterator[int],
        running: Running,
        width: int,
    ) -> bool:
        """Keep one shard waiting for each that is worked on; whether anything is left."""
        while len(running) < 2 * width and (number := next(waiting, None)) is not None:
            running[executor.submit(_do, work.function, shards[number])] = number
        return bool(running)


def _gpus() -> int:
    """GPUs of this machine, by their device files."""
    return len([path for path in Path("/dev").glob("nvidia[0-9]*") if path.name[6:].isdecimal()])
