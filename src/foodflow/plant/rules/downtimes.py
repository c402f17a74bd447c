"""Decisions about stops, and their refusals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from foodflow.kernel.errors import Conflict, FieldError, Invalid, NotFound
from foodflow.plant.rules.lines import LineState


class ReasonGiven(StrEnum):
    """Whether a stop that is to have a reason has one; of planned stops and micro-stops nobody asks."""

    MISSING = "missing"
    GIVEN = "given"
    NOT_ASKED = "not_asked"


class Standing(StrEnum):
    """Whether a stop lasts."""

    OPEN = "open"
    ENDED = "ended"


class DowntimeNotFound(NotFound):
    """No such stop in this company."""

    code = "plant.downtime.not_found"


class DowntimeOpen(Conflict):
    """The line stands already: describe that stop instead."""

    code = "plant.downtime.open"


class DowntimeEnded(Conflict):
    """The stop has ended already."""

    code = "plant.downtime.ended"


class AlreadyResponded(Conflict):
    """Somebody has responded to the stop already."""

    code = "plant.downtime.responded"


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop as the intervals of a line show it; `end` is None while it lasts."""

    start: datetime
    end: datetime | None
    state: str
    reason: str
    reason_id: UUID | None


class Stretch(Protocol):
    """What has the times of a stop."""

    start_time: datetime
    end_time: datetime | None


def paired(stops: Sequence[Stop], records: Sequence[Stretch]) -> list[int | None]:
    """For each stop the place of the record that is about it, or None: the one that begins with it, else the first one
    left that it shares time with.
    """
    left = set(range(len(records)))
    found: list[int | None] = []
    for stop in stops:
        place = next((place for place in sorted(left) if records[place].start_time == stop.start), None)
        found.append(place)
        left -= {place} if place is not None else set()
    for number, stop in enumerate(stops):
        if found[number] is None:
            found[number] = next((place for place in sorted(left) if _share(stop, records[place])), None)
            left -= {place for place in [found[number]] if place is not None}
    return found


def _share(stop: Stop, record: Stretch) -> bool:
    begins_before = record.end_time is None or stop.start < record.end_time
    return begins_before and (stop.end is None or record.start_time < stop.end)


def is_micro(stop: Stop, *, is_planned: bool, below_seconds: int) -> bool:
    """Whether a stop that has ended is a micro-stop: unplanned, and shorter than the line's limit."""
    if stop.end is None or is_planned or stop.state != LineState.DOWNTIME:
        return False
    return stop.end - stop.start < timedelta(seconds=below_seconds)


def require_inside(at: datetime, start: datetime, end: datetime | None, now: datetime) -> None:
    """A stop is split at a moment within it."""
    if not start < at < (end or now):
        message = f"must lie within the stop, after {start.isoformat()} and before its end"
        raise Invalid.because(FieldError("at", message, "plant.downtime.split_outside"))


def require_not_ended(end: datetime | None, *, number: str) -> None:
    """A stop ends once."""
    if end is not None:
        raise DowntimeEnded(f"this stop of line {number} ended at {end.isoformat()}; correct the line's states instead")


def require_no_earlier(at: datetime, start: datetime, *, field: str) -> None:
    """Nothing of a stop happens before it."""
    if at <= start:
        message = f"must lie after the start of the stop at {start.isoformat()}"
        raise Invalid.because(FieldError(field, message, "plant.downtime.before_start"))
