"""State changes become intervals that cover a window exactly once."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foodflow.numerics.intervals import (
    UNRECORDED,
    Interval,
    Span,
    StateChange,
    Told,
    durations,
    intervals,
    resolved,
    seconds_per_state,
)
from tests.numerics.make import START, after, changes, history, moments


def test_the_state_before_the_window_holds_at_its_start() -> None:
    found = intervals(history((-60, "running"), (30, "downtime")), start=START, end=after(40))
    assert found == [Interval(START, after(30), "running"), Interval(after(30), after(40), "downtime")]


def test_time_before_the_first_change_is_unrecorded() -> None:
    found = intervals(history((5, "running")), start=START, end=after(10))
    assert [part.state for part in found] == [UNRECORDED, "running"]
    assert seconds_per_state(found) == {UNRECORDED: 300.0, "running": 300.0}


def test_a_window_without_changes_is_unrecorded() -> None:
    assert intervals([], start=START, end=after(1)) == [Interval(START, after(1), UNRECORDED)]


def test_changes_may_come_in_any_order() -> None:
    points = history((0, "running"), (10, "idle"), (20, "running"))
    assert intervals(reversed(points), start=START, end=after(30)) == intervals(points, start=START, end=after(30))


def test_of_two_changes_at_one_instant_the_last_given_holds() -> None:
    found = intervals(history((0, "downtime"), (0, "running")), start=START, end=after(1))
    assert [part.state for part in found] == ["running"]


def test_a_repeated_state_is_one_interval() -> None:
    found = intervals(history((0, "running"), (5, "running"), (7, "idle")), start=START, end=after(9))
    assert [(part.state, part.seconds) for part in found] == [("running", 420.0), ("idle", 120.0)]


def test_another_reason_is_another_interval() -> None:
    stops = [StateChange(START, "downtime", "mechanical"), StateChange(after(2), "downtime", "no_material")]
    found = intervals(stops, start=START, end=after(5))
    assert [(part.reason, part.seconds) for part in found] == [("mechanical", 120.0), ("no_material", 180.0)]


def test_a_change_at_the_end_of_the_window_is_outside() -> None:
    found = intervals(history((0, "running"), (5, "idle")), start=START, end=after(5))
    assert [part.state for part in found] == ["running"]


def test_a_window_of_no_length_has_no_intervals() -> None:
    assert intervals(history((0, "running")), start=START, end=START) == []


def test_a_window_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        intervals([], start=after(1), end=START)


def test_a_time_without_zone_is_refused() -> None:
    naive = START.replace(tzinfo=None)
    with pytest.raises(ValueError, match="needs a zone"):
        intervals([StateChange(naive, "running")], start=START, end=after(1))


def test_local_times_are_counted_by_the_sun_and_not_by_the_wall() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    night = datetime(2024, 3, 31, 0, tzinfo=berlin), datetime(2024, 3, 31, 6, tzinfo=berlin)
    found = intervals([StateChange(night[0], "running")], start=night[0], end=night[1])
    assert seconds_per_state(found) == {"running": 5 * 3600.0}
    assert found[0].start.tzinfo is UTC


@given(changes, moments, moments, moments)
def test_a_split_window_adds_up_to_the_whole(
    points: list[StateChange], one: datetime, two: datetime, three: datetime
) -> None:
    start, middle, end = sorted((one, two, three))
    whole = durations(intervals(points, start=start, end=end))
    parts = [
        *intervals(points, start=start, end=middle),
        *intervals(points, start=middle, end=end),
    ]
    assert durations(parts) == whole
    assert sum(whole.values(), timedelta()) == end - start


@given(changes, moments, moments)
def test_each_instant_belongs_to_the_latest_change(points: list[StateChange], one: datetime, two: datetime) -> None:
    start, end = sorted((one, two))
    found = intervals(points, start=start, end=end)
    bounds = [start, *(part.end for part in found)]
    assert [part.start for part in found] == bounds[:-1]
    assert bounds[-1] == end
    for part in found:
        earlier = [change for change in points if change.at <= part.start]
        latest = max(earlier, key=lambda change: change.at, default=None)
        candidates = {change.state for change in earlier if latest and change.at == latest.at}
        assert part.state in (candidates or {UNRECORDED})


TICK = timedelta(seconds=1)
LAST = 60
"""Seconds of the window that is looked at one by one."""
seconds = st.integers(-10, LAST + 10)
names = st.sampled_from(["running", "idle", "downtime", "changeover", "maintenance", "not_scheduled"])
pieces = st.tuples(seconds, seconds).filter(lambda pair: pair[0] < pair[1])


def second(number: int) -> datetime:
    return START + number * TICK


def apart(pairs: list[tuple[int, int]]) -> list[Span]:
    """Of some spans those that overlap none before them, in order."""
    kept: list[tuple[int, int]] = []
    for begin, end in sorted(pairs):
        if not kept or kept[-1][1] <= begin:
            kept.append((begin, end))
    return [Span(second(begin), second(end)) for begin, end in kept]


told = st.builds(
    Told,
    changes=st.lists(st.builds(StateChange, at=seconds.map(second), state=names), max_size=8, unique_by=lambda c: c.at),
    spans=st.lists(
        st.tuples(pieces, names).map(lambda said: Interval(second(said[0][0]), second(said[0][1]), said[1])), max_size=5
    ),
    silences=st.lists(pieces, max_size=4).map(apart),
    planned=st.none() | st.lists(pieces, max_size=4).map(apart),
)


def holds(span: Span | Interval, at: datetime) -> bool:
    return span.start <= at < span.end


def naive(what: Told, at: datetime) -> str:
    """The state at one instant, by the rule as its table puts it."""
    earlier = [change for change in what.changes if change.at <= at]
    state = max(earlier, key=lambda change: change.at).state if earlier else UNRECORDED
    if state != "not_scheduled" and any(holds(each, at) for each in what.silences):
        state = UNRECORDED
    for span in what.spans:
        state = span.state if holds(span, at) else state
    is_planned = what.planned is None or any(holds(each, at) for each in what.planned)
    return state if is_planned or state not in {"idle", "downtime", UNRECORDED} else "not_scheduled"


@given(told)
def test_every_second_is_in_the_state_that_the_rule_gives_it(what: Told) -> None:
    found = resolved(what, start=START, end=second(LAST))
    for number in range(LAST):
        (part,) = [part for part in found if holds(part, second(number))]
        assert part.state == naive(what, second(number))


@given(told, st.integers(0, LAST))
def test_intervals_cover_a_window_once_and_a_split_adds_up(what: Told, middle: int) -> None:
    end = second(LAST)
    whole = resolved(what, start=START, end=end)
    assert [START, *(part.end for part in whole)] == [*(part.start for part in whole), end]
    assert all(part.start < part.end for part in whole)
    halves = [*resolved(what, start=START, end=second(middle)), *resolved(what, start=second(middle), end=end)]
    assert durations(halves) == durations(whole)


def test_of_spans_that_overlap_the_one_recorded_last_holds_and_then_the_line_goes_on() -> None:
    spans = [Interval(after(5), after(20), "downtime"), Interval(after(10), after(30), "maintenance")]
    found = resolved(Told(changes=[StateChange(START, "running")], spans=spans), start=START, end=after(40))
    assert [(part.state, part.start) for part in found] == [
        ("running", START),
        ("downtime", after(5)),
        ("maintenance", after(10)),
        ("running", after(30)),
    ]


def test_a_change_with_a_mark_of_its_own_begins_an_interval_of_its_own() -> None:
    changes = [StateChange(START, "downtime"), StateChange(after(1), "downtime", mark=uuid4())]
    again = StateChange(after(2), "downtime")
    assert [part.start for part in intervals([*changes, again], start=START, end=after(3))] == [START, after(1)]


def test_a_line_that_is_not_scheduled_may_be_silent() -> None:
    changes = [StateChange(START, "running"), StateChange(after(10), "not_scheduled")]
    quiet = [Span(after(5), after(15))]
    found = resolved(Told(changes=changes, silences=quiet), start=START, end=after(20))
    assert [part.state for part in found] == ["running", UNRECORDED, "not_scheduled"]
