from __future__ import annotations

import pytest

from sild.threats.engine.times import micros, text

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("written", "stamp"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.001Z", 1000),
        ("1970-01-01T00:00:01.000001Z", 1_000_001),
        ("1970-01-01T00:00:01.0000019Z", 1_000_001),
        ("1970-01-01T00:00:01.5Z", 1_500_000),
        ("1970-01-01T00:00:60Z", 60_000_000),
        ("1969-12-31T23:59:59.000Z", -1_000_000),
    ],
)
def test_a_timestamp_is_microseconds(written, stamp):
    assert micros(written) == stamp


@pytest.mark.parametrize(
    "written",
    [
        "",
        "2025-01-01",
        "2025-01-01T00:00:00",
        "2025-01-01T00:00:00+00:00",
        "2025-02-30T00:00:00Z",
        "2025-13-01T00:00:00.000Z",
        "2025-01-01 00:00:00.000Z",
        "2025-01-01T00:00:00.Z",
        "2025-01-01t00:00:00Z",
        "20250101T000000.0000000Z",
        "2025-W01-1T00:00:00.000Z",
        "２025-01-01T00:00:00Z",
    ],
)
def test_what_is_no_timestamp_is_refused(written):
    with pytest.raises(ValueError, match=r"timestamp|day|month"):
        micros(written)


@pytest.mark.parametrize(
    ("stamp", "digits", "written"),
    [
        (0, 3, "1970-01-01T00:00:00.000Z"),
        (1500, 3, "1970-01-01T00:00:00.001500Z"),
        (1000, 3, "1970-01-01T00:00:00.001Z"),
        (1000, 6, "1970-01-01T00:00:00.001000Z"),
    ],
)
def test_a_timestamp_is_written_as_precisely_as_needed(stamp, digits, written):
    assert text(stamp, digits) == written
    assert micros(written) == stamp
