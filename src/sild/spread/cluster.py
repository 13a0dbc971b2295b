"""The pool of many machines: tasks of a Ray cluster (`sild[cluster]`)."""

from __future__ import annotations

import logging
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Any

from sild.spread.errors import LostError, SpreadError
from sild.spread.shards import LOST_TRIES, Outputs, Work, call, missing, output_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

try:
    import ray
    from ray import exceptions

    from sild.spread.holders import TURN_SECONDS, Holders
except ImportError as error:  # pragma: no cover -- tests have the extra
    raise SpreadError(
        "SILD_CLUSTER names a cluster, but Ray is not installed. Install it: pip install sild[cluster]"
    ) from error

_NAMESPACE = "sild"
_AHEAD = 4  # shards for each processor that are given out at a time


class RayPool:
    """Workers of a cluster; Ray gives a lost worker's shard to another."""

    def __init__(self, address: str) -> None:
        """Connect.

        Raises:
            SpreadError: nothing answers there.
        """
        try:
            ray.init(
                address,
                namespace=_NAMESPACE,
                ignore_reinit_error=True,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise SpreadError(f"No Ray cluster answers at {address}: {error}") from error

    @property
    def name(self) -> str:
        """As reports say it."""
        return f"Ray {ray.__version__}, {len(_alive())} machines, {self.width} processors"

    @property
    def width(self) -> int:
        """Processors of all machines."""
        return max(1, int(ray.cluster_resources().get("CPU", 1)))  # type: ignore[no-untyped-call]

    def map(self, work: Work, shards: Sequence[bytes], outputs: Outputs | None = None) -> Iterator[tuple[int, bytes]]:
        """See `Pool.map`."""
        _require(work)
        there, left = missing(work, shards, outputs)
        yield from there.items()
        with closing(_by_holders(work, shards, left) if work.gpus else _by_tasks(work, shards, left)) as finished:
            for number, output in finished:
                if outputs is not None:
                    outputs.put(work.key(shards[number]), output)
                yield number, output


def _by_tasks(work: Work, shards: Sequence[bytes], left: Sequence[int]) -> Generator[tuple[int, bytes]]:
    """Let any worker do any shard; Ray keeps those that are idle warm."""
    task = ray.remote(call).options(num_cpus=work.processors, max_retries=LOST_TRIES)
    common = ray.put(work.common)
    waiting = iter(left)
    running: dict[Any, int] = {}
    try:
        while True:
            for number in islice(waiting, max(0, _AHEAD * max(1, _room(work)) - len(running))):
                running[task.remote(work.function, common, shards[number])] = number
            if not running:
                return
            for done in ray.wait(list(running), timeout=TURN_SECONDS)[0]:
                yield running.pop(done), _get(done)
    finally:
        for reference in running:
            ray.cancel(reference, force=True)


def _by_holders(work: Work, shards: Sequence[bytes], left: Sequence[int]) -> Generator[tuple[int, bytes]]:
    """Let as many workers as there is room for keep their GPUs and do one shard after the other."""
    with closing(Holders(work, shards, left, _room(work))) as holders:
        for number, reference in holders.finished():
            if reference is None:
                _require(work)  # the only machine with enough of them may be gone
            else:
                yield number, _get(reference)


def _room(work: Work) -> int:
    """How many workers the cluster has room for."""
    asked = {"CPU": work.processors, "GPU": work.gpus}
    return sum(
        int(min(machine["Resources"].get(kind, 0) / amount for kind, amount in asked.items() if amount))
        for machine in _alive()
    )


def _require(work: Work) -> None:
    """Refuse work that no machine can take, which would wait for ever.

    Raises:
        SpreadError: saying what is asked for.
    """
    for kind, asked in (("CPU", work.processors), ("GPU", work.gpus)):
        most = max((machine["Resources"].get(kind, 0) for machine in _alive()), default=0)
        if asked > most:
            raise SpreadError(
                f"The work asks for {asked:g} {kind} at once; no machine of the cluster has more than {most:g}."
            )
    if not _room(work):
        raise SpreadError(
            f"The work asks for {work.processors:g} CPU and {work.gpus:g} GPU at once; "
            "no machine of the cluster has both."
        )


def _alive() -> list[dict[str, Any]]:
    """The cluster's machines that are there."""
    return [machine for machine in ray.nodes() if machine["Alive"]]  # type: ignore[no-untyped-call]


def _get(reference: Any) -> bytes:
    """A finished shard's output."""
    try:
        wrong, output = ray.get(reference)
    except exceptions.RayError as error:
        raise LostError(
            f"Workers were lost {LOST_TRIES + 1} times with the same shard: {type(error).__name__}."
        ) from error
    return output_of(wrong, output)
