"""Orders of preference, added up."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foodflow.numerics.rankings import borda, condorcet_winner, inversions, mean_ranks, tau

orders = st.integers(2, 10).flatmap(lambda n: st.permutations(range(n)))


def test_the_capital_of_tennessee_is_nashville_by_points_and_in_pairs() -> None:
    # 42 put Memphis first, 26 Nashville, 15 Chattanooga, 17 Knoxville: the example that textbooks of voting use.
    places = [[42, 0, 0, 58], [26, 42, 32, 0], [15, 43, 42, 0], [17, 15, 26, 42]]
    wins = [[0, 42, 42, 42], [58, 0, 68, 68], [58, 32, 0, 83], [58, 32, 17, 0]]
    assert borda(places) == [126, 194, 173, 107]
    assert condorcet_winner(wins) == 1
    assert mean_ranks(places) == [Fraction(274, 100), Fraction(206, 100), Fraction(227, 100), Fraction(293, 100)]


def test_preferences_that_go_round_and_ties_have_no_winner() -> None:
    assert condorcet_winner([[0, 2, 1], [1, 0, 2], [2, 1, 0]]) is None
    assert condorcet_winner([[0, 1], [1, 0]]) is None
    assert condorcet_winner([[0, 0], [0, 0]]) is None


def test_an_item_that_nobody_ranked_has_no_mean_rank_and_no_points() -> None:
    assert mean_ranks([[2, 0], [0, 0]]) == [1, None]
    assert borda([[2, 0], [0, 0]]) == [2, 0]


@pytest.mark.parametrize(
    ("order", "wrong", "expected"),
    [
        ([0, 1, 2, 3], 0, Fraction(1)),
        ([3, 2, 1, 0], 6, Fraction(-1)),
        ([1, 0, 2, 3], 1, Fraction(2, 3)),
        ([0], 0, Fraction(1)),
        ([], 0, Fraction(1)),
    ],
)
def test_how_close_an_order_is_counts_pairs(order: list[int], wrong: int, expected: Fraction) -> None:
    assert (inversions(order), tau(order)) == (wrong, expected)


@given(orders)
def test_an_order_read_backwards_is_as_far_off_the_other_way(order: list[int]) -> None:
    assert tau(order[::-1]) == -tau(order)
