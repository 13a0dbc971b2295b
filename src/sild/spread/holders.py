"""Workers of a cluster that keep the GPUs that they were given, from one shard to the next.

A task of Ray's gives its GPU back at its end. What its worker keeps warm on it would still be there when the next
task, in another worker, is given the same one. So work with GPUs is done by actors, which have theirs while they live.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ray

from sild.spread import gpus
from sild.spread.shards import LOST_TRIES, Work, call

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TURN_SECONDS = 0.5


class Holder:
    """In a worker."""

    def do(self, function: str, common: bytes, shard: bytes) -> tuple[str, bytes]:
        """One shard, with the GPUs that Ray gave this worker and no others."""
        gpus.assign([str(name) for name in ray.get_gpu_ids()], held=False)
        return call(function, common, shard)


class Holders:
    """The workers of one piece of work; each is asked for its next shard when it has done one."""

    def __init__(self, work: Work, shards: Sequence[bytes], numbers: Sequence[int], most: int) -> None:
        """Ask the cluster for workers; those for which there is no room yet start when there is.

        Args:
            work: what is done.
            shards: the content of each.
            numbers: of those that are to be done.
            most: workers that have room at one time.
        """
        self._work, self._shards, self._waiting = work, shards, iter(tuple(numbers))
        self._common = ray.put(work.common)
        kind = ray.remote(Holder).options(
            num_cpus=work.processors, num_gpus=work.gpus, max_restarts=-1, max_task_retries=LOST_TRIES
        )
        self._running: dict[Any, tuple[int, Any]] = {}
        self._there: list[Any] = [kind.remote() for _ in range(min(most, len(numbers)))]
        for holder in tuple(self._there):
            self._give(holder)

    def finished(self) -> Iterator[tuple[int, Any]]:
        """Number of a shard and the reference to its output, in the order in which they are finished.

        An empty turn, in which none was, is (-1, None), for whoever asks to look around.
        """
        while self._running:
            done = ray.wait(list(self._running), timeout=TURN_SECONDS)[0]
            for reference in done:
                number, holder = self._running.pop(reference)
                self._give(holder)
                yield number, reference
            if not done:
                yield -1, None

    def close(self) -> None:
        """End all of them at once."""
        for holder in self._there:
            ray.kill(holder)

    def _give(self, holder: Any) -> None:
        """Give it its next shard, or let it end when there is none, so that another one gets its GPUs."""
        number = next(self._waiting, None)
        if number is None:
            self._there.remove(holder)
            holder.__ray_terminate__.options(max_task_retries=0).remote()
        else:
            asked = holder.do.remote(self._work.function, self._common, self._shards[number])
            self._running[asked] = number, holder
