"""Wire shapes of shift calendars."""

import datetime as dt
import re
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, WithJsonSchema

from foodflow.kernel.wire import In, Instant, Line, Out, Versioned
from foodflow.numerics.calendars import ExceptionKind, Shift
from foodflow.plant.rules.calendars import MAX_BREAKS, MAX_EXCEPTIONS, MAX_PATTERNS
from foodflow.plant.schemas.shared import Short
from foodflow.plant.tables.calendars import SiteCalendar
from foodflow.plant.usecases.calendars import Present


def _require_day(value: str) -> str:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        message = "must be a date such as 2026-01-31"
        raise ValueError(message)
    return dt.date.fromisoformat(value).isoformat()


def _require_zone(value: str) -> str:
    if value not in available_timezones():
        message = "is not a time zone of the IANA database, such as Europe/Berlin"
        raise ValueError(message)
    return value


Day = Annotated[str, AfterValidator(_require_day), WithJsonSchema({"type": "string", "format": "date"})]
Zone = Annotated[str, Field(max_length=100, description="A name of the IANA database"), AfterValidator(_require_zone)]
LocalTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$", description="HH:MM[:SS]")]
Weekday = Annotated[int, Field(ge=1, le=7, description="1 Monday to 7 Sunday")]
Week = Annotated[int, Field(ge=1, le=52)]


class BreakIn(In):
    """A planned pause within a shift, by the clock on the wall."""

    start: LocalTime
    end: LocalTime


Breaks = Annotated[list[BreakIn], Field(default_factory=list, max_length=MAX_BREAKS)]


class PatternIn(In):
    """A shift that recurs; an end at or before the start is on the next day."""

    name: Line
    weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=7)]
    start: LocalTime
    end: LocalTime
    breaks: Breaks
    valid_from: Day | None = None
    valid_to: Annotated[Day | None, Field(description="The last day on which it begins")] = None
    week: Annotated[Week | None, Field(description="The week of the cycle; null: every week")] = None
    crew: Short = ""


class ExceptionIn(In):
    """What is otherwise on one date, and why."""

    date: Day
    kind: ExceptionKind
    reason: Line
    shift: Annotated[Short, Field(description="Which shift; empty and `closed`: all of the day")] = ""
    start: LocalTime | None = None
    end: LocalTime | None = None
    breaks: Breaks
    crew: Short = ""


class CalendarIn(In):
    """A site's whole calendar; weeks of its cycle are counted from the Monday of the week of `cycle_start`."""

    time_zone: Zone
    cycle_weeks: Week = 1
    cycle_start: Day | None = None
    patterns: Annotated[list[PatternIn], Field(default_factory=list, max_length=MAX_PATTERNS)]
    exceptions: Annotated[list[ExceptionIn], Field(default_factory=list, max_length=MAX_EXCEPTIONS)]


class CalendarOut(Versioned):
    """A site's calendar."""

    plant_name: str
    time_zone: str
    cycle_weeks: int
    cycle_start: Day | None
    patterns: list[PatternIn]
    exceptions: list[ExceptionIn]
    changed_by: str
    created_at: Instant
    updated_at: Instant

    @classmethod
    def of(cls, row: SiteCalendar) -> "CalendarOut":
        """The wire shape of a calendar."""
        said: dict[str, Any] = {**row.document, "plant_name": row.plant_name, "version": row.version}
        kept = {"changed_by": row.changed_by, "created_at": row.created_at, "updated_at": row.updated_at}
        return cls.model_validate({**said, **kept})


class SpanOut(Out):
    """A span of time, its end excluded."""

    start: Instant
    end: Instant


class ShiftOut(Out):
    """One shift; `date` is the local day that it begins on."""

    name: str
    date: dt.date
    start: Instant
    end: Instant
    breaks: list[SpanOut]
    crew: str


class PresentOut(Out):
    """The shift that a site is in, and the next one within two weeks."""

    plant_name: str
    current: ShiftOut | None
    next: ShiftOut | None


def shifts_out(shifts: list[Shift]) -> list[ShiftOut]:
    """Shifts on the wire."""
    return [ShiftOut.model_validate(each) for each in shifts]


def present_out(found: list[Present]) -> list[PresentOut]:
    """Present shifts on the wire."""
    return [PresentOut.model_validate(each) for each in found]
