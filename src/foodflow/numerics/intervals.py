"""State changes turned into intervals that never overlap and leave no instant out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

UNRECORDED: Final = "unrecorded"
"""State of the time before the first recorded change."""


@dataclass(frozen=True, slots=True)
class StateChange:
    """From `at` on, the thing observed is in `state`, until the next change."""

    at: datetime
    state: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """A half-open span of time, `start` included and `end` not, in one state for one reason."""

    start: datetime
    end: datetime
    state: str
    reason: str | None = None

    @property
    def duration(self) -> timedelta:
        """Length, exact to the microsecond."""
        return self.end - self.start

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.duration.total_seconds()


def intervals(changes: Iterable[StateChange], *, start: datetime, end: datetime) -> list[Interval]:
    """Cut the window [start, end) into intervals by the state that holds at each instant.

    Each instant belongs to the latest change at or before it, so stops cannot overlap and time
    cannot be counted twice; of several changes at one instant the last given holds. Time before
    the first change is `UNRECORDED`. Neighbours of the same state and reason are one interval.

    Changes may come in any order, also from before and after the window: the one that holds at
    `start` has to be among them. The last change holds until `end`, so a window that is still
    running has to end now. The result is in order, without gaps, in UTC; a window of no length
    gives none. Raises ValueError for a time without zone and for an end before the start.
    """
    first, last = utc(start), utc(end)
    if last < first:
        raise ValueError(f"the window ends ({last}) before it starts ({first})")
    ordered = sorted(((utc(change.at), change) for change in changes), key=lambda pair: pair[0])
    within = [(max(at, first), change) for at, change in ordered if at < last]
    return _joined([(first, StateChange(first, UNRECORDED)), *within], last)


def durations(parts: Iterable[Interval]) -> dict[str, timedelta]:
    """Add up the exact time of each state that occurs in the intervals."""
    total: dict[str, timedelta] = {}
    for part in parts:
        total[part.state] = total.get(part.state, timedelta()) + part.duration
    return total


def seconds_per_state(parts: Iterable[Interval]) -> dict[str, float]:
    """Add up the seconds of each state that occurs, summed in whole microseconds."""
    return {state: time.total_seconds() for state, time in durations(parts).items()}


def utc(at: datetime) -> datetime:
    """Return the same instant in UTC; raise ValueError where the time has no zone.

    Two times of one local zone are subtracted by the clock on the wall, which is an hour wrong
    across a clock change; times in UTC are not.
    """
    if at.utcoffset() is None:
        raise ValueError(f"a time needs a zone: {at.isoformat()}")
    return at.astimezone(UTC)


def _joined(points: Sequence[tuple[datetime, StateChange]], last: datetime) -> list[Interval]:
    """Turn ordered points into intervals, leaving out those of no length."""
    found: list[Interval] = []
    ends = [*(at for at, _ in points[1:]), last]
    for (begin, change), finish in zip(points, ends, strict=True):
        if finish <= begin:
            continue
        before = found[-1] if found else None
        if before and (before.state, before.reason) == (change.state, change.reason):
            begin = found.pop().start  # noqa: PLW2901 - the interval begins where the other did
        found.append(Interval(begin, finish, change.state, change.reason))
    return found
