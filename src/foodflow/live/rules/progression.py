"""When what is open closes by itself, and what the clock does then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import JsonValue

from foodflow.kernel.errors import Conflict
from foodflow.live.rules.activities.kind import LATE
from foodflow.live.rules.activity_states import ActivityState

LONGEST: Final = 7 * 86_400
"""Seconds that an activity is open by itself, at most."""
LAST: Final = timedelta(seconds=LATE)
"""How long the clock waits for answers that are on their way when the time is over; until then, no solution is out."""
LOOK: Final = timedelta(seconds=5)
"""How long a solution is looked at before the clock leads on."""


class NoQuestionLeft(Conflict):
    """The activity is at its last question."""

    code = "live.activity.no_question_left"


class ClockDeed(StrEnum):
    """What the clock does with an activity."""

    CLOSE = "close"
    REVEAL = "reveal"
    NEXT_QUESTION = "next_question"


@dataclass(frozen=True, slots=True)
class Times:
    """When an open activity is over, and when its open question is; None is when somebody says so."""

    expires_at: datetime | None
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the clock has to know of an activity. `by_clock` is whether its session goes on by itself."""

    state: str
    expires_at: datetime | None
    closes_at: datetime | None
    step: int
    steps: int
    is_revealed: bool
    by_clock: bool


@dataclass(frozen=True, slots=True)
class Due:
    """What the clock does next, and when."""

    deed: ClockDeed
    at: datetime


def duration_of(metadata: Mapping[str, JsonValue]) -> int | None:
    """How long an activity is open by itself, in seconds, as its `duration_seconds` says; None: until it is closed."""
    given = metadata.get("duration_seconds")
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given <= LONGEST:
        return None
    return int(given) or 1


def times_from(now: datetime, *, duration: int | None, seconds: int | None, steps: int) -> Times:
    """The times of an activity that is opened now: `duration` of the whole, `seconds` of its first question, each in
    seconds. One of a single question is over with it.
    """
    whole = None if duration is None else now + timedelta(seconds=duration)
    closes_at = question_until(now, seconds=seconds, expires_at=whole)
    return Times(closes_at if steps <= 1 else whole, closes_at)


def question_until(now: datetime, *, seconds: int | None, expires_at: datetime | None) -> datetime | None:
    """When a question that is opened now closes: with its own time, or with the activity."""
    own = None if seconds is None else now + timedelta(seconds=seconds)
    ends = [each for each in (own, expires_at) if each is not None]
    return min(ends, default=None)


def due(standing: Standing) -> Due | None:
    """What the clock does next with an activity, by whatever hand its session goes on; None: nothing."""
    if standing.state != ActivityState.ACTIVE:
        return None
    over = None if standing.expires_at is None else Due(ClockDeed.CLOSE, standing.expires_at + LAST)
    led = _led(standing)
    return min((each for each in (led, over) if each is not None), key=lambda each: each.at, default=None)


def _led(standing: Standing) -> Due | None:
    """What the clock does in a session that goes on by itself, question by question."""
    if not standing.by_clock or standing.steps <= 1 or standing.closes_at is None:
        return None
    if not standing.is_revealed:
        return Due(ClockDeed.REVEAL, standing.closes_at + LAST)
    is_last = standing.step + 1 >= standing.steps
    return Due(ClockDeed.CLOSE if is_last else ClockDeed.NEXT_QUESTION, standing.closes_at + LOOK)


def require_question_left(step: int, steps: int) -> None:
    """There is a next question, or a refusal."""
    if step + 1 >= steps:
        raise NoQuestionLeft(f"question {step + 1} is the last one")
