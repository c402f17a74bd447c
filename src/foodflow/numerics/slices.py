"""A window cut into slices by shift and day, and intervals attributed to slices and to what a line made meanwhile."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from foodflow.numerics.calendars import Shift, moment
from foodflow.numerics.intervals import Interval

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a window, `start` included and `end` not: of which shift (None: of none), on which day."""

    start: datetime
    end: datetime
    shift: str | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """From `start` to `end` a line was given to a batch of a product."""

    start: datetime
    end: datetime
    product: str


def by_shift(shifts: Sequence[Shift], start: datetime, end: datetime) -> list[Slice]:
    """[start, end) cut at the shifts (in order, not overlapping); each slice of a shift bears the local day on which
    the shift begins, so that a night shift is one shift of one day. What lies in no shift has neither.
    """
    found: list[Slice] = []
    reached = start
    for shift in shifts:
        first, last = max(shift.start, start), min(shift.end, end)
        if first >= last:
            continue
        if reached < first:
            found.append(Slice(reached, first))
        found.append(Slice(first, last, shift.name, shift.date))
        reached = last
    return [*found, Slice(reached, end)] if reached < end else found


def by_day(slices: Sequence[Slice], zone: ZoneInfo) -> list[Slice]:
    """The same cut at the midnights of a zone, where a slice has no day yet."""
    return [piece for each in slices for piece in ([each] if each.day is not None else _days_of(each, zone))]


def _days_of(whole: Slice, zone: ZoneInfo) -> Iterator[Slice]:
    day, reached = whole.start.astimezone(zone).date(), whole.start
    while reached < whole.end:
        end = min(moment(datetime.combine(day + DAY, time()), zone), whole.end)
        if reached < end:
            yield replace(whole, start=reached, end=end, day=day)
            reached = end
        day += DAY


def within(parts: Sequence[Interval], start: datetime, end: datetime) -> Iterator[Interval]:
    """What of ordered intervals that do not overlap lies in [start, end)."""
    for place in range(bisect_right(parts, start, key=lambda part: part.end), len(parts)):
        part = parts[place]
        if part.start >= end:
            return
        yield replace(part, start=max(part.start, start), end=min(part.end, end))


def by_product(part: Interval, made: Sequence[Made]) -> Iterator[tuple[Interval, str | None]]:
    """An interval cut at what was made meanwhile (in order, not overlapping), each piece with its product or None."""
    reached = part.start
    for place in range(bisect_right(made, part.start, key=lambda each: each.end), len(made)):
        each = made[place]
        if each.start >= part.end:
            break
        first, last = max(each.start, part.start), min(each.end, part.end)
        if reached < first:
            yield replace(part, start=reached, end=first), None
        yield replace(part, start=first, end=last), each.product
        reached = last
    if reached < part.end:
        yield replace(part, start=reached, end=part.end), None
