"""Roll-ups are exact, whatever they are put together from."""

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from foodflow.numerics import rollup
from foodflow.numerics.rollup import DAY, HOUR, MINUTE, Rollups, combine, concatenate, pack, roll_up, unpack

START = 1_767_225_600_000_000
GOOD, UNCERTAIN, BAD = 0, 0x40000000, 0x80000000

row = st.tuples(
    st.integers(START - 2 * HOUR, START + 2 * HOUR),
    st.floats(-1e9, 1e9),
    st.sampled_from([-1, 0, 0, 1]),
    st.sampled_from([GOOD, GOOD, UNCERTAIN, BAD]),
)
series = st.lists(row, max_size=200, unique_by=lambda one: one[0]).map(sorted)
Row = tuple[int, float, int, int]


def rolled(rows: list[Row], width: int) -> Rollups:
    """The roll-up of rows of time, value, breach and status; Bad ones carry no number."""
    times, values, breaches, statuses = ([one[place] for one in rows] for place in range(4))
    codes = np.array(statuses, np.uint32)
    numbers = np.where(codes >> 30 == 2, np.nan, np.array(values, np.float64))
    sides = np.array(breaches, np.int16)
    return roll_up(np.array(times, np.int64), numbers, breaches=sides, statuses=codes, width=width)


def same(one: Rollups, other: Rollups) -> None:
    """All but the means equal to the bit, and those to their rounding."""
    scale = np.maximum(np.abs(one.lowest), np.abs(one.highest))
    for name in Rollups.__dataclass_fields__:
        mine, yours = getattr(one, name), getattr(other, name)
        if name == "means":
            assert (np.isnan(mine) == np.isnan(yours)).all()
            assert (np.nan_to_num(np.abs(mine - yours)) <= np.nan_to_num(scale) * 1e-12).all()
        else:
            np.testing.assert_array_equal(mine, yours, err_msg=name)


@given(series, st.sampled_from([MINUTE, HOUR, DAY]))
def test_each_bucket_says_what_its_readings_are(rows: list[Row], width: int) -> None:
    found = rolled(rows, width)
    buckets: defaultdict[int, list[Row]] = defaultdict(list)
    for one in rows:
        buckets[one[0] // width * width].append(one)
    assert found.starts.tolist() == sorted(buckets)
    for place, start in enumerate(found.starts.tolist()):
        taken = [one for one in buckets[start] if one[3] != BAD]
        assert found.counts[place] == len(taken)
        assert found.bad[place] == len(buckets[start]) - len(taken)
        assert found.uncertain[place] == sum(one[3] == UNCERTAIN for one in taken)
        assert found.below[place] == sum(one[2] < 0 for one in taken)
        assert found.above[place] == sum(one[2] > 0 for one in taken)
        if not taken:
            assert np.isnan([found.means[place], found.lowest[place], found.first[place]]).all()
            continue
        lowest, highest = min(taken, key=lambda one: one[1]), max(taken, key=lambda one: one[1])
        assert (found.lowest[place], found.lowest_at[place]) == (lowest[1], lowest[0])
        assert (found.highest[place], found.highest_at[place]) == (highest[1], highest[0])
        assert (found.first[place], found.first_at[place]) == (taken[0][1], taken[0][0])
        assert (found.last[place], found.last_at[place]) == (taken[-1][1], taken[-1][0])
        exact = math.fsum(one[1] for one in taken) / len(taken)
        assert found.means[place] == pytest.approx(exact, rel=1e-12, abs=1e-300)


@given(series)
def test_hours_are_what_their_minutes_make_together(rows: list[Row]) -> None:
    same(combine(rolled(rows, MINUTE), width=HOUR), rolled(rows, HOUR))
    same(combine(rolled(rows, HOUR), width=DAY), rolled(rows, DAY))


@given(series, st.integers(0, 200), st.sampled_from([MINUTE, HOUR]))
def test_parts_make_the_whole_wherever_it_is_cut(rows: list[Row], cut: int, width: int) -> None:
    parts = [rolled(rows[:cut], width), rolled(rows[cut:], width)]
    same(combine(concatenate(parts), width=width), rolled(rows, width))


@given(series)
def test_what_is_packed_is_unpacked_again_also_joined(rows: list[Row]) -> None:
    hours = rolled(rows, HOUR)
    same(unpack(pack(hours)), hours)
    same(unpack(pack(hours) + pack(hours)), concatenate_plain(hours, hours))
    assert len(pack(hours)) == 84 * len(hours)


def concatenate_plain(one: Rollups, other: Rollups) -> Rollups:
    return Rollups(
        *(np.concatenate((getattr(one, name), getattr(other, name))) for name in Rollups.__dataclass_fields__)
    )


def dense(values: NDArray[np.float64]) -> Rollups:
    """The one hour of values at 1 Hz."""
    none = np.zeros(len(values), np.int16)
    times = START + np.arange(len(values), dtype=np.int64) * 1_000_000
    return roll_up(times, values, breaches=none, statuses=none.astype(np.uint32), width=HOUR)


@pytest.mark.parametrize("offset", [0.0, 1.0, 1e6, 1e15, -1e15, 1e300])
def test_the_mean_of_an_hour_is_right_to_the_last_digits(offset: float) -> None:
    values = offset + np.random.default_rng(1).standard_normal(3600)
    assert dense(values).means[0] == pytest.approx(math.fsum(values) / 3600, rel=1e-15)


def test_what_cancels_out_leaves_what_is_small() -> None:
    values = np.tile([1e15, -1e15, 0.1], 1200)
    assert dense(values).means[0] == pytest.approx(0.1 / 3, rel=1e-15)


def test_the_largest_numbers_have_a_mean_too() -> None:
    assert dense(np.full(3600, 1.7e308)).means[0] == 1.7e308
    assert combine(dense(np.full(3600, -1.7e308)), width=DAY).means[0] == -1.7e308


def test_nothing_rolls_up_to_nothing() -> None:
    nothing = rolled([], HOUR)
    assert len(nothing) == len(combine(nothing, width=DAY)) == len(concatenate([])) == len(unpack(b"")) == 0


def test_times_that_go_back_are_refused() -> None:
    with pytest.raises(ValueError, match="go back"):
        rolled([(START, 1.0, 0, 0), (START - 1, 1.0, 0, 0)], HOUR)


def test_golden_values_of_two_minutes() -> None:
    rows: list[Row] = [
        (START, 2.0, 0, GOOD),
        (START + 20_000_000, -1.0, -1, GOOD),
        (START + 40_000_000, 99.0, 1, BAD),
        (START + 50_000_000, 5.0, 1, UNCERTAIN),
        (START + 3 * MINUTE, 7.0, 1, GOOD),
    ]
    found = rolled(rows, MINUTE)
    assert found.starts.tolist() == [START, START + 3 * MINUTE]
    assert (found.counts.tolist(), found.bad.tolist(), found.uncertain.tolist()) == ([3, 1], [1, 0], [1, 0])
    assert (found.below.tolist(), found.above.tolist()) == ([1, 0], [1, 1])
    assert found.means.tolist() == [2.0, 7.0]
    assert (found.lowest.tolist(), found.highest.tolist()) == ([-1.0, 7.0], [5.0, 7.0])
    assert (found.first.tolist(), found.last.tolist()) == ([2.0, 7.0], [5.0, 7.0])
    assert rollup.combine(found, width=HOUR).means.tolist() == [13 / 4]
