"""Wire shapes of retention."""

from typing import Annotated

from pydantic import Field

from foodflow.kernel.wire import In, Instant, Out, Versioned
from foodflow.plant.rules.retention import MAX_DAYS

Days = Annotated[int | None, Field(ge=1, le=MAX_DAYS, description="null: for ever")]


class RetentionIn(In):
    """How many days readings, their minutes and their hours are kept; none of them less than what is finer."""

    raw_kept_days: Days
    minutes_kept_days: Days
    hours_kept_days: Days


class OldOut(Out):
    """What is older than it would be kept, as far as it is rolled up: readings, and of how many days of sensors; hours
    of sensors with minutes, and days of sensors with hours.
    """

    readings: int
    days_of_readings: int
    hours_of_minutes: int
    days_of_hours: int


class RetentionOut(Versioned):
    """How many days each kind is kept (null: for ever), and before when any of it was removed; with `preview`, what
    would be removed the next night, and nothing was changed.
    """

    raw_kept_days: int | None
    minutes_kept_days: int | None
    hours_kept_days: int | None
    raw_removed_before: Instant | None
    minutes_removed_before: Instant | None
    hours_removed_before: Instant | None
    updated_at: Instant | None
    removes: OldOut | None = None
