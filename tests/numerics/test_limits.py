"""Limits: 0 is one, a value on one lies within, and excursions are runs on one side."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foodflow.numerics.limits import Excursion, excursions, outside

NONE = np.nan
limits = st.none() | st.floats(allow_nan=False, allow_infinity=False)
sides = st.lists(st.sampled_from([-1, 0, 1]), max_size=40)


def judged(values: list[float], low: float | None, high: float | None) -> list[int]:
    """The sides of values against one pair of limits."""
    shape = len(values)
    lower = np.full(shape, NONE if low is None else low)
    upper = np.full(shape, NONE if high is None else high)
    return [int(side) for side in outside(np.array(values), lower, upper)]


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0, 5, [-1, -1, 0, 0, 0, 1]),
        (0, None, [-1, -1, 0, 0, 0, 0]),
        (None, 0, [0, 0, 0, 1, 1, 1]),
        (0, 0, [-1, -1, 0, 1, 1, 1]),
        (None, None, [0, 0, 0, 0, 0, 0]),
    ],
)
def test_zero_is_a_limit_and_what_lies_on_a_limit_is_within(
    low: float | None, high: float | None, wanted: list[int]
) -> None:
    assert judged([-99, -5e-324, 0, 2.5, 5, 5.000001], low, high) == wanted


def test_each_value_has_limits_of_its_own() -> None:
    found = outside(np.array([3.0, 3.0, 3.0]), np.array([0, 4, NONE]), np.array([2, 5, NONE]))
    assert found.tolist() == [1, -1, 0]
    assert found.dtype == np.int16


@given(st.floats(allow_nan=False, allow_infinity=False), limits, limits)
def test_a_value_is_outside_exactly_where_arithmetic_says_so(
    value: float, low: float | None, high: float | None
) -> None:
    [side] = judged([value], low, high)
    assert side == (high is not None and value > high) - (low is not None and value < low)


def test_an_excursion_is_a_run_on_one_side_with_its_value_furthest_out() -> None:
    values = np.array([1, 7, 9, 8, 1, -3, -2, 6, 1, 9.5])
    found = excursions(values, np.array([0, 1, 1, 1, 0, -1, -1, 1, 0, 1], np.int16))
    assert found == [Excursion(1, 3, 1, 9), Excursion(5, 6, -1, -3), Excursion(7, 7, 1, 6), Excursion(9, 9, 1, 9.5)]


@given(sides)
def test_excursions_cover_all_that_is_outside_and_nothing_else(given_sides: list[int]) -> None:
    array = np.array(given_sides, np.int16)
    found = excursions(np.arange(len(array), dtype=np.float64), array)
    covered = np.zeros(len(array), np.int16)
    for one in found:
        covered[one.first : one.last + 1] = one.side
        assert one.extreme == (one.last if one.side > 0 else one.first)
    assert covered.tolist() == given_sides
    for one, following in pairwise(found):
        assert following.first > one.last + 1 or following.side != one.side


def test_nothing_has_no_excursions() -> None:
    assert excursions(np.array([]), np.array([], np.int16)) == []
