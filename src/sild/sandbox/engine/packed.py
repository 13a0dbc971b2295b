"""A long sequence in little memory: each thing is kept as bytes in one buffer, and made again when it is asked for.

As objects, the samples and results of a run take a kilobyte each, whatever they say.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")


class Packed(Sequence[T]):
    """Things that were packed; compared with another sequence thing by thing."""

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __init__(self, unpack: Callable[[bytes], T]) -> None:
        """Begin an empty one.

        Args:
            unpack: makes a thing from its bytes.
        """
        self._unpack = unpack
        self._buffer = bytearray()
        self._starts, self._ends = array("Q"), array("Q")

    def add(self, packed: bytes) -> None:
        """Keep one more."""
        self._starts.append(len(self._buffer))
        self._buffer += packed
        self._ends.append(len(self._buffer))

    def seen_as(self, unpack: Callable[[bytes], Any]) -> Packed[Any]:
        """The same bytes, of which other things are made."""
        return self._like(unpack, self._starts, self._ends)

    def reordered(self, order: Iterable[int]) -> Packed[T]:
        """The same things in another order, by their places in this one."""
        places = array("Q", order)
        return self._like(
            self._unpack,
            array("Q", (self._starts[place] for place in places)),
            array("Q", (self._ends[place] for place in places)),
        )

    def lines(self) -> Iterator[bytes]:
        """The bytes of each."""
        return (bytes(self._buffer[start:end]) for start, end in zip(self._starts, self._ends, strict=True))

    def _like(self, unpack: Callable[[bytes], Any], starts: array[int], ends: array[int]) -> Packed[Any]:
        """Another one over the same buffer."""
        other: Packed[Any] = Packed(unpack)
        other._buffer, other._starts, other._ends = self._buffer, starts, ends
        return other

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[T]:
        return map(self._unpack, self.lines())

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> list[T]: ...

    def __getitem__(self, place: int | slice) -> T | list[T]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        return self._unpack(bytes(self._buffer[self._starts[place] : self._ends[place]]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(_same, self, other))


def _same(one: object, other: object) -> bool:
    """Whether two things are equal."""
    return one == other
