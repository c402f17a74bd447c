"""Shift calendars: local times of a site turned into moments, across midnight and changes of the clock.

A calendar is written in local time of one zone (an IANA name, resolved by `zoneinfo`). Each local time stands for
exactly one moment, by one rule that never turns the order of two times around:

| the local time | stands for |
|---|---|
| happens once | that moment |
| happens twice (clocks go back) | the first of the two |
| never happens (clocks go forward, or a zone skips a day) | the moment at which the clocks go forward |

A shift is what lies between the moments of its start and its end, so a night shift from 22:00 to 06:00 is seven hours
long in the night that loses an hour and nine in the one that gains it; shifts that follow each other by the clock on
the wall neither overlap nor leave a gap in any night; and a shift of a day that a zone skips has no length and is none.
(RFC 5545 moves a time that never happens forward by the length of the gap, which would lay it over the shift after.)
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from foodflow.numerics.intervals import Span, outside, utc

DAY: Final = timedelta(days=1)
_MARGIN: Final = 3 * DAY
"""How far outside a window (in days by the wall) a shift may begin that reaches into it: a shift is at most a day long,
and zones have skipped or repeated a day at most.
"""


@dataclass(frozen=True, slots=True)
class Break:
    """A planned pause within a shift, by the clock on the wall."""

    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A shift that recurs: on which weekdays (1 Monday to 7 Sunday) it begins, and in which weeks of the cycle.

    An end at or before the start is on the next day. `valid_from` and `valid_to` belong to it; `week` counts from 1,
    None means every week of the cycle.
    """

    name: str
    weekdays: frozenset[int]
    start: time
    end: time
    breaks: tuple[Break, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    week: int | None = None
    crew: str = ""


class ExceptionKind(StrEnum):
    """What is otherwise on one date: no shift, a shift more, or a shift at other times."""

    CLOSED = "closed"
    EXTRA = "extra"
    OTHER_TIMES = "other_times"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayException:
    """What is otherwise on a date, and why; a `closed` without a shift's name closes the whole day."""

    date: date
    kind: ExceptionKind
    reason: str
    shift: str = ""
    start: time | None = None
    end: time | None = None
    breaks: tuple[Break, ...] = ()
    crew: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When a site works. Its cycle of `cycle_weeks` weeks begins with the week (from Monday) of `cycle_start`."""

    zone: ZoneInfo
    patterns: tuple[Pattern, ...] = ()
    exceptions: tuple[DayException, ...] = ()
    cycle_weeks: int = 1
    cycle_start: date | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift: from `start` to `end` in UTC, the local day that it begins on, and its planned breaks."""

    start: datetime
    end: datetime
    name: str
    date: date
    breaks: tuple[Span, ...] = ()
    crew: str = field(default="", kw_only=True)


def moment(local: datetime, zone: ZoneInfo) -> datetime:
    """The moment in UTC that a local time (without zone) stands for; see the module for the rule."""
    found = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None, fold=0) == local:
        return found
    # The offset before the gap leads past it, the one after it to before it: between them is where the clocks go.
    before, after = local.replace(tzinfo=zone, fold=1).astimezone(UTC), found
    earlier = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=1) // 2)
        if middle.astimezone(zone).utcoffset() == earlier:
            before = middle
        else:
            after = middle
    return after


def occurrences(calendar: Calendar, start: datetime, end: datetime) -> list[Shift]:
    """The shifts that share any moment with [start, end), whole, in order of their start."""
    first, last = utc(start), utc(end)
    others: defaultdict[date, list[DayException]] = defaultdict(list)
    for each in calendar.exceptions:
        others[each.date].append(each)
    shifts = (shift for day in _days(calendar, first, last) for shift in _shifts_of(calendar, day, others.get(day, ())))
    found = [shift for shift in shifts if shift.start < last and shift.end > first]
    return sorted(found, key=lambda shift: (shift.start, shift.end, shift.name))


def planned(shifts: Iterable[Shift]) -> list[Span]:
    """The planned time of some shifts, their breaks taken out: in order, without overlaps."""
    pieces = sorted((piece.start, piece.end) for shift in shifts for piece in _working(shift))
    joined: list[Span] = []
    for begin, finish in pieces:
        if joined and begin <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, finish))
        else:
            joined.append(Span(begin, finish))
    return joined


def overlap(shifts: Sequence[Shift]) -> tuple[Shift, Shift] | None:
    """The first two of some ordered shifts that overlap, or None."""
    return next(((one, two) for one, two in pairwise(shifts) if two.start < one.end), None)


def is_within(pause: Break, start: time, end: time) -> bool:
    """Whether a break lies within a shift from `start` to `end`, by the clock on the wall."""
    return pause.start != pause.end and _after(start, pause.start) < _until(start, pause.end) <= _until(start, end)


def are_apart(breaks: Iterable[Break], start: time) -> bool:
    """Whether no two breaks of a shift that begins at `start` overlap, by the clock on the wall."""
    pauses = sorted((_after(start, each.start), _until(start, each.end)) for each in breaks)
    return all(one[1] <= two[0] for one, two in pairwise(pauses))


def _days(calendar: Calendar, first: datetime, last: datetime) -> Iterator[date]:
    """The local days on which a shift may begin that reaches into a window."""
    begin = (first - _MARGIN).astimezone(calendar.zone).date()
    for number in range(((last + _MARGIN).astimezone(calendar.zone).date() - begin).days + 1):
        yield begin + number * DAY


def _shifts_of(calendar: Calendar, day: date, others: Sequence[DayException]) -> Iterator[Shift]:
    """The shifts that begin on a local day, its exceptions heeded."""
    closed = {each.shift for each in others if each.kind is ExceptionKind.CLOSED}
    changed = {each.shift: each for each in others if each.kind is ExceptionKind.OTHER_TIMES}
    plans = [] if "" in closed else [each for each in calendar.patterns if _recurs(calendar, each, day)]
    plans = [_changed(plan, changed.get(plan.name)) for plan in plans if plan.name not in closed]
    plans += [_extra(each) for each in others if each.kind is ExceptionKind.EXTRA]
    for plan in plans:
        shift = _occurrence(plan, day, calendar.zone)
        if shift.start < shift.end:
            yield shift


def _recurs(calendar: Calendar, pattern: Pattern, day: date) -> bool:
    if day.isoweekday() not in pattern.weekdays:
        return False
    if (pattern.valid_from and day < pattern.valid_from) or (pattern.valid_to and day > pattern.valid_to):
        return False
    if pattern.week is None or calendar.cycle_start is None:
        return True
    monday = calendar.cycle_start - (calendar.cycle_start.isoweekday() - 1) * DAY
    return (day - monday).days // 7 % calendar.cycle_weeks + 1 == pattern.week


def _changed(pattern: Pattern, other: DayException | None) -> Pattern:
    if other is None or other.start is None or other.end is None:
        return pattern
    return replace(pattern, start=other.start, end=other.end, breaks=other.breaks, crew=other.crew or pattern.crew)


def _extra(one: DayException) -> Pattern:
    begin, finish = one.start or time(), one.end or time()
    return Pattern(name=one.shift, weekdays=frozenset(), start=begin, end=finish, breaks=one.breaks, crew=one.crew)


def _occurrence(plan: Pattern, day: date, zone: ZoneInfo) -> Shift:
    begins = datetime.combine(day, plan.start)

    def at(after: timedelta) -> datetime:
        return moment(begins + after, zone)

    pauses = [Span(at(_after(plan.start, each.start)), at(_until(plan.start, each.end))) for each in plan.breaks]
    within = tuple(sorted((each for each in pauses if each.start < each.end), key=lambda each: each.start))
    return Shift(at(timedelta()), at(_until(plan.start, plan.end)), plan.name, day, within, crew=plan.crew)


def _after(start: time, at: time) -> timedelta:
    """How long after `start` the clock on the wall next shows `at`: less than a day."""
    return (datetime.combine(date.min, at) - datetime.combine(date.min, start)) % DAY


def _until(start: time, at: time) -> timedelta:
    """How long after `start` something ends that ends at `at`: a whole day where they are the same."""
    return _after(start, at) or DAY


def _working(shift: Shift) -> list[Span]:
    return outside(shift.breaks, shift.start, shift.end)
