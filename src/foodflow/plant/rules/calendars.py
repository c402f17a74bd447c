"""Decisions about shift calendars, and their refusals."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from foodflow.kernel.errors import Conflict, FieldError, Invalid, NotFound
from foodflow.numerics.calendars import (
    Break,
    Calendar,
    DayException,
    ExceptionKind,
    Pattern,
    are_apart,
    is_within,
    occurrences,
    overlap,
)

LOOKED_AHEAD = timedelta(days=2 * 366)
"""How far ahead shifts of a calendar are held against each other when it is defined, and how far back."""
MAX_PATTERNS, MAX_EXCEPTIONS, MAX_BREAKS = 100, 2_000, 10


class CalendarNotFound(NotFound):
    """No such calendar in this company."""

    code = "plant.calendar.not_found"


class CalendarTaken(Conflict):
    """Somebody has defined the calendar of this site at the same time."""

    code = "plant.calendar.taken"


def calendar_of(document: Mapping[str, Any]) -> Calendar:
    """The calendar that a document (as JSON holds it) describes."""
    return Calendar(
        zone=ZoneInfo(document["time_zone"]),
        patterns=tuple(_pattern(each) for each in document["patterns"]),
        exceptions=tuple(_exception(each) for each in document["exceptions"]),
        cycle_weeks=document["cycle_weeks"],
        cycle_start=_date(document["cycle_start"]),
    )


def require_sound(calendar: Calendar, now: datetime) -> None:
    """Breaks lie within their shift, weeks within the cycle, and no two shifts overlap for two years to come."""
    errors = [error for number, each in enumerate(calendar.patterns) for error in _faults(calendar, each, number)]
    errors += [error for number, each in enumerate(calendar.exceptions) for error in _exception_faults(each, number)]
    errors += _changes_of_nothing(calendar)
    if errors:
        raise Invalid.because(*errors)
    both = overlap(occurrences(calendar, now - LOOKED_AHEAD, now + LOOKED_AHEAD))
    if both is not None:
        one, two = both
        message = f"{two.name} of {two.date} begins before {one.name} of {one.date} ends"
        raise Invalid.because(FieldError("patterns", message, "plant.calendar.overlap"))


def _faults(calendar: Calendar, pattern: Pattern, number: int) -> list[FieldError]:
    field = f"patterns.{number}"
    errors = _break_faults(pattern.breaks, pattern.start, pattern.end, field)
    if pattern.valid_from and pattern.valid_to and pattern.valid_to < pattern.valid_from:
        errors.append(FieldError(f"{field}.valid_to", "must not be before valid_from", "plant.calendar.never_valid"))
    if pattern.week is not None and (calendar.cycle_start is None or pattern.week > calendar.cycle_weeks):
        message = f"week {pattern.week} is not in the cycle; give cycle_start and enough cycle_weeks"
        errors.append(FieldError(f"{field}.week", message, "plant.calendar.outside_cycle"))
    return errors


def _exception_faults(one: DayException, number: int) -> list[FieldError]:
    field = f"exceptions.{number}"
    if one.kind is ExceptionKind.CLOSED:
        return []
    if not one.shift or one.start is None or one.end is None:
        message = f"{one.kind} needs a shift's name, a start and an end"
        return [FieldError(field, message, "plant.calendar.incomplete")]
    return _break_faults(one.breaks, one.start, one.end, field)


def _changes_of_nothing(calendar: Calendar) -> list[FieldError]:
    """An exception that names a shift which does not exist would silently do nothing."""
    names = {each.name for each in calendar.patterns}
    return [
        FieldError(f"exceptions.{number}.shift", f"there is no shift {each.shift!r}", "plant.calendar.unknown_shift")
        for number, each in enumerate(calendar.exceptions)
        if each.kind is not ExceptionKind.EXTRA and each.shift and each.shift not in names
    ]


def _break_faults(breaks: tuple[Break, ...], start: time, end: time, field: str) -> list[FieldError]:
    errors = [
        FieldError(f"{field}.breaks.{number}", "does not lie within its shift", "plant.calendar.break_outside")
        for number, each in enumerate(breaks)
        if not is_within(each, start, end)
    ]
    if not errors and not are_apart(breaks, start):
        errors.append(FieldError(f"{field}.breaks", "overlap each other", "plant.calendar.break_overlap"))
    return errors


def _pattern(told: Mapping[str, Any]) -> Pattern:
    return Pattern(
        name=told["name"],
        weekdays=frozenset(told["weekdays"]),
        start=time.fromisoformat(told["start"]),
        end=time.fromisoformat(told["end"]),
        breaks=_breaks(told),
        valid_from=_date(told["valid_from"]),
        valid_to=_date(told["valid_to"]),
        week=told["week"],
        crew=told["crew"],
    )


def _exception(told: Mapping[str, Any]) -> DayException:
    return DayException(
        date=date.fromisoformat(told["date"]),
        kind=ExceptionKind(told["kind"]),
        reason=told["reason"],
        shift=told["shift"],
        start=time.fromisoformat(told["start"]) if told["start"] else None,
        end=time.fromisoformat(told["end"]) if told["end"] else None,
        breaks=_breaks(told),
        crew=told["crew"],
    )


def _breaks(told: Mapping[str, Any]) -> tuple[Break, ...]:
    return tuple(Break(time.fromisoformat(each["start"]), time.fromisoformat(each["end"])) for each in told["breaks"])


def _date(told: str | None) -> date | None:
    return date.fromisoformat(told) if told else None
