"""Decisions about alarms as people live with them (ISA-18.2, IEC 62682), and their refusals.

An alarm is *unacknowledged* when it is raised, *acknowledged* once somebody has seen it, *returned* when the cause is
gone before anybody saw it, and *closed* when it is over: by itself, when it is both seen and gone, or by somebody who
says why. While it is silenced it is *shelved* (out of sight, and still recorded).
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from foodflow.kernel.errors import Conflict, FieldError, Invalid, NotFound
from foodflow.numerics.detection.findings import Rule

AGAIN: Final = timedelta(minutes=5)
"""What is raised again so soon after it cleared is the same alarm once more, and not another one (a choice)."""
LONGEST_SILENCE: Final = timedelta(hours=24)
"""Nobody forgets an alarm for longer than a day by silencing it (a choice; ISA-18.2 asks for a bound)."""
STANDING: Final = timedelta(hours=24)
"""An alarm that is active for so long is a standing one (ISA-18.2, stale alarm)."""
MOST_AT_ONCE: Final = 1000
"""How many alarms are acknowledged in one call."""
CALIBRATION_OVERDUE: Final = "calibration_overdue"
"""The rule of an alarm that no reading raises: a sensor's next calibration is past."""

NOT_OF_VALUES: Final = frozenset({Rule.RATE_OF_CHANGE, Rule.STUCK, Rule.GAP, CALIBRATION_OVERDUE})
"""Rules of which the alarm's value is not a reading that could lie further out."""
RECENT: Final = timedelta(days=1)
"""What was over before this is recorded when it comes to light, and not told: nobody can act on it any more."""


class AlarmState(StrEnum):
    """Where an alarm stands, after the states of ISA-18.2."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    SHELVED = "shelved"
    CLOSED = "closed"


class Priority(StrEnum):
    """How soon somebody has to do something (ISA-18.2 advises three or four, most alarms of the lowest)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class AlarmNotFound(NotFound):
    """No such alarm in this company."""

    code = "plant.alarm.not_found"


class FloodNotFound(NotFound):
    """No such flood of alarms in this company."""

    code = "plant.alarm_flood.not_found"


class AlarmAcknowledgedAlready(Conflict):
    """Somebody has acknowledged the alarm."""

    code = "plant.alarm.acknowledged_already"


class AlarmOver(Conflict):
    """The alarm is closed."""

    code = "plant.alarm.closed"


class AlarmActive(Conflict):
    """The alarm's cause is still there."""

    code = "plant.alarm.active"


class AlarmNotClosed(Conflict):
    """Only a closed alarm can be opened again."""

    code = "plant.alarm.not_closed"


class AlarmRaisedAgain(Conflict):
    """Another alarm of the same sensor and rule is open."""

    code = "plant.alarm.raised_again"


class AlarmNotSilenced(Conflict):
    """The alarm is not silenced."""

    code = "plant.alarm.not_silenced"


def require_open(closed_at: datetime | None) -> None:
    """What is over is neither acknowledged nor silenced."""
    if closed_at is not None:
        raise AlarmOver(f"this alarm is closed since {_shown(closed_at)}")


def require_unacknowledged(acknowledged_at: datetime | None, by: str) -> None:
    """An alarm is acknowledged by one person, the first."""
    if acknowledged_at is not None:
        raise AlarmAcknowledgedAlready(f"{by} has acknowledged this alarm at {_shown(acknowledged_at)}")


def require_cleared(cleared_at: datetime | None, *, code: str, rule: str) -> None:
    """Nobody closes an alarm of which the cause is still there."""
    if cleared_at is None:
        raise AlarmActive(
            f"{code} is still in alarm ({rule.replace('_', ' ')}); silence it, or close it once the cause is gone"
        )


def require_closed(closed_at: datetime | None) -> None:
    """Only what is closed is opened again."""
    if closed_at is None:
        raise AlarmNotClosed("this alarm is open")


def require_silenced(silenced_until: datetime | None, now: datetime) -> None:
    """Only what is silenced can be heard again."""
    if silenced_until is None or silenced_until <= now:
        raise AlarmNotSilenced("this is not silenced")


def silence_until(minutes: int | None, until: datetime | None, now: datetime) -> datetime:
    """When a silence ends that is given by its length or by its end; it lies ahead, and within a day."""
    end = until if until is not None else now + timedelta(minutes=minutes or 0)
    if not now < end <= now + LONGEST_SILENCE:
        field, hours = ("until" if until is not None else "minutes"), LONGEST_SILENCE // timedelta(hours=1)
        message = f"a silence ends in the future, at most {hours} hours from now"
        raise Invalid.because(FieldError(field, message, "plant.alarm.silence_out_of_range"))
    return end


def goes_on(*, closed_at: datetime | None, by: str, cleared_at: datetime | None, at: datetime) -> bool:
    """Whether what is raised at a moment is the same alarm once more: while it is open, or soon after it was over by
    itself. What somebody has closed is over.
    """
    if closed_at is None:
        return True
    return not by and cleared_at is not None and at - cleared_at <= AGAIN


def worst_of(rule: str, worst: float | None, *, lowest: float, highest: float, expected: float | None) -> float | None:
    """The value furthest out: of the worst so far and of readings that lie from `lowest` to `highest`.

    Below a limit that is the lowest, above one the highest, else the one furthest from what was expected; for rules
    that are not about values it stays as it is.
    """
    if rule in NOT_OF_VALUES:
        return worst
    if rule == Rule.BELOW_LIMIT:
        return lowest if worst is None else min(worst, lowest)
    if rule == Rule.ABOVE_LIMIT:
        return highest if worst is None else max(worst, highest)
    if expected is None:
        return worst
    values = [value for value in (worst, lowest, highest) if value is not None]
    return max(values, key=lambda value: abs(value - expected))


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
