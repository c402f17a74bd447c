"""What a histogram says is what the values themselves would say."""

import statistics
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foodflow.numerics.histograms import Promotion, mean, median, promotion, standard_deviation, total

values = st.lists(st.fractions(-100, 100, max_denominator=4), min_size=1, max_size=30)


def test_the_spread_of_eight_values_is_the_known_one() -> None:
    counts = Counter(map(Fraction, (2, 4, 4, 4, 5, 5, 7, 9)))
    assert (total(counts), mean(counts), median(counts)) == (8, Fraction(5), Fraction(9, 2))
    assert standard_deviation(counts) == 2.0


def test_nothing_is_said_of_nothing() -> None:
    for counts in ({}, {Fraction(3): 0}):
        assert (total(counts), mean(counts), median(counts), standard_deviation(counts)) == (0, None, None, None)
        assert promotion(counts).score is None


@given(values)
def test_counts_say_what_the_values_say(found: list[Fraction]) -> None:
    counts = Counter(found)
    assert mean(counts) == statistics.mean(found)
    assert median(counts) == statistics.median(found)
    assert standard_deviation(counts) == pytest.approx(statistics.pstdev(map(float, found)), abs=1e-9)


@given(values, st.integers(1, 10**6))
def test_as_many_times_each_value_says_the_same(found: list[Fraction], times: int) -> None:
    counts = Counter(found)
    many = {value: count * times for value, count in counts.items()}
    assert (mean(many), median(many)) == (mean(counts), median(counts))


def test_the_net_promoter_score_is_percent_of_promoters_less_percent_of_detractors() -> None:
    counts = {Fraction(grade): 1 for grade in range(11)}
    assert promotion(counts) == Promotion(promoters=2, passives=2, detractors=7)
    assert promotion(counts).score == Fraction(-500, 11)
    assert promotion({Fraction(10): 3}).score == 100
