"""Cells of text turned into instants, a column at a time."""

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.delimited.local_time import EPOCH, MICROSECOND, LocalClock

ISO: Final = "iso"
DAY_FIRST: Final = "day_first"
MONTH_FIRST: Final = "month_first"
TICKS_PER_SECOND: Final = {
    "epoch_seconds": 1,
    "epoch_milliseconds": 10**3,
    "epoch_microseconds": 10**6,
    "epoch_nanoseconds": 10**9,
}
"""The units in which time since 1970 UTC is counted."""

FORMATS: Final = (ISO, DAY_FIRST, MONTH_FIRST, *TICKS_PER_SECOND)
"""Formats with a name; any other is a pattern of `strptime`."""

EARLIEST: Final = (datetime(1900, 1, 1, tzinfo=EPOCH.tzinfo) - EPOCH) // MICROSECOND
LATEST: Final = (datetime(9999, 1, 1, tzinfo=EPOCH.tzinfo) - EPOCH) // MICROSECOND

_CLOCK: Final = r"(?P<hour>\d{1,2})(?P<rest>:\d{2}(?::\d{2}(?:[.,]\d+)?)?)"
_ZONE: Final = r"(?P<zone>[Zz]|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)?"
_TAIL: Final = rf"(?:[Tt\s]\s*{_CLOCK}\s*{_ZONE})?"
_PATTERNS: Final = {
    name: re.compile(date + _TAIL, re.ASCII)
    for name, date in {
        ISO: r"(?P<year>\d{4})([-/])(?P<month>\d{1,2})\2(?P<day>\d{1,2})",
        DAY_FIRST: r"(?P<day>\d{1,2})([-./])(?P<month>\d{1,2})\2(?P<year>\d{4})",
        MONTH_FIRST: r"(?P<month>\d{1,2})([-/])(?P<day>\d{1,2})\2(?P<year>\d{4})",
    }.items()
}
_CLOCK_ONLY: Final = re.compile(_CLOCK, re.ASCII)
_EPOCH_TICKS: Final = re.compile(r"-?\d{1,20}(?:\.\d+)?", re.ASCII)
_PADDED_SHAPES: Final = frozenset({"--", "-- :", "--T:"})


@dataclass(frozen=True, slots=True)
class Times:
    """One column: `microseconds` (n, since 1970 UTC; 0 where bad) and reasons by place."""

    microseconds: NDArray[np.int64]
    bad: dict[int, str]


def read_times(cells: Sequence[str], *, time_format: str, clock: LocalClock, keys: Sequence[Hashable]) -> Times:
    """Read a column of times in one format.

    A time with an offset is that instant; one without is a time on the wall of `clock`, which
    remembers what it read before (see there, also for `keys`). Fractions beyond the microsecond
    are cut off. Years outside 1900 to 9998 are bad.
    """
    trimmed = [cell.strip() for cell in cells]
    if time_format in TICKS_PER_SECOND:
        times = _epoch_times(trimmed, TICKS_PER_SECOND[time_format])
    else:
        times = _calendar_times(trimmed, time_format, clock, keys)
    outside = (times.microseconds < EARLIEST) | (times.microseconds >= LATEST)
    for place in np.flatnonzero(outside).tolist():
        times.bad[place] = "a time out of range"
    return times


def reader(time_format: str) -> Callable[[str], datetime]:
    """Return the function that reads one trimmed cell and raises ValueError where it cannot."""
    pattern = _PATTERNS.get(time_format)
    if pattern is None:
        return lambda cell: datetime.strptime(cell, time_format)  # noqa: DTZ007 - zone comes later
    return lambda cell: _calendar(cell, pattern)


def is_clock(cell: str) -> bool:
    """Tell whether a cell holds a time of day and no date."""
    return _CLOCK_ONLY.fullmatch(cell) is not None


def is_date(cell: str) -> bool:
    """Tell whether a cell is no longer than a date without a time of day."""
    return ":" not in cell


def _calendar(cell: str, pattern: re.Pattern[str]) -> datetime:
    found = pattern.fullmatch(cell)
    if found is None:
        raise ValueError(f"not a time: {cell}")
    part = found.groupdict()
    text = f"{part['year']}-{part['month']:0>2}-{part['day']:0>2}"
    if part["hour"]:
        text += f"T{part['hour']:0>2}{part['rest']}{part['zone'] or ''}"
    return datetime.fromisoformat(text.upper())


def _epoch_times(cells: Sequence[str], ticks_per_second: int) -> Times:
    result, bad = np.zeros(len(cells), dtype=np.int64), {}
    for place, cell in enumerate(cells):
        try:
            result[place] = _from_ticks(cell, ticks_per_second)
        except ValueError:
            bad[place] = _why_not(cell, "a count of ticks since 1970")
    return Times(result, bad)


def _from_ticks(cell: str, ticks_per_second: int) -> int:
    if not _EPOCH_TICKS.fullmatch(cell):
        raise ValueError(f"not a count: {cell}")
    if "." in cell:
        ticks = round(Decimal(cell) * 10**6 / ticks_per_second)
    else:
        ticks = int(cell) * 10**6 // ticks_per_second
    return max(min(ticks, LATEST), EARLIEST - 1)  # what lies outside is refused, not overflowed


def _calendar_times(cells: Sequence[str], time_format: str, clock: LocalClock, keys: Sequence[Hashable]) -> Times:
    dates = _all_padded(cells) if time_format == ISO else None
    if dates is None:
        dates = _one_by_one(cells, reader(time_format))
    bad = {
        place: _why_not(cells[place], f"a time in the format {time_format}")
        for place, date in enumerate(dates)
        if date is None
    }
    known = [place for place, date in enumerate(dates) if date is not None]
    read = _instants([date for date in dates if date is not None], clock, [keys[i] for i in known])
    result = np.zeros(len(cells), dtype=np.int64)
    result[known] = read.microseconds
    return Times(result, bad | {known[place]: reason for place, reason in read.bad.items()})


def _all_padded(cells: Sequence[str]) -> list[datetime | None] | None:
    """Read a column that is ISO 8601 throughout, several times faster than one by one.

    The shape is looked at because `fromisoformat` takes digits without marks in surprising ways.
    """
    if not {cell[4:14:3] for cell in cells} <= _PADDED_SHAPES:
        return None
    try:
        return list(map(datetime.fromisoformat, cells))
    except ValueError:
        return None


def _one_by_one(cells: Sequence[str], read: Callable[[str], datetime]) -> list[datetime | None]:
    dates: list[datetime | None] = []
    for cell in cells:
        try:
            dates.append(read(cell))
        except ValueError:
            dates.append(None)
    return dates


def _instants(dates: Sequence[datetime], clock: LocalClock, keys: Sequence[Hashable]) -> Times:
    """Turn dates with and without offset into microseconds in UTC."""
    if all(date.tzinfo is None for date in dates):
        return Times(*clock.to_utc(_walls(dates), keys))
    result = _walls([date.replace(tzinfo=None) for date in dates])
    offsets = [(date.utcoffset() or timedelta()) // MICROSECOND for date in dates]
    result -= np.array(offsets, dtype=np.int64)
    naive = [place for place, date in enumerate(dates) if date.tzinfo is None]
    utc, bad = clock.to_utc(result[naive], [keys[place] for place in naive])
    result[naive] = utc
    return Times(result, {naive[place]: reason for place, reason in bad.items()})


def _walls(dates: Sequence[datetime]) -> NDArray[np.int64]:
    return np.array(dates, dtype="datetime64[us]").astype(np.int64)


def _why_not(cell: str, wanted: str) -> str:
    return f"not {wanted}" if cell else "no time"


def share_read(cells: Sequence[str], time_format: str) -> float:
    """Share of the cells that are times in the format; 0 for a format that is none."""
    times = read_times(cells, time_format=time_format, clock=LocalClock(UTC), keys=range(len(cells)))
    return 1 - len(times.bad) / len(cells) if cells else 0
