"""What a TAXII request asks for: media types, filters and paging (TAXII 2.1, sections 1.6.8, 3.4 and 3.5)."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from sild.threats.engine.times import micros
from sild.threats.pages import MOST_OBJECTS, Filter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MEDIA_TYPE = "application/taxii+json;version=2.1"
STIX = "application/stix+json;version=2.1"
_OURS = {"application/taxii+json", MEDIA_TYPE}
_ANYTHING = {"*/*", "application/*"}
# So many values of one filter are answered; SQLite binds no more than some thousands.
MOST_VALUES = 500
_POSITION = re.compile(r"\d{1,18}", re.ASCII)


class TaxiiError(Exception):
    """A request that is answered with an error message.

    Attributes:
        status: of HTTP (section 3.6 and RFC 9110).
        code: stable, for programs.
        headers: that go with it.
    """

    def __init__(
        self, status: HTTPStatus, sentence: str, code: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(sentence)
        self.status, self.code, self.headers = status, code, headers or {}


def accepts(header: str) -> bool:
    """Whether an Accept header admits TAXII 2.1 (section 1.6.8.1); a client has to send one."""
    ranges = (_bare(one) for one in header.split(","))
    return any(one in _OURS or one in _ANYTHING for one in ranges)


def is_taxii(header: str) -> bool:
    """Whether a Content-Type is that of TAXII 2.1."""
    return _bare(header) in _OURS


def _bare(value: str) -> str:
    """A media type without spaces and without weight, in lower case."""
    parts = [part.strip().lower().replace(" ", "") for part in value.split(";")]
    return ";".join([parts[0], *(part.replace('"', "") for part in parts[1:] if part.startswith("version="))])


def filter_of(
    query: Mapping[str, list[str]],
    *,
    ids: Sequence[str] = (),
    words: frozenset[str] | None = None,
    default: str = "last",
) -> Filter:
    """The filter in a request's parameters; `ids` and `words` are those that the address gives.

    Raises:
        TaxiiError: a parameter does not have its form (section 3.6: 400).
    """
    given, stamps = _versions(query, default)
    return Filter(
        after=max(_after(query), _next(query)),
        ids=ids or _values(query, "match[id]"),
        kinds=_values(query, "match[type]"),
        spec_versions=_values(query, "match[spec_version]"),
        words=given if words is None else words,
        stamps=stamps if words is None else (),
        limit=_limit(query),
    )


def _values(query: Mapping[str, list[str]], name: str) -> list[str]:
    """The values of a filter, which are separated by commas (section 3.4.1)."""
    found = [value.strip() for one in query.get(name, ()) for value in one.split(",") if value.strip()]
    if len(found) > MOST_VALUES:
        raise _bad(_("%(name)s has more than %(most)d values.") % {"name": name, "most": MOST_VALUES})
    return list(dict.fromkeys(found))


def _versions(query: Mapping[str, list[str]], default: str) -> tuple[frozenset[str], list[int]]:
    """match[version]: words, and timestamps as microseconds."""
    values = _values(query, "match[version]") or [default]
    words = frozenset(values) & {"first", "last", "all"}
    try:
        return words, [micros(value) for value in values if value not in words]
    except (ValueError, OverflowError) as error:
        raise _bad(_("match[version] takes first, last, all and timestamps: %(why)s.") % {"why": error}) from error


def _after(query: Mapping[str, list[str]]) -> int:
    """added_after, in microseconds."""
    values = query.get("added_after")
    if not values:
        return 0
    try:
        return max(0, micros(values[-1]))
    except (ValueError, OverflowError) as error:
        raise _bad(_("added_after is no timestamp: %(why)s.") % {"why": error}) from error


def _next(query: Mapping[str, list[str]]) -> int:
    """The position that a page named as the `next`."""
    values = query.get("next")
    if not values:
        return 0
    if not _POSITION.fullmatch(values[-1]):
        raise _bad(_("next is not what a page of this server named."))
    return int(values[-1])


def _limit(query: Mapping[str, list[str]]) -> int:
    """How many objects at most; the server's own limit holds, too (section 3.5)."""
    values = query.get("limit")
    if not values:
        return MOST_OBJECTS
    if not values[-1].isascii() or not values[-1].isdigit() or len(values[-1]) > 18 or int(values[-1]) == 0:  # noqa: PLR2004
        raise _bad(_("limit is no positive integer."))
    return min(int(values[-1]), MOST_OBJECTS)


def _bad(sentence: str) -> TaxiiError:
    """400."""
    return TaxiiError(HTTPStatus.BAD_REQUEST, sentence)
