"""Counters, yields, costs and held values, against golden values and for anything."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foodflow.numerics.batch_costs import Costs, labour_amount, per_item, shares
from foodflow.numerics.counters import Totals, made_between
from foodflow.numerics.held_values import held, plain
from foodflow.numerics.oee import Amount, LineTime, elements_of, oee
from foodflow.numerics.yields import giveaway, yields

quantities = st.decimals(0, 10_000, places=2)
totals = st.builds(Totals, good=quantities, scrap=quantities, rework=quantities)


def test_the_published_batch_has_the_published_rates() -> None:
    found = yields(good=Decimal(9500), scrap=Decimal(350), rework=Decimal(0), target=Decimal(10_000))
    assert found.produced == 9850
    assert found.fulfilment == 0.95
    assert found.yield_rate == found.first_pass_yield == pytest.approx(0.96447, abs=5e-6)
    assert found.scrap_rate == pytest.approx(0.03553, abs=5e-6)


@given(quantities, quantities, quantities)
def test_the_rates_of_what_was_made_add_up_to_one(good: Decimal, scrap: Decimal, rework: Decimal) -> None:
    found = yields(good=good, scrap=scrap, rework=rework)
    rates = (found.yield_rate, found.scrap_rate, found.rework_rate)
    if found.produced:
        assert sum(rate for rate in rates if rate is not None) == pytest.approx(1)
        assert all(rate is not None and 0 <= rate <= 1 for rate in rates)
    else:
        assert rates == (None, None, None)


def test_nothing_is_made_less_than_no_times() -> None:
    with pytest.raises(ValueError, match="less than"):
        yields(good=Decimal(-1), scrap=Decimal(0), rework=Decimal(0))


def test_giveaway_is_what_was_filled_beyond_what_was_promised() -> None:
    found = giveaway(good=Decimal(1000), nominal=Decimal("0.5"), filled=Decimal(510))
    assert found is not None
    assert found.amount == 10
    assert found.rate == 0.02
    short = giveaway(good=Decimal(10), nominal=Decimal(1), filled=Decimal(9))
    assert short is not None
    assert short.rate == -0.1
    for good, nominal, filled in ((0, 1, 1), (1, None, 1), (1, 1, None)):
        weights = {"nominal": None if nominal is None else Decimal(nominal)}
        assert giveaway(good=Decimal(good), filled=None if filled is None else Decimal(filled), **weights) is None


@given(totals, totals)
def test_a_counter_that_ran_on_shows_the_sum_and_one_that_was_reset_what_was_made_since(
    before: Totals, made: Totals
) -> None:
    after = Totals(good=before.good + made.good, scrap=before.scrap + made.scrap, rework=before.rework + made.rework)
    assert (made_between(before, after).amounts, made_between(before, after).was_reset) == (made, False)
    found = made_between(after, before)
    if made.together:
        assert (found.amounts, found.was_reset) == (before, True)


def test_a_counter_shows_at_least_nought() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        Totals(good=Decimal(-1))


def test_rework_lowers_the_quality_once() -> None:
    """60 minutes at 10 a minute: 540 made, 500 of them right the first time."""
    time = LineTime(running=LineTime().running.__class__(minutes=60))
    found = oee(elements_of(time, [Amount(good=500, scrap=10, rework=30, ideal_rate=10)]))
    assert found.quality == pytest.approx(500 / 540)
    assert found.performance == pytest.approx(0.9)
    assert found.oee == pytest.approx(500 / 600)


def test_labour_is_minutes_times_people_times_the_rate_of_an_hour() -> None:
    assert labour_amount(minutes=Decimal(50), people=Decimal(2), rate=Decimal(30)) == 50
    assert labour_amount(minutes=Decimal(1), people=Decimal(1), rate=Decimal(1)) == pytest.approx(Decimal(1) / 60)


def test_what_was_scrapped_was_paid_for_already() -> None:
    assert Costs(labour=Decimal(2), material=Decimal(3), scrap=Decimal(1)).total == 5
    assert Costs(scrap=Decimal(1)).total is None
    assert per_item(Decimal(5), Decimal(10)) == Decimal("0.5")
    assert per_item(Decimal(5), Decimal(0)) is per_item(None, Decimal(1)) is None


def test_shares_are_of_all_and_with_all_before() -> None:
    assert shares([Decimal(3), Decimal(1)]) == [(0.75, 0.75), (0.25, 1.0)]
    assert shares([]) == []


def test_a_reading_holds_until_the_next_one() -> None:
    """1 for 10 s, 4 for 20 s; the span begins 5 s before the first reading."""
    seconds = np.array([5, 15], np.int64) * 1_000_000
    found = held(seconds, np.array([1.0, 4.0]), [(0, 35_000_000)], high=3)
    assert (found.readings, found.mean, found.least, found.greatest) == (2, 3, 1, 4)
    assert found.outside == pytest.approx(2 / 3)
    assert found.seconds == 30


def test_values_noted_down_count_alike_and_cover_no_time() -> None:
    found = plain([1, 2, 6], low=2)
    assert found.mean == 3
    assert found.outside == pytest.approx(1 / 3)
    assert plain([]).mean is None


readings = st.lists(st.tuples(st.integers(0, 10**9), st.floats(-1e6, 1e6)), max_size=20, unique_by=lambda one: one[0])


@given(readings, st.integers(0, 10**9), st.integers(1, 10**9), st.floats(-1e6, 1e6))
def test_a_mean_lies_between_the_extremes_and_no_more_time_is_covered_than_there_is(
    made: list[tuple[int, float]], start: int, length: int, limit: float
) -> None:
    made.sort()
    times, values = np.array([at for at, _ in made], np.int64), np.array([value for _, value in made], np.float64)
    found = held(times, values, [(start, start + length)], low=limit)
    assert found.seconds <= length / 1e6 + 1e-9
    if found.mean is not None and found.least is not None and found.greatest is not None:
        assert found.least <= found.mean <= found.greatest
        assert found.outside is not None
        assert 0 <= found.outside <= 1
