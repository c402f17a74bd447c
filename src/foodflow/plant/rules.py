"""Decisions about lines, batches and readings, and their refusals."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Conflict, FieldError, Invalid, NotFound

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""The first moment that readings, states and counts may carry: FoodFlow keeps a partition for each month since."""
CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far ahead of our clock a reporter's clock may be."""
MAX_WINDOW = timedelta(days=366 * 5)
SIMULATED_PLANT = "Simulated plant"
"""The name of the plant that simulated lines belong to, so that nobody takes them for real ones."""
MAX_LISTED = 20
"""How many wrong rows a refusal names before it only counts them."""
MAX_NUMBER, MAX_CODE, MAX_UNIT, MAX_NAME = 50, 100, 50, 255
"""Characters of a line's number, a sensor's code, a unit and a name."""


class LineState(StrEnum):
    """What a line is doing: the outer face of SEMI E10 states; the mapping stands in `numerics.oee`."""

    IDLE = "idle"
    RUNNING = "running"
    CHANGEOVER = "changeover"
    DOWNTIME = "downtime"
    MAINTENANCE = "maintenance"
    NOT_SCHEDULED = "not_scheduled"


class BatchStatus(StrEnum):
    """Where a batch stands."""

    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


class LineNotFound(NotFound):
    """No such line in this company."""

    code = "plant.line.not_found"


class BatchNotFound(NotFound):
    """No such batch in this company."""

    code = "plant.batch.not_found"


class SensorNotFound(NotFound):
    """No such sensor in this company."""

    code = "plant.sensor.not_found"


class Taken(Conflict):
    """A number or code that must be unique is in use."""

    code = "plant.taken"


class LineBusy(Conflict):
    """The line makes (or, at a time in the past, made) another batch."""

    code = "plant.line.busy"


class LineInactive(Conflict):
    """The line is out of service."""

    code = "plant.line.inactive"


class NotSimulated(Conflict):
    """A line or sensor that the simulation would play on is a real one."""

    code = "plant.not_simulated"


class BatchNotPlanned(Conflict):
    """Only a planned batch can be started."""

    code = "plant.batch.not_planned"


class BatchNotInProgress(Conflict):
    """The batch is not in progress."""

    code = "plant.batch.not_in_progress"


class BatchFrozen(Conflict):
    """A completed batch is history."""

    code = "plant.batch.completed"


class StateContradicted(Conflict):
    """The line is recorded in another state at that very moment."""

    code = "plant.line.state_contradicted"


class InUse(Conflict):
    """History would be lost; archive instead."""

    code = "plant.in_use"


class SensorInactive(Conflict):
    """The sensor is out of service and takes no readings."""

    code = "plant.sensor.inactive"


class SensorOfOtherLine(Conflict):
    """The sensor belongs to another line."""

    code = "plant.sensor.other_line"


class ReadingContradicted(Conflict):
    """Another value is stored for the same sensor and moment."""

    code = "plant.reading.contradicted"


class UnknownSensors(Invalid):
    """Readings name sensors that do not exist in this company."""

    code = "plant.readings.unknown_sensor"


def require_simulated(plant_name: str, *, number: str) -> None:
    """The simulation records nothing on a line that might be a real one."""
    if plant_name != SIMULATED_PLANT:
        raise NotSimulated(f"line {number} is a line of your own, not a simulated one; the simulation leaves it alone")


def require_own_site(actor: Actor, site: str) -> None:
    """Nobody puts a line where they could not see it."""
    if not actor.is_for(site):
        own = ", ".join(sorted(actor.sites or ())) or "none"
        message = f"{site!r} is not among your sites: {own}"
        raise Invalid.because(FieldError("plant_name", message, "plant.line.other_site"))


def require_startable(status: str, *, number: str) -> None:
    """A batch is started once, from planned."""
    if status != BatchStatus.PLANNED:
        raise BatchNotPlanned(f"batch {number} is {status.replace('_', ' ')}; only a planned batch can be started")


def require_in_progress(status: str, *, number: str) -> None:
    """Completing and counting is for the batch that is being made."""
    if status != BatchStatus.IN_PROGRESS:
        raise BatchNotInProgress(f"batch {number} is {status.replace('_', ' ')}, not in progress")


def require_after_start(at: datetime, started: datetime | None, *, number: str) -> None:
    """A batch ends, and is counted, after it has begun."""
    if started is not None and at <= started:
        message = f"does not lie after the start of batch {number} at {started.isoformat()}"
        raise Invalid.because(FieldError("at", message, "plant.batch.ends_before_start"))


def require_after_counts(at: datetime, counted: datetime | None, *, number: str) -> None:
    """A batch does not end before the last of it was counted."""
    if counted is not None and at < counted:
        message = f"lies before the last count of batch {number} at {counted.isoformat()}"
        raise Invalid.because(FieldError("at", message, "plant.batch.ends_before_count"))


def require_plan_in_order(start: datetime | None, end: datetime | None) -> None:
    """What is planned ends after it begins."""
    if start is not None and end is not None and end <= start:
        message = f"does not lie after planned_start_time {start.isoformat()}"
        raise Invalid.because(FieldError("planned_end_time", message, "plant.batch.plan_out_of_order"))


def require_changeable(status: str, *, number: str) -> None:
    """A completed batch is a record."""
    if status == BatchStatus.COMPLETED:
        raise BatchFrozen(f"batch {number} is completed and can no longer be changed")


def require_free(current_batch_id: UUID | None, *, number: str) -> None:
    """A line makes one batch at a time."""
    if current_batch_id is not None:
        raise LineBusy(f"line {number} has a batch in progress; complete it first")


def require_active(*, is_active: bool, number: str) -> None:
    """A line that is out of service makes nothing."""
    if not is_active:
        raise LineInactive(f"line {number} is out of service")


def require_recordable(at: datetime, now: datetime, *, field: str = "at") -> None:
    """Something can be recorded from the year 2000 until now (by a clock that is a little fast)."""
    if not EARLIEST <= at <= now + CLOCK_TOLERANCE:
        message = f"must lie between {EARLIEST:%Y-%m-%d} and now; {at.isoformat()} does not"
        raise Invalid.because(FieldError(field, message, "plant.time_out_of_range"))


def window(start: datetime | None, end: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """The window that a question is about: by default the last 24 hours, never beyond now."""
    last = min(end, now) if end is not None else now
    if last <= EARLIEST:
        message = f"must lie after {EARLIEST:%Y-%m-%d}; {last.isoformat()} does not"
        raise Invalid.because(FieldError("end_time", message, "plant.time_out_of_range"))
    first = start if start is not None else last - timedelta(hours=24)
    if not first < last:
        message = f"the window from {first.isoformat()} to {last.isoformat()} is empty"
        raise Invalid.because(FieldError("start_time", message, "plant.window_empty"))
    if last - first > MAX_WINDOW:
        raise Invalid.because(FieldError("start_time", "the window is longer than five years", "plant.window_too_long"))
    return first, last


def require_limits(low: float | None, high: float | None) -> None:
    """Limits are numbers, and the lower one is not above the upper one; 0 is a limit like any other."""
    for name, limit in (("min_value", low), ("max_value", high)):
        if limit is not None and not math.isfinite(limit):
            raise Invalid.because(FieldError(name, f"{limit} is no limit", "plant.limit_not_finite"))
    if low is not None and high is not None and low > high:
        raise Invalid.because(FieldError("min_value", f"{low} is above max_value {high}", "plant.limits_out_of_order"))


def require_name(field: str, name: str, *, longest: int) -> None:
    """A number, code or name that comes from a file or the command line is as long as one that comes in a body."""
    if not name.strip() or len(name) > longest:
        message = f"must have 1 to {longest} characters; {name[:40]!r} has {len(name)}"
        raise Invalid.because(FieldError(field, message, "plant.name_length"))


def rows_refused(what: str, field: str, code: str, rows: Sequence[int]) -> list[FieldError]:
    """Name each wrong row by its number in the call, the first of them one by one."""
    errors = [FieldError(f"readings.{row}.{field}", what, code) for row in rows[:MAX_LISTED]]
    if len(rows) > MAX_LISTED:
        errors.append(FieldError("readings", f"{len(rows) - MAX_LISTED} more rows: {field} {what}", code))
    return errors
