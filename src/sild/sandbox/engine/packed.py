"""A long sequence in little memory: things are put away in blocks, in a file without a name, and taken out again.

As objects, the samples of a suite take a kilobyte each, whatever they say; here each takes a quarter of a byte.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from array import array
from collections.abc import Sequence
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

from sild.sandbox.engine.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
BLOCK = 64
AT_HAND = 256 * 1024  # bytes that stay in memory before a file is needed
_READ_BLOCKS = 8


class Spill:
    """Bytes that were put away: in a file that no other process can open, and that ends with this one."""

    def __init__(self, folder: Path | None = None) -> None:
        """Begin an empty one.

        Args:
            folder: on whose file system the file is to be; the one for temporary files where it cannot be written.
        """
        self._folder = folder
        self._tail, self._written = bytearray(), 0
        self._descriptor: int | None = None

    def put(self, data: bytes) -> int:
        """Put bytes away; where they are.

        Raises:
            SandboxError: the file system is full.
        """
        place = self._written + len(self._tail)
        self._tail += data
        if len(self._tail) > AT_HAND:
            self._write()
        return place

    def get(self, place: int, size: int) -> bytes:
        """The bytes at a place."""
        if self._descriptor is None or place >= self._written:
            return bytes(self._tail[place - self._written : place - self._written + size])
        return os.pread(self._descriptor, size, place)

    def _write(self) -> None:
        """Empty what is at hand into the file."""
        try:
            if self._descriptor is None:
                self._descriptor = _nameless(self._folder)
                weakref.finalize(self, os.close, self._descriptor)
            while self._tail:
                written = os.pwrite(self._descriptor, self._tail, self._written)
                self._written += written
                del self._tail[:written]
        except OSError as error:
            raise SandboxError(f"Samples cannot be put away on disk: {error.strerror}. Make room there.") from error


def _nameless(folder: Path | None) -> int:
    """A file that is in no folder (open(2), O_TMPFILE), or is taken out of it at once."""
    where = folder if folder is not None and os.access(folder, os.W_OK) else Path(tempfile.gettempdir())
    try:
        return os.open(where, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:  # not every file system has such files
        descriptor, name = tempfile.mkstemp(dir=where)
        Path(name).unlink()
        return descriptor


class _Blocks:
    """Things in blocks of 64, each of which is bytes in a spill; the last block is still open."""

    def __init__(self, dumps: Callable[[list[Any]], bytes], loads: Callable[[bytes], list[Any]], spill: Spill) -> None:
        self._dumps, self._spill = dumps, spill
        self._places, self._sizes = array("Q"), array("Q")
        self._open: list[Any] = []
        load = partial(_load, loads, spill, self._places, self._sizes)
        self._load, self._recent = load, lru_cache(_READ_BLOCKS)(load)

    def add(self, thing: Any) -> None:
        """Put one more away."""
        self._open.append(thing)
        if len(self._open) == BLOCK:
            data = self._dumps(self._open)
            self._places.append(self._spill.put(data))
            self._sizes.append(len(data))
            self._open = []

    def __len__(self) -> int:
        return len(self._places) * BLOCK + len(self._open)

    def __iter__(self) -> Iterator[Any]:
        return chain(chain.from_iterable(map(self._load, range(len(self._places)))), self._open)

    def at(self, place: int) -> Any:
        """The thing at a place; blocks that were read last are at hand."""
        number, inside = divmod(place, BLOCK)
        return (self._open if number == len(self._places) else self._recent(number))[inside]


def _load(loads: Callable[[bytes], list[Any]], spill: Spill, places: array[int], sizes: array[int], number: int) -> Any:
    """One block's things."""
    return loads(spill.get(places[number], sizes[number]))


def _as_it_is(thing: Any) -> Any:
    """Nothing is made of it."""
    return thing


class Packed(Sequence[T]):
    """Things that were put away; compared with another sequence thing by thing."""

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __init__(
        self,
        dumps: Callable[[list[Any]], bytes],
        loads: Callable[[bytes], list[Any]],
        make: Callable[[Any], T] = _as_it_is,
        spill: Spill | None = None,
    ) -> None:
        """Begin an empty one.

        Args:
            dumps: turns a list of what is added into bytes.
            loads: turns them back.
            make: what is made of each when it is taken out.
            spill: where the bytes go, which several may share.
        """
        self._blocks, self._make = _Blocks(dumps, loads, spill or Spill()), make

    def add(self, thing: Any) -> None:
        """Put one more away."""
        self._blocks.add(thing)

    def seen_as(self, make: Callable[[Any], Any]) -> Packed[Any]:
        """The same things, of which something else is made."""
        other: Packed[Any] = Packed.__new__(Packed)
        other._blocks, other._make = self._blocks, make
        return other

    def __len__(self) -> int:
        return len(self._blocks)

    def __iter__(self) -> Iterator[T]:
        return map(self._make, self._blocks)

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> list[T]: ...

    def __getitem__(self, place: int | slice) -> T | list[T]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        return self._make(self._blocks.at(range(len(self))[place]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(_same, self, other))


def _same(one: object, other: object) -> bool:
    """Whether two things are equal."""
    return one == other
