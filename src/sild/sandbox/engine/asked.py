"""What a run asks, in order, and what of it is left: computed from numbers, since a long run would fill lists."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Iterable

Question = tuple[int, int]  # position in the suite's data, and repeat, from 0


class Asked(Sequence[Question]):
    """Positions and repeats, one round after the other."""

    def __init__(self, chosen: Sequence[int], repeats: int = 1, left: Sequence[int] | None = None) -> None:
        """Say what is asked.

        Args:
            chosen: positions of the samples, in the data's order.
            repeats: how often each is asked.
            left: numbers of the questions that are still to be asked, in order; all without it.
        """
        self._chosen, self._repeats = chosen, repeats
        self._left = range(len(chosen) * repeats) if left is None else left

    def __len__(self) -> int:
        return len(self._left)

    @overload
    def __getitem__(self, place: int) -> Question: ...

    @overload
    def __getitem__(self, place: slice) -> list[Question]: ...

    def __getitem__(self, place: int | slice) -> Question | list[Question]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        repeat, number = divmod(self._left[place], len(self._chosen))
        return self._chosen[number], repeat

    def without(self, answered: Iterable[Question]) -> Asked:
        """What is left when these are answered."""
        width = max(self._chosen, default=-1) + 1
        marks = bytearray(width * self._repeats)
        for position, repeat in answered:
            if position < width and repeat < self._repeats:
                marks[position * self._repeats + repeat] = 1
        left = (
            number
            for number, (position, repeat) in zip(self._left, self, strict=True)
            if not marks[position * self._repeats + repeat]
        )
        return Asked(self._chosen, self._repeats, array("L", left)) if any(marks) else self
