"""Many new rows by one prepared statement: what Django's `bulk_create` does, without compiling each value into SQL."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django.db import connections, models, router

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# Their values go to every database as they are.
PLAIN = (models.CharField, models.TextField, models.IntegerField, models.BooleanField, models.BinaryField)


def insert(rows: Sequence[models.Model]) -> None:
    """Insert unsaved rows of one model, all of them or none; keys that the database gives are not read back.

    Raises:
        IntegrityError: a constraint of the table.
    """
    if rows:
        model = type(rows[0])
        names = [field.attname for field in _given(model)]
        insert_values(model, names, map(attrgetter(*names), rows))


def insert_values(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows that are plain values, without making an object of each.

    Args:
        model: whose table it is.
        names: every column but the key that the database gives; defaults are the caller's matter.
        rows: a value for each name.

    Raises:
        ValueError: a column has no name here, or a name no column.
        IntegrityError: a constraint of the table.
    """
    fields = {field.attname: field for field in _given(model)}
    if fields.keys() != set(names):
        raise ValueError(f"{model.__name__} has the columns {', '.join(fields)}; given are {', '.join(names)}.")
    connection = connections[router.db_for_write(model)]
    quote, table = connection.ops.quote_name, model._meta.db_table  # noqa: SLF001 -- Django's public interface
    columns = ", ".join(quote(str(fields[name].column)) for name in names)
    places = ", ".join(["%s"] * len(names))
    statement = f"INSERT INTO {quote(table)} ({columns}) VALUES ({places})"  # noqa: S608 -- the model's names
    converters = [(place, _converter(fields[name], connection)) for place, name in enumerate(names)]
    to_convert = [(place, convert) for place, convert in converters if convert is not None]
    with connection.cursor() as cursor:
        cursor.executemany(statement, [_converted(row, to_convert) for row in rows])


def _given(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """The columns whose values are not the database's own to give."""
    columns = model._meta.concrete_fields  # noqa: SLF001 -- Django's public interface
    return [field for field in columns if not isinstance(field, models.AutoField)]


def _converter(field: models.Field[Any, Any], connection: Any) -> Callable[[Any], Any] | None:
    """What turns a field's value into the database's; None when it is that already."""
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    if isinstance(target, (*PLAIN, models.AutoField)):
        return None
    return lambda value: field.get_db_prep_save(value, connection)


def _converted(row: Sequence[Any], to_convert: Sequence[tuple[int, Callable[[Any], Any]]]) -> list[Any]:
    """A row as the database takes it."""
    values = list(row)
    for place, convert in to_convert:
        values[place] = convert(values[place])
    return values
