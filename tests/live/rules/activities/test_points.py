"""What answers of quizzes are worth: how right, how fast, and how many before in a row."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foodflow.live.rules.activities.points import elapsed, points, share_of_choices

ALL, HALF = Fraction(1), Fraction(1, 2)
shares = st.fractions(0, 1, max_denominator=50)


@pytest.mark.parametrize(
    ("share", "time", "streak", "expected"),
    [
        (ALL, Fraction(0), 0, 1000),
        (ALL, Fraction(1, 15), 0, 967),
        (ALL, HALF, 0, 750),
        (ALL, ALL, 0, 500),
        (ALL, Fraction(0), 1, 1100),
        (ALL, Fraction(0), 5, 1500),
        (ALL, Fraction(0), 9, 1500),
        (ALL, ALL, 5, 750),
        (HALF, Fraction(0), 5, 500),
        (HALF, ALL, 0, 250),
        (Fraction(0), Fraction(0), 5, 0),
    ],
)
def test_points_follow_the_formula(share: Fraction, time: Fraction, streak: int, expected: int) -> None:
    assert points(1000, share, elapsed=time, streak=streak) == expected


@given(st.integers(0, 10_000), shares, shares, st.integers(0, 100))
def test_points_are_never_below_zero_nor_above_one_and_a_half_times_what_the_question_gives(
    most: int, share: Fraction, time: Fraction, streak: int
) -> None:
    assert 0 <= points(most, share, elapsed=time, streak=streak) <= (3 * most + 1) // 2


@given(shares, shares, shares, st.integers(0, 9))
def test_whoever_is_faster_gets_no_less(share: Fraction, one: Fraction, other: Fraction, streak: int) -> None:
    fast, slow = sorted((one, other))
    assert points(1000, share, elapsed=fast, streak=streak) >= points(1000, share, elapsed=slow, streak=streak)


def test_half_a_point_is_rounded_up() -> None:
    assert points(1, HALF, elapsed=Fraction(0), streak=0) == 1
    assert points(1, HALF, elapsed=Fraction(1, 100), streak=0) == 0


def test_the_time_that_went_by_is_between_none_and_all() -> None:
    assert [elapsed(each, 20) for each in (-5, 0, 5_000, 20_400)] == [0, 0, Fraction(1, 4), 1]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (["red", "green"], 1),
        (["red"], HALF),
        (["red", "blue"], 0),
        (["red", "green", "blue"], HALF),
        (["red", "green", "blue", "grey"], 0),
        (["blue"], 0),
        ([], 0),
    ],
)
def test_wrong_choices_count_against_right_ones(chosen: list[str], expected: Fraction) -> None:
    assert share_of_choices(chosen, ["red", "green"]) == expected
