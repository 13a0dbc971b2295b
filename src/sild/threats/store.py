"""The rows of the store, written with plain SQL: the ORM would cost more than everything else together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection

from sild.threats.models import Collection, Kind, Sequencer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

CHUNK = 500


def lock() -> Sequencer:
    """The sequencer's row, locked until the transaction ends, so that positions are committed in order.

    The caller saves it. Even a change that places nothing moves it on, for those who remember by it: `remembered`.
    """
    sequencer, _created = Sequencer.objects.select_for_update().get_or_create(pk=1)
    sequencer.position += 1
    return sequencer


def insert(table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows into one of this module's tables; names are the code's own, never a sender's."""
    if not rows:
        return
    places = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO threats_{table} ({', '.join(columns)}) VALUES ({places})", rows)


def select(sql: str, keys: Iterable[Any], *more: Any) -> Iterator[tuple[Any, ...]]:
    """Rows for many keys, some hundred at a time; `{keys}` in the statement stands for them, `more` follow."""
    wanted = list(keys)
    with connection.cursor() as cursor:
        for start in range(0, len(wanted), CHUNK):
            some = wanted[start : start + CHUNK]
            cursor.execute(sql.replace("{keys}", ", ".join(["%s"] * len(some))), [*some, *more])
            yield from cursor.fetchall()


def execute(sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def execute_many(sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """One statement for many rows."""
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(sql, rows)


def kind_ids(names: Iterable[str]) -> dict[str, int]:
    """The numbers of types, giving one to each that is new."""
    wanted = set(names)
    found = dict(Kind.objects.filter(name__in=wanted).values_list("name", "pk"))
    for name in sorted(wanted - found.keys()):
        found[name] = Kind.objects.create(name=name).pk
    return found


def key(value: Any) -> Any:
    """A UUID as the database has it in plain SQL."""
    return value.hex if connection.vendor == "sqlite" else value


def collections(keys: Iterable[Any]) -> list[Collection]:
    """The collections of these keys."""
    return list(Collection.objects.filter(pk__in=list(keys)))
