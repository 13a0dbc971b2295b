"""STIX timestamps (STIX 2.1, section 2.16): RFC 3339 in UTC, and microseconds since 1970 for keeping and sorting."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

TIMESTAMP = re.compile(
    r"(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.(\d+))?Z", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(text: str) -> int:
    """Microseconds since 1970 of a timestamp; what is finer is cut off, a leap second counts as the next second.

    Raises:
        ValueError: it is no timestamp, or a day that no month has.
    """
    # The form that nearly every producer writes; `fromisoformat` checks the numbers.
    length = len(text)
    if length in {20, 24} and text[4::3][:2] == "--" and text[10] == "T" and text[19] in "Z." and text[-1] == "Z":
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            return (moment - _EPOCH) // _MICROSECOND
    match = TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]} is no timestamp of the form 2024-05-06T07:08:09.123Z")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    whole = datetime(year, month, day, hour, minute, tzinfo=UTC) + timedelta(seconds=second)
    return (whole - _EPOCH) // _MICROSECOND + int((match[7] or "")[:6].ljust(6, "0"))


def text(stamp: int, digits: int = 3) -> str:
    """The timestamp of so many microseconds, with at least `digits` of them written (3 or 6)."""
    moment = _EPOCH + timedelta(microseconds=stamp)
    if digits == 6 or stamp % 1000:  # noqa: PLR2004 -- the two precisions that STIX and TAXII ask for
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
