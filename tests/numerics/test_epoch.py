"""Moments as microseconds: exact both ways, whatever the zone."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from foodflow.numerics.epoch import EPOCH, from_micros, to_micros

zones = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(50, 1, 1), datetime(9950, 1, 1), timezones=zones)  # noqa: DTZ001 - the zone comes with it


@given(moments)
def test_a_moment_comes_back_as_it_was_in_utc(moment: datetime) -> None:
    back = from_micros(to_micros(moment))
    assert back == moment
    assert back.tzinfo is UTC


@given(moments, st.integers(-(10**15), 10**15))
def test_a_microsecond_counts_as_one_before_1970_and_after(moment: datetime, steps: int) -> None:
    assert to_micros(moment + timedelta(microseconds=steps)) - to_micros(moment) == steps


def test_the_count_begins_in_1970() -> None:
    assert to_micros(EPOCH) == 0
    assert from_micros(-1) == EPOCH - timedelta(microseconds=1)
