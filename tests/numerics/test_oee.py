"""Effectiveness from states and counts, against golden values and for any history."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given

from foodflow.numerics.intervals import StateChange
from foodflow.numerics.oee import Amount, Count, Elements, combine, elements, elements_of, line_time, oee
from tests.numerics.make import START, after, changes, counts, history, moments


def count(minutes: float, good: Any, scrap: Any = 0, rate: Any = 80) -> Count:  # noqa: ANN401 - also what is refused
    """A count so many minutes after the start."""
    return Count(at=after(minutes), good=good, scrap=scrap, ideal_rate=rate)


def test_twenty_hours_with_two_down_give_the_published_figures() -> None:
    """6.0 s an item is 10 items a minute; 1080 of 1200 minutes run; 9850 made, 9500 good."""
    states = history((0, "running"), (500, "downtime"), (620, "running"))
    total = elements(states, [count(1200, 9500, 350, 10)], start=START, end=after(1200))
    found = oee(total)
    assert (total.apt, total.pbt) == (1080 * 60, 1200 * 60)
    assert found.availability == 0.9
    assert found.performance == pytest.approx(0.91204, abs=5e-6)
    assert found.quality == pytest.approx(0.96447, abs=5e-6)
    assert found.oee == pytest.approx(0.791667, abs=5e-7)
    assert found.oee == float(Fraction(6 * 9500, 72_000))
    assert not found.ideal_rate_exceeded


def test_six_hours_without_stops_give_the_published_figures() -> None:
    total = elements(history((0, "running")), [count(360, 9500, 350)], start=START, end=after(360))
    found = oee(total)
    assert found.availability == 1
    assert found.performance == pytest.approx(0.342, abs=5e-4)
    assert found.quality == pytest.approx(0.964, abs=5e-4)
    assert found.oee == pytest.approx(0.330, abs=5e-4)


def test_maintenance_unscheduled_and_unrecorded_time_are_not_planned_busy_time() -> None:
    states = history((1, "running"), (2, "maintenance"), (4, "not_scheduled"), (8, "idle"), (16, "changeover"))
    total = elements(states, [], start=START, end=after(32))
    assert total.pbt == (1 + 8 + 16) * 60
    assert (total.planned_downtime, total.unrecorded) == (120, 60)
    assert total.seconds["not_scheduled"] == 240
    assert sum(total.seconds.values()) == 32 * 60


def test_a_line_that_is_down_all_the_time_has_an_effectiveness_of_zero() -> None:
    found = oee(elements(history((0, "downtime")), [], start=START, end=after(60)))
    assert (found.availability, found.oee) == (0, 0)
    assert (found.performance, found.quality) == (None, None)


def test_a_line_that_was_not_planned_has_no_effectiveness() -> None:
    found = oee(elements(history((0, "not_scheduled")), [], start=START, end=after(60)))
    assert (found.availability, found.performance, found.quality, found.oee) == (None, None, None, None)


def test_a_line_faster_than_its_ideal_is_shown_and_not_capped() -> None:
    found = oee(elements(history((0, "running")), [count(10, 1000, rate=80)], start=START, end=after(10)))
    assert found.performance == 1.25
    assert found.oee == 1.25
    assert found.ideal_rate_exceeded


def test_a_line_exactly_at_its_ideal_does_not_exceed_it() -> None:
    """In binary fractions the sum of a thousand times 60/7 seconds would."""
    many = [count(minute, 7, rate=7) for minute in range(1, 1001)]
    found = oee(elements(history((0, "running")), many, start=START, end=after(1000)))
    assert found.performance == 1
    assert not found.ideal_rate_exceeded


def test_without_an_ideal_rate_only_quality_is_known() -> None:
    made = [count(5, 90, 10, None), count(6, 100, 0, 80)]
    total = elements(history((0, "running")), made, start=START, end=after(10))
    found = oee(total)
    assert total.unrated == 100
    assert (found.availability, found.performance, found.quality, found.oee) == (1, None, 0.95, None)
    assert found.ideal_rate_unknown


def test_quality_weighs_items_by_their_ideal_time() -> None:
    """Ten minutes of scrap of a slow product weigh more than as many items of a fast one."""
    amounts = [Amount(good=0, scrap=100, ideal_rate=10), Amount(good=100, scrap=0, ideal_rate=100)]
    total = elements_of(line_time(history((0, "running")), start=START, end=after(20)), amounts)
    assert oee(total).quality == pytest.approx(1 / 11)


def test_items_counted_while_nothing_runs_contradict_the_states() -> None:
    found = oee(elements(history((0, "downtime")), [count(5, 10)], start=START, end=after(10)))
    assert found.counted_without_running
    assert (found.availability, found.performance, found.quality, found.oee) == (0, None, 1, None)


def test_a_report_at_the_end_of_a_shift_belongs_to_that_shift() -> None:
    states, made = history((0, "running")), [count(0, 1), count(480, 10), count(960, 100)]
    early = elements(states, made, start=START, end=after(480))
    late = elements(states, made, start=after(480), end=after(960))
    assert (early.good, late.good) == (Decimal(10), Decimal(100))


def test_sums_made_by_a_database_give_the_same_elements() -> None:
    states = history((0, "running"))
    single = [count(minute, Decimal("79.25"), Decimal("0.5"), 80) for minute in range(1, 61)]
    summed = [Amount(good=Decimal("4755.00"), scrap=Decimal("30.00"), ideal_rate=Decimal(80))]
    whole = elements(states, single, start=START, end=after(60))
    assert elements_of(whole.time, summed) == whole


def test_two_lines_are_summed_and_not_averaged() -> None:
    busy = elements(history((0, "running")), [count(60, 4800)], start=START, end=after(60))
    brief = elements(history((0, "downtime")), [], start=START, end=after(15))
    assert oee(combine([busy, brief])).oee == 0.8
    assert combine([]) == Elements()


@pytest.mark.parametrize("bad", [-1, Decimal("NaN"), Decimal("Infinity")])
def test_quantities_that_are_no_amount_are_refused(bad: Decimal | int) -> None:
    with pytest.raises(ValueError, match="at least 0"):
        count(0, bad)
    with pytest.raises(ValueError, match="at least 0"):
        count(0, 1, bad)


@pytest.mark.parametrize("bad", [0, -80, Decimal("NaN")])
def test_an_ideal_rate_that_is_none_is_refused(bad: Decimal | int) -> None:
    with pytest.raises(ValueError, match="ideal_rate"):
        count(0, 1, rate=bad)


def test_a_state_that_no_line_has_is_refused() -> None:
    with pytest.raises(ValueError, match="banana"):
        elements(history((0, "banana")), [], start=START, end=after(1))


@given(changes, counts, moments, moments)
def test_the_three_ratios_multiply_to_oee(
    states: list[StateChange], made: list[Count], one: datetime, two: datetime
) -> None:
    start, end = sorted((one, two))
    found = oee(elements(states, made, start=start, end=end))
    for ratio in (found.availability, found.quality):
        assert ratio is None or 0 <= ratio <= 1
    if found.availability is not None and found.performance is not None and found.quality is not None:
        product = found.availability * found.performance * found.quality
        assert found.oee == pytest.approx(product, rel=1e-12)
    assert found.ideal_rate_exceeded == (found.performance is not None and found.performance > 1)


@given(changes, counts, moments, moments, moments)
def test_split_windows_add_up_exactly(
    states: list[StateChange], made: list[Count], one: datetime, two: datetime, three: datetime
) -> None:
    start, middle, end = sorted((one, two, three))
    parts = [
        elements(states, made, start=start, end=middle),
        elements(states, made, start=middle, end=end),
    ]
    assert combine(parts) == elements(states, made, start=start, end=end)
