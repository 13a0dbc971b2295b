"""Pages of a collection in the order of its sequence: keyset paging, filters by index, bytes spliced as they stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import connection

from sild.threats import store
from sild.threats.engine.times import text
from sild.threats.models import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sild.threats.access import Access

MOST_OBJECTS = 1000
# A page ends before it grows beyond this many bytes, whatever its objects weigh.
MOST_BYTES = 8 * 1024 * 1024
_FETCH = 250
# STIX versions that are served, the newest last; `is_first` and `is_last` are told among objects of the newest one.
_SPECS = ("2.0", "2.1")
_OTHERS = """SELECT 1 FROM threats_member o JOIN threats_version w ON w.id = o.version_id
 WHERE o.object_id = m.object_id AND o.collection_id = m.collection_id"""
_NEWEST_SPEC = f"(v.spec_version = '{_SPECS[-1]}' OR NOT EXISTS ({_OTHERS} AND w.spec_version > v.spec_version))"


@dataclass(frozen=True, slots=True)
class Filter:
    """What a client asks for (TAXII 2.1, section 3.4); what is empty does not restrict.

    Attributes:
        after: only what was placed after this position, in microseconds since 1970.
        ids, kinds: any of these.
        spec_versions: versions of STIX, any of these; without any, for each object the newest that there is.
        words: “first”, “last” or “all”, for match[version]; with nothing in either it is the last version.
        stamps: versions by their timestamp.
        limit: objects in a page.
    """

    after: int = 0
    ids: Sequence[str] = ()
    kinds: Sequence[str] = ()
    spec_versions: Sequence[str] = ()
    words: frozenset[str] = frozenset({"last"})
    stamps: Sequence[int] = ()
    limit: int = MOST_OBJECTS


@dataclass(slots=True)
class Page:
    """A page: the rows asked for, the positions of its first and last one, and whether more follow."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)
    more: bool = False

    @property
    def first(self) -> int:
        """Position of the first row; the page is not empty."""
        return int(self.rows[0][0])

    @property
    def last(self) -> int:
        """Position of the last row; the page is not empty."""
        return int(self.rows[-1][0])


@dataclass(frozen=True, slots=True)
class Envelope:
    """A page as it goes out.

    Attributes:
        body: JSON.
        headers: that go with it.
        next: the position to go on after; None at the end.
    """

    body: bytes
    headers: dict[str, str]
    next: int | None


def objects(access: Access, wanted: Filter) -> Page:
    """Rows of (position, bytes)."""
    return _page(access, wanted, "v.raw")


def manifest(access: Access, wanted: Filter) -> Page:
    """Rows of (position, id, stamp, spec_version)."""
    return _page(access, wanted, "o.stix_id, v.stamp, v.spec_version")


def holds(access: Access, stix_id: str) -> bool:
    """Whether the collection has any version of the object that the actor may see."""
    sql = """SELECT 1 FROM threats_stixobject o JOIN threats_member m ON m.object_id = o.id
 WHERE o.stix_id = %s AND m.collection_id = %s AND m.level <= %s LIMIT 1"""
    return bool(store.execute(sql, [stix_id, store.key(access.collection.pk), int(access.ceiling)]))


def version_rows(access: Access, wanted: Filter) -> list[tuple[Any, ...]]:
    """Rows of (position, version id, object id) that a filter selects: what a deletion is about."""
    return _page(access, wanted, "v.id, v.object_id").rows


def envelope(page: Page) -> Envelope:
    """A TAXII envelope (section 3.7) around the bytes of the objects."""
    if not page.rows:
        return Envelope(b"{}", {}, None)
    head = b'{"more":true,"next":"%d","objects":[' % page.last if page.more else b'{"more":false,"objects":['
    body = b"".join([head, b",".join([row[1] for row in page.rows]), b"]}"])
    return Envelope(body, dates(page), page.last if page.more else None)


def dates(page: Page) -> dict[str, str]:
    """Headers that say when the first and the last of the page were added (section 3.1)."""
    if not page.rows:
        return {}
    first, last = date_added(page.first), date_added(page.last)
    return {"X-TAXII-Date-Added-First": first, "X-TAXII-Date-Added-Last": last}


def date_added(position: int) -> str:
    """A position as TAXII's timestamp, with microseconds (section 3.1)."""
    return text(position, 6)


def _page(access: Access, wanted: Filter, columns: str) -> Page:
    """Read one row more than asked for, which tells whether more follow."""
    sql, values = _statement(access, wanted)
    tables = "threats_version v ON v.id = p.version_id"
    if "o." in columns:
        tables += " JOIN threats_stixobject o ON o.id = v.object_id"
    page, size = Page(), 0
    if not sql:
        return page
    with connection.cursor() as cursor:
        # Table and column names are this file's own.
        cursor.execute(f"SELECT p.position, {columns} FROM ({sql}) p JOIN {tables} ORDER BY p.position", values)
        while rows := cursor.fetchmany(_FETCH):
            for row in rows:
                if len(page.rows) == wanted.limit or (size > MOST_BYTES and page.rows):
                    page.more = True
                    return page
                page.rows.append(row)
                size += len(row[1]) if columns == "v.raw" else 0
    return page


def _statement(access: Access, wanted: Filter) -> tuple[str, list[Any]]:
    """SQL for (position, version_id) in order: one walk along an index for each key, merged by position.

    Each branch walks an index that ends in the position, so the database stops after a page, however many rows follow.
    """
    conditions, values, join = _conditions(access, wanted)
    branches = _branches(access, wanted)
    if not branches:
        return "", []
    parts, bound = [], []
    for condition, more in branches:
        where = " AND ".join([condition, "m.position > %s", *conditions])
        parts.append(f"SELECT m.position, m.version_id FROM threats_member m{join} WHERE {where}")
        bound += [*more, wanted.after, *values]
    return " UNION ALL ".join(parts) + " ORDER BY 1 LIMIT %s", [*bound, wanted.limit + 1]


def _branches(access: Access, wanted: Filter) -> list[tuple[str, list[Any]]]:
    """The keys to walk by, the most selective first."""
    collection, only_last = store.key(access.collection.pk), _only_last(wanted)
    if wanted.ids:
        found = store.select("SELECT id FROM threats_stixobject WHERE stix_id IN ({keys})", wanted.ids)
        rows = [row for (row,) in found]
        return [(f"m.object_id IN ({_places(rows)}) AND m.collection_id = %s", [*rows, collection])] if rows else []
    if wanted.kinds:
        last = " AND m.is_last" if only_last else ""
        kinds = Kind.objects.filter(name__in=wanted.kinds).values_list("pk", flat=True)
        return [(f"m.collection_id = %s AND m.kind_id = %s{last}", [collection, kind]) for kind in kinds]
    if only_last:
        levels = range(int(access.ceiling) + 1)
        return [("m.collection_id = %s AND m.is_last = %s AND m.level = %s", [collection, True, one]) for one in levels]
    return [("m.collection_id = %s", [collection])]


def _conditions(access: Access, wanted: Filter) -> tuple[list[str], list[Any], str]:
    """What holds in every branch: conditions, their values, and the join that they need."""
    conditions, values = ["m.level <= %s"], [int(access.ceiling)]
    for condition, more in (_version(wanted), _spec(wanted)):
        conditions += condition
        values += more
    if wanted.ids and wanted.kinds:
        conditions.append(f"m.kind_id IN (SELECT id FROM threats_kind WHERE name IN ({_places(wanted.kinds)}))")
        values += wanted.kinds  # type: ignore[arg-type]  # a list of whatever the database binds
    needs_version = any("v." in condition for condition in conditions)
    return conditions, values, " JOIN threats_version v ON v.id = m.version_id" if needs_version else ""


def _version(wanted: Filter) -> tuple[list[str], list[Any]]:
    """match[version]: the first, the last, or those of a timestamp."""
    if "all" in wanted.words:
        return [], []
    versions, values = [], []
    for word, sign in (("first", "<"), ("last", ">")):
        if word in wanted.words and _is_flagged(wanted):
            versions.append(f"m.is_{word}")
        elif word in wanted.words:
            asked = _places(wanted.spec_versions)
            versions.append(f"NOT EXISTS ({_OTHERS} AND w.spec_version IN ({asked}) AND w.stamp {sign} v.stamp)")
            values += list(wanted.spec_versions)
    if wanted.stamps:
        versions.append(f"v.stamp IN ({_places(wanted.stamps)})")
    return [f"({' OR '.join(versions)})"], [*values, *wanted.stamps]


def _spec(wanted: Filter) -> tuple[list[str], list[Any]]:
    """match[spec_version]: those asked for; without any, for each object the newest that there is."""
    if wanted.spec_versions:
        return [f"v.spec_version IN ({_places(wanted.spec_versions)})"], list(wanted.spec_versions)
    return ([] if wanted.words <= {"first", "last"} and not wanted.stamps else [_NEWEST_SPEC]), []


def _only_last(wanted: Filter) -> bool:
    """Whether the index of last versions can be walked."""
    return wanted.words == {"last"} and not wanted.stamps and _is_flagged(wanted)


def _is_flagged(wanted: Filter) -> bool:
    """Whether `is_first` and `is_last` tell what is asked: they are told among objects of the newest STIX version."""
    return not wanted.spec_versions or set(wanted.spec_versions) == {_SPECS[-1]}


def _places(values: Sequence[Any]) -> str:
    """Places for so many values."""
    return ", ".join(["%s"] * len(values))
