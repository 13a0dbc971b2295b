"""The pool of this machine: processes that stay, replaced when one is killed."""

from __future__ import annotations

import os
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from math import ceil
from multiprocessing import get_context
from typing import TYPE_CHECKING

from sild.spread import gpus
from sild.spread.errors import LostError
from sild.spread.shards import LOST_TRIES, Outputs, Work, call, missing, output_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.queues import SimpleQueue

_common: list[bytes] = []  # in a worker: what its shards share
Running = dict[Future[tuple[str, bytes]], int]


def _prepare(common: bytes, devices: SimpleQueue[list[str]]) -> None:
    """In a worker, at its start: what its shards share, and the GPUs that are its own as long as it lives."""
    _common[:] = [common]
    gpus.assign(devices.get(), held=True)


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
        there, left = missing(work, shards, outputs)
        yield from there.items()
        each, width = ceil(work.gpus), max(1, int(self._processors / max(work.processors, 1)))
        with gpus.taken(each, each * width) as devices:
            yield from self._map(work, shards, left, outputs, _shares(devices, each, width))

    def _map(
        self,
        work: Work,
        shards: Sequence[bytes],
        left: list[int],
        outputs: Outputs | None,
        shares: Sequence[list[str]],
    ) -> Iterator[tuple[int, bytes]]:
        """Do what is left, by as many processes as there are shares of the GPUs."""
        lost = 0
        while left:
            try:
                for number, output in self._finished(work, shards, left, shares):
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

    def _finished(
        self, work: Work, shards: Sequence[bytes], numbers: Sequence[int], shares: Sequence[list[str]]
    ) -> Iterator[tuple[int, bytes]]:
        """What one set of processes finishes; one that is killed breaks all of them, and others take their place."""
        context, width = get_context("spawn"), len(shares)
        devices: SimpleQueue[list[str]] = context.SimpleQueue()
        for share in shares:
            devices.put(share)
        waiting = iter(tuple(numbers))
        running: Running = {}
        with ProcessPoolExecutor(width, context, _prepare, (work.common, devices)) as executor:
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


def _shares(devices: Sequence[str], each: int, width: int) -> list[list[str]]:
    """The GPUs of each process, none of them in two; there are as many processes as there are whole shares."""
    if not each:
        return [[] for _ in range(width)]
    return [list(devices[start : start + each]) for start in range(0, len(devices) - each + 1, each)]
