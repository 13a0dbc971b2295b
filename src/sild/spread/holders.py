"""Workers of a cluster that keep the GPUs that they were given, from one shard to the next.

A task of Ray's gives its GPU back at its end. What its worker keeps warm on it would still be there when the next
task, in another worker, is given the same one. So work with GPUs is done by actors, which have theirs while they live.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

import ray
from ray import exceptions

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
        self._kind = ray.remote(Holder).options(num_cpus=work.processors, num_gpus=work.gpus)
        self._running: dict[Any, tuple[int, Any]] = {}
        self._lost: Counter[int] = Counter()
        for number in islice(self._waiting, most):
            self._give(self._kind.remote(), number)

    def finished(self) -> Iterator[tuple[int, Any]]:
        """Number of a shard and the reference to its output, in the order in which they are finished.

        An empty turn, in which none was, is (-1, None), for whoever asks to look around.
        """
        while self._running:
            done = ray.wait(list(self._running), timeout=TURN_SECONDS)[0]
            for reference in done:
                number, holder = self._running.pop(reference)
                if self._goes_to_another(reference, number):
                    ray.kill(holder)
                    self._give(self._kind.remote(), number)
                else:
                    self._go_on(holder)
                    yield number, reference
            if not done:
                yield -1, None

    def close(self) -> None:
        """End those that are at work."""
        for _number, holder in self._running.values():
            ray.kill(holder)

    def _goes_to_another(self, reference: Any, number: int) -> bool:
        """Whether its worker was lost with this shard, and not for the last time; Ray would try it again too soon."""
        try:
            ray.get(reference)
        except exceptions.RayActorError:
            self._lost[number] += 1
            return self._lost[number] <= LOST_TRIES
        return False

    def _go_on(self, holder: Any) -> None:
        """Give it its next shard, or let it end when there is none, so that another one gets its GPUs."""
        number = next(self._waiting, None)
        if number is None:
            holder.__ray_terminate__.remote()
        else:
            self._give(holder, number)

    def _give(self, holder: Any, number: int) -> None:
        """Let it do a shard."""
        asked = holder.do.remote(self._work.function, self._common, self._shards[number])
        self._running[asked] = number, holder
