"""Answers that take long, remembered for as long as the store and what the reader may see in it stay the same."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

from sild.threats.access import accesses
from sild.threats.models import Sequencer

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from sild.people.actor import Actor


T = TypeVar("T")


class Remembered(Generic[T]):
    """The newest answers, each by the store's position, by the reader's rights and by what was asked."""

    def __init__(self, most: int = 16) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, actor: Actor, asked: Hashable, make: Callable[[], T]) -> T:
        """The answer that is known, or the one that `make` works out; nobody may change it."""
        # The position first: what is written meanwhile makes the answer one for a position that nobody asks for again.
        position = Sequencer.objects.values_list("position", flat=True).first()
        rights = tuple((one.collection.pk, one.may_read, int(one.ceiling)) for one in accesses(actor))
        key = (position, rights, asked)
        if key not in self._known:
            self._known[key] = make()
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return self._known[key]
