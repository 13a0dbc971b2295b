"""The register of record kinds: modules say what they publish and what they do when one arrives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.dispatch import Signal
from django.utils.translation import gettext as _

from sild.exchange.errors import UnknownKindError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sild.exchange.models import Record

# Sent with `record` inside the transaction that added it, for our own records and for a partner's. `batch` is a
# dictionary that lives for one transaction: whoever looks up the same for each of many records keeps it there.
record_added = Signal()


def _nothing(_record: Record) -> None:
    """Do nothing when a record arrives."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record.

    Attributes:
        name: `module.noun`, as in `sandbox.report`.
        title: what people call it, translated when shown.
        validate: raises ValueError with a sentence when a body does not have the kind's form.
        arrived: called in the import's transaction when a partner's record of this kind came in.
        template: the fragment that shows the record's body on its page.
        urgent: each record of this kind overtakes what is not urgent.
    """

    name: str
    title: object
    validate: Callable[[dict[str, Any]], None]
    arrived: Callable[[Record], None] = _nothing
    template: str = "exchange/body.html"
    urgent: bool = False


_kinds: dict[str, Kind] = {}


def announce(records: Sequence[Record]) -> None:
    """Tell everybody who watches of records that one transaction adds."""
    batch: dict[str, Any] = {}
    for record in records:
        record_added.send(type(record), record=record, batch=batch)


def register(kind: Kind) -> None:
    """Make a kind known to this node; the name must be free."""
    if _kinds.setdefault(kind.name, kind) is not kind:
        raise ValueError(f"The record kind {kind.name} is registered twice.")


def find(name: str) -> Kind | None:
    """The kind of that name; None when no module here knows it."""
    return _kinds.get(name)


def require(name: str) -> Kind:
    """The kind of that name.

    Raises:
        UnknownKindError: no module on this node publishes it.
    """
    kind = find(name)
    if kind is None:
        raise UnknownKindError(
            _("This node publishes no records of kind “%(kind)s”. It knows: %(known)s.")
            % {"kind": name, "known": ", ".join(sorted(_kinds))}
        )
    return kind


def all_kinds() -> list[Kind]:
    """Every kind that this node knows, by name."""
    return [_kinds[name] for name in sorted(_kinds)]
