"""Shift calendars: golden values of changes of the clock, and what holds for any calendar and any night."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foodflow.numerics.calendars import (
    Break,
    Calendar,
    DayException,
    ExceptionKind,
    Pattern,
    Shift,
    are_apart,
    is_within,
    moment,
    occurrences,
    overlap,
    planned,
)
from foodflow.numerics.intervals import Span, outside

ALL_DAYS = frozenset(range(1, 8))
WORKDAYS = frozenset(range(1, 6))
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
LORD_HOWE, APIA = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia")
EARLY = Pattern(name="early", weekdays=ALL_DAYS, start=time(6), end=time(14))
LATE = Pattern(name="late", weekdays=ALL_DAYS, start=time(14), end=time(22))
NIGHT = Pattern(name="night", weekdays=ALL_DAYS, start=time(22), end=time(6))


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def hours(shift: Shift) -> float:
    return (shift.end - shift.start) / timedelta(hours=1)


def shift_of(zone: ZoneInfo, pattern: Pattern, day: date) -> list[Shift]:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    found = occurrences(Calendar(zone=zone, patterns=(pattern,)), noon - timedelta(days=3), noon + timedelta(days=3))
    return [shift for shift in found if shift.date == day]


@pytest.mark.parametrize(
    ("zone", "evening", "start", "end"),
    [
        (BERLIN, date(2026, 3, 27), utc(2026, 3, 27, 21), utc(2026, 3, 28, 5)),
        (BERLIN, date(2026, 3, 28), utc(2026, 3, 28, 21), utc(2026, 3, 29, 4)),
        (BERLIN, date(2026, 10, 24), utc(2026, 10, 24, 20), utc(2026, 10, 25, 5)),
        (NEW_YORK, date(2026, 3, 7), utc(2026, 3, 8, 3), utc(2026, 3, 8, 10)),
        (NEW_YORK, date(2026, 10, 31), utc(2026, 11, 1, 2), utc(2026, 11, 1, 11)),
        (LORD_HOWE, date(2026, 10, 3), utc(2026, 10, 3, 11, 30), utc(2026, 10, 3, 19)),
        (LORD_HOWE, date(2026, 4, 4), utc(2026, 4, 4, 11), utc(2026, 4, 4, 19, 30)),
    ],
)
def test_a_night_shift_is_as_long_as_its_night(zone: ZoneInfo, evening: date, start: datetime, end: datetime) -> None:
    (night,) = shift_of(zone, NIGHT, evening)
    assert (night.start, night.end, night.date, night.name) == (start, end, evening, "night")


def test_a_night_of_berlin_has_seven_eight_or_nine_hours() -> None:
    evenings = date(2026, 3, 28), date(2026, 6, 1), date(2026, 10, 24)
    assert [hours(shift_of(BERLIN, NIGHT, each)[0]) for each in evenings] == [7, 8, 9]


@pytest.mark.parametrize(
    ("zone", "local", "expected"),
    [
        (BERLIN, datetime(2026, 3, 29, 2, 30), utc(2026, 3, 29, 1)),  # noqa: DTZ001 - a local time has no zone
        (BERLIN, datetime(2026, 3, 29, 3, 0), utc(2026, 3, 29, 1)),  # noqa: DTZ001 - the same
        (BERLIN, datetime(2026, 10, 25, 2, 30), utc(2026, 10, 25, 0, 30)),  # noqa: DTZ001 - the same
        (LORD_HOWE, datetime(2026, 10, 4, 2, 15), utc(2026, 10, 3, 15, 30)),  # noqa: DTZ001 - the same
        (LORD_HOWE, datetime(2026, 4, 5, 1, 45), utc(2026, 4, 4, 14, 45)),  # noqa: DTZ001 - the same
        (APIA, datetime(2011, 12, 30, 8), utc(2011, 12, 30, 10)),  # noqa: DTZ001 - the same
    ],
)
def test_a_local_time_is_one_moment(zone: ZoneInfo, local: datetime, expected: datetime) -> None:
    assert moment(local, zone) == expected


def test_a_day_that_a_zone_skips_has_no_shift_of_its_own() -> None:
    assert shift_of(APIA, EARLY, date(2011, 12, 30)) == []
    (before,), (over,) = shift_of(APIA, NIGHT, date(2011, 12, 29)), shift_of(APIA, NIGHT, date(2011, 12, 30))
    assert (hours(before), hours(over)) == (2, 6)
    assert before.end == over.start == utc(2011, 12, 30, 10)


def test_a_night_over_midnight_belongs_to_the_day_it_begins_on() -> None:
    calendar = Calendar(
        zone=BERLIN, patterns=(Pattern(name="night", weekdays=frozenset({5}), start=time(22), end=time(6)),)
    )
    found = occurrences(calendar, utc(2026, 1, 10, 3), utc(2026, 1, 10, 4))
    assert [(each.name, each.date) for each in found] == [("night", date(2026, 1, 9))]


def test_an_end_at_the_start_is_a_day_later() -> None:
    whole = Pattern(name="whole", weekdays=ALL_DAYS, start=time(6), end=time(6))
    assert hours(shift_of(BERLIN, whole, date(2026, 1, 5))[0]) == 24


def test_a_break_after_midnight_lies_within_its_shift() -> None:
    night = Pattern(name="night", weekdays=ALL_DAYS, start=time(22), end=time(6), breaks=(Break(time(1), time(1, 30)),))
    (found,) = shift_of(BERLIN, night, date(2026, 1, 5))
    assert found.breaks == (Span(utc(2026, 1, 6, 0), utc(2026, 1, 6, 0, 30)),)
    assert planned([found]) == [
        Span(utc(2026, 1, 5, 21), utc(2026, 1, 6, 0)),
        Span(utc(2026, 1, 6, 0, 30), utc(2026, 1, 6, 5)),
    ]


def test_crews_take_turns_through_a_cycle_of_weeks() -> None:
    odd = Pattern(name="early", weekdays=WORKDAYS, start=time(6), end=time(14), week=1, crew="A")
    even = Pattern(name="early", weekdays=WORKDAYS, start=time(6), end=time(14), week=2, crew="B")
    calendar = Calendar(zone=BERLIN, patterns=(odd, even), cycle_weeks=2, cycle_start=date(2026, 1, 7))
    found = occurrences(calendar, utc(2025, 12, 29), utc(2026, 1, 26))
    assert [each.crew for each in found] == ["B"] * 5 + ["A"] * 5 + ["B"] * 5 + ["A"] * 5


def test_exceptions_close_add_and_move_shifts() -> None:
    day = date(2026, 5, 1)
    start, end = time(8), time(12)
    moved, more = ExceptionKind.OTHER_TIMES, ExceptionKind.EXTRA
    exceptions = (
        DayException(date=day, kind=ExceptionKind.CLOSED, reason="Labour Day"),
        DayException(date=date(2026, 5, 2), kind=ExceptionKind.CLOSED, shift="late", reason="half a day"),
        DayException(date=date(2026, 5, 2), kind=moved, shift="early", reason="later", start=start, end=end),
        DayException(date=day, kind=more, shift="repairs", reason="a new oven", start=time(9), end=time(11)),
    )  # fmt: skip
    calendar = Calendar(zone=BERLIN, patterns=(EARLY, LATE), exceptions=exceptions)
    found = occurrences(calendar, utc(2026, 4, 30, 22), utc(2026, 5, 2, 22))
    assert [(each.name, each.start, hours(each)) for each in found] == [
        ("repairs", utc(2026, 5, 1, 7), 2),
        ("early", utc(2026, 5, 2, 6), 4),
    ]


def test_a_pattern_is_valid_from_a_day_to_a_day() -> None:
    some = Pattern(
        name="s", weekdays=ALL_DAYS, start=time(6), end=time(14), valid_from=date(2026, 2, 2), valid_to=date(2026, 2, 4)
    )
    found = occurrences(Calendar(zone=BERLIN, patterns=(some,)), utc(2026, 1, 1), utc(2026, 3, 1))
    assert [each.date.day for each in found] == [2, 3, 4]


def test_breaks_lie_within_their_shift_and_apart() -> None:
    assert is_within(Break(time(1), time(2)), time(22), time(6))
    assert not is_within(Break(time(5), time(7)), time(22), time(6))
    assert not is_within(Break(time(12), time(12)), time(6), time(14))
    assert are_apart([Break(time(23), time(0)), Break(time(0), time(1))], time(22))
    assert not are_apart([Break(time(23), time(1)), Break(time(0), time(2))], time(22))


def test_overlapping_shifts_are_found() -> None:
    longer = Pattern(name="longer", weekdays=frozenset({3}), start=time(13, 59), end=time(15))
    calendar = Calendar(zone=BERLIN, patterns=(EARLY, longer))
    both = overlap(occurrences(calendar, utc(2026, 1, 5), utc(2026, 1, 12)))
    assert both is not None
    assert [each.name for each in both] == ["early", "longer"]
    assert (
        overlap(occurrences(Calendar(zone=BERLIN, patterns=(EARLY, LATE, NIGHT)), utc(2026, 1, 1), utc(2027, 1, 1)))
        is None
    )


ZONES = st.sampled_from([BERLIN, NEW_YORK, LORD_HOWE, APIA, ZoneInfo("Africa/Casablanca"), ZoneInfo("UTC")])
TIMES = st.lists(st.times(), min_size=2, max_size=6, unique=True).map(sorted)
MOMENTS = st.datetimes(datetime(2011, 1, 1), datetime(2031, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001 - given one here


@given(ZONES, TIMES, MOMENTS, st.timedeltas(timedelta(hours=1), timedelta(days=40)))
def test_shifts_around_the_clock_leave_no_moment_out_and_take_none_twice(
    zone: ZoneInfo, times: list[time], start: datetime, length: timedelta
) -> None:
    ring = zip(times, [*times[1:], times[0]], strict=True)
    patterns = tuple(Pattern(name=str(at), weekdays=ALL_DAYS, start=at, end=end) for at, end in ring)
    found = occurrences(Calendar(zone=zone, patterns=patterns), start, start + length)
    assert found[0].start <= start
    assert found[-1].end >= start + length
    assert all(one.end == two.start for one, two in pairwise(found))
    assert outside(planned(found), start, start + length) == []


@given(
    ZONES, TIMES, MOMENTS, st.timedeltas(timedelta(), timedelta(days=9)), st.timedeltas(timedelta(), timedelta(days=9))
)
def test_a_window_may_be_split_anywhere(
    zone: ZoneInfo, times: list[time], start: datetime, one: timedelta, two: timedelta
) -> None:
    calendar = Calendar(zone=zone, patterns=(Pattern(name="s", weekdays=WORKDAYS, start=times[0], end=times[-1]),))
    middle, end = start + one, start + one + two
    halves = {*occurrences(calendar, start, middle), *occurrences(calendar, middle, end)}
    assert set(occurrences(calendar, start, end)) == halves | (set() if one and two else halves)


@given(ZONES, st.datetimes(datetime(2011, 1, 1), datetime(2031, 1, 1)), st.timedeltas(timedelta(), timedelta(days=2)))  # noqa: DTZ001 - local times
def test_the_order_of_local_times_is_never_turned_around(zone: ZoneInfo, local: datetime, later: timedelta) -> None:
    assert moment(local, zone) <= moment(local + later, zone)
