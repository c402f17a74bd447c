"""Round marks on axes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foodflow.console.scales import time_ticks, value_ticks

NOON = datetime(2014, 2, 19, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (-0.3, 10.4, ["0", "5", "10"]),
        (0, 1, ["0.0", "0.5", "1.0"]),
        (71.2, 74.9, ["72", "73", "74"]),
        (-0.0021, 0.0019, ["-0.002", "-0.001", "0.000", "0.001"]),
        (1_000_000, 4_000_000, ["1e+06", "2e+06", "3e+06", "4e+06"]),
    ],
)
def test_values_are_marked_at_round_numbers(low: float, high: float, labels: list[str]) -> None:
    assert [label for _, label in value_ticks(low, high, most=4)] == labels


def test_values_that_cannot_be_told_apart_have_one_mark() -> None:
    assert value_ticks(7.0, 7.0 + 1e-15, most=4) == [(7.0, "7")]


@pytest.mark.parametrize(
    ("span", "labels"),
    [
        (timedelta(seconds=20), ["12:00:00", "12:00:05", "12:00:10", "12:00:15", "12:00:20"]),
        (timedelta(hours=1), ["12:00", "12:15", "12:30", "12:45", "13:00"]),
        (timedelta(hours=24), ["12:00", "18:00", "20 Feb", "06:00", "12:00"]),
        (timedelta(days=7), ["21 Feb", "23 Feb", "25 Feb"]),
        (timedelta(days=90), ["Mar 2014", "Apr 2014", "May 2014"]),
        (timedelta(days=365 * 9), ["2015", "2020"]),
    ],
)
def test_moments_are_marked_where_people_count(span: timedelta, labels: list[str]) -> None:
    assert [label for _, label in time_ticks(NOON, NOON + span, most=4)] == labels


@given(st.integers(min_value=2, max_value=60 * 60 * 24 * 365 * 25), st.integers(min_value=0, max_value=10**9))
def test_marks_are_within_and_few(seconds: int, offset: int) -> None:
    start = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=offset)
    end = start + timedelta(seconds=seconds)
    marks = time_ticks(start, end, most=4)
    assert all(start <= at <= end for at, _ in marks)
    assert len(marks) <= 6
