"""What is reported of a line's time, turned into intervals that never overlap and leave no instant out.

One rule decides for every instant, each step over the one before:

| step | what is reported | what holds |
|---|---|---|
| 1 | changes of state | the latest change at or before the instant; before the first, `unrecorded` |
| 2 | nothing at all for longer than a line may be silent | `unrecorded` until the next report |
| 3 | spans ("it was down from 10:05 to 10:20") | the span recorded last of those that hold the instant |
| 4 | a shift calendar | outside planned time, `not_scheduled` instead of idle, downtime and unrecorded |

What ends by step 2 to 4 goes on afterwards as if it had not been there.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import pairwise
from typing import Final, Protocol, TypeVar
from uuid import UUID

UNRECORDED: Final = "unrecorded"
"""State of the time before the first recorded change, and of that in which a line was silent."""
NOT_SCHEDULED: Final = "not_scheduled"
STOPPED: Final = frozenset({"changeover", "downtime", "maintenance"})
"""States in which a line stands."""
UNPLANNED_IS_NOTHING: Final = frozenset({"idle", "downtime", UNRECORDED})
"""States that are not counted outside planned time."""


class Spanning(Protocol):
    """Anything from a start (with) to an end (without)."""

    @property
    def start(self) -> datetime:
        """The first instant."""
        ...

    @property
    def end(self) -> datetime:
        """The first instant after it."""
        ...


SpanT = TypeVar("SpanT", bound=Spanning)


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open span of time, in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Stop(Span):
    """A stop that people speak of, and why it was, if that is known."""

    id: UUID
    reason_id: UUID | None


@dataclass(frozen=True, slots=True)
class StateChange:
    """From `at` on, the thing observed is in `state`, until the next change.

    One with a `mark` of its own begins an interval of its own, even where nothing else changes: a stop is split there.
    """

    at: datetime
    state: str
    reason: str | None = None
    packml_state: str | None = field(default=None, kw_only=True)
    mode: str | None = field(default=None, kw_only=True)
    reason_id: UUID | None = field(default=None, kw_only=True)
    mark: UUID | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Interval:
    """A half-open span of time, `start` included and `end` not, in one state for one reason."""

    start: datetime
    end: datetime
    state: str
    reason: str | None = None
    packml_state: str | None = field(default=None, kw_only=True)
    mode: str | None = field(default=None, kw_only=True)
    reason_id: UUID | None = field(default=None, kw_only=True)
    mark: UUID | None = field(default=None, kw_only=True)
    stop_id: UUID | None = field(default=None, kw_only=True)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All that is reported and known of a line's time; any of it may reach beyond the window that is asked about.

    `silences`, `stops` and `planned` (None: no calendar) are in order and do not overlap; `spans` are in the order in
    which they were recorded. `stops` say which stop, for which reason, a line stood in; they change no state.
    """

    changes: Sequence[StateChange] = ()
    silences: Sequence[Span] = ()
    spans: Sequence[Interval] = ()
    stops: Sequence[Stop] = ()
    planned: Sequence[Span] | None = None


def resolved(told: Told, *, start: datetime, end: datetime) -> list[Interval]:
    """Cut the window [start, end) into intervals by the whole rule of this module."""
    parts = recast(intervals(told.changes, start=start, end=end), told.silences, _fallen_silent)
    seen = uppermost(told.spans)
    parts = recast(parts, seen, lambda part, span: replace(span, start=part.start, end=part.end))
    parts = recast(parts, told.stops, _known_stop)
    if told.planned is None:
        return parts
    return recast(parts, outside(told.planned, utc(start), utc(end)), _unplanned)


def uppermost(spans: Sequence[Interval]) -> list[Interval]:
    """What is seen of spans laid over one another in this order: of those at an instant, the last one."""
    edges = sorted({edge for span in spans for edge in (span.start, span.end)})
    starting = sorted(range(len(spans)), key=lambda number: spans[number].start)
    held: list[int] = []  # the numbers of spans that have begun, negative so that the last one comes first
    found: list[Interval] = []
    begun = 0
    for begin, finish in pairwise(edges):
        while begun < len(starting) and spans[starting[begun]].start <= begin:
            heappush(held, -starting[begun])
            begun += 1
        while held and spans[-held[0]].end <= begin:
            heappop(held)
        if held:
            found.append(replace(spans[-held[0]], start=begin, end=finish))
    return _united(found)


def recast(
    parts: Sequence[Interval], spans: Sequence[SpanT], become: Callable[[Interval, SpanT], Interval]
) -> list[Interval]:
    """Cut ordered intervals at ordered spans that do not overlap, and let each piece within one become something else;
    pieces that are alike again are one.
    """
    found: list[Interval] = []
    ends = [span.end for span in spans]
    for part in parts:
        begin = part.start
        for span in spans[bisect_right(ends, begin) :]:
            if span.start >= part.end:
                break
            if begin < span.start:
                found.append(replace(part, start=begin, end=span.start))
            piece = replace(part, start=max(begin, span.start), end=min(span.end, part.end))
            found.append(become(piece, span))
            begin = piece.end
        if begin < part.end:
            found.append(replace(part, start=begin))
    return _united(found)


def outside(spans: Sequence[Spanning], start: datetime, end: datetime) -> list[Span]:
    """What of [start, end) lies in none of some ordered spans that do not overlap."""
    edges = [start, *(edge for span in spans for edge in (span.start, span.end)), end]
    clipped = [min(max(edge, start), end) for edge in edges]
    return [Span(begin, finish) for begin, finish in zip(clipped[::2], clipped[1::2], strict=True) if begin < finish]


def _fallen_silent(part: Interval, _silence: Span) -> Interval:
    """Nobody expects to hear of a line that is not scheduled."""
    return part if part.state == NOT_SCHEDULED else Interval(part.start, part.end, UNRECORDED)


def _known_stop(part: Interval, stop: Stop) -> Interval:
    if part.state not in STOPPED:
        return part
    return replace(part, stop_id=stop.id, reason_id=stop.reason_id or part.reason_id)


def _unplanned(part: Interval, _gap: Span) -> Interval:
    return Interval(part.start, part.end, NOT_SCHEDULED) if part.state in UNPLANNED_IS_NOTHING else part


def _joined(points: Sequence[tuple[datetime, StateChange]], last: datetime) -> list[Interval]:
    """Turn ordered points into intervals, leaving out those of no length."""
    found: list[Interval] = []
    ends = [*(at for at, _ in points[1:]), last]
    for (begin, change), finish in zip(points, ends, strict=True):
        if finish <= begin:
            continue
        part = _interval(change, begin, finish)
        before = found[-1] if found else None
        if (
            before
            and (part.mark is None or part.mark == before.mark)
            and _alike(before, replace(part, mark=before.mark))
        ):
            part = found.pop()
            part = replace(part, end=finish)
        found.append(part)
    return found


def _interval(change: StateChange, start: datetime, end: datetime) -> Interval:
    return Interval(
        start,
        end,
        change.state,
        change.reason,
        packml_state=change.packml_state,
        mode=change.mode,
        reason_id=change.reason_id,
        mark=change.mark,
    )


def _united(parts: Iterable[Interval]) -> list[Interval]:
    """Neighbours that are alike in everything are one interval."""
    found: list[Interval] = []
    for part in parts:
        if found and found[-1].end == part.start and _alike(found[-1], part):
            found[-1] = replace(found[-1], end=part.end)
        else:
            found.append(part)
    return found


def _alike(one: Interval, other: Interval) -> bool:
    return replace(other, start=one.start, end=one.end) == one
