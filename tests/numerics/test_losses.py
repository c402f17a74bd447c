"""The six big losses and valuable time are the planned busy time, however it is cut and added up."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foodflow.numerics import losses, oee
from foodflow.numerics.intervals import StateChange, intervals
from foodflow.numerics.losses import Loss, StateTime, cost_of_time, in_money, loss_of, six_big_losses
from foodflow.numerics.oee import Amount, Elements, LineTime

START = datetime(2026, 1, 5, 6, tzinfo=UTC)
STATES = ("running", "idle", "changeover", "downtime", "maintenance", "not_scheduled")


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def part(state: str, length: float, *, is_micro: bool = False, loss: Loss | None = None) -> StateTime:
    return StateTime(state=state, duration=minutes(length), is_micro=is_micro, loss=loss)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (part("downtime", 30), Loss.BREAKDOWNS),
        (part("downtime", 4.9, is_micro=True), Loss.MINOR_STOPS),
        (part("downtime", 30, loss=Loss.SETUP_AND_ADJUSTMENT), Loss.SETUP_AND_ADJUSTMENT),
        (part("changeover", 1), Loss.SETUP_AND_ADJUSTMENT),
        (part("idle", 60), Loss.MINOR_STOPS),
        (part("running", 60), None),
        (part("maintenance", 60), None),
        (part("not_scheduled", 60, loss=Loss.BREAKDOWNS), None),
    ],
)
def test_each_stop_is_one_loss(one: StateTime, expected: Loss | None) -> None:
    assert loss_of(one) == expected


def test_a_shift_that_was_worked_out_by_hand() -> None:
    """480 min planned: 20 changeover, 45 breakdown, 15 minor; 400 min at 60/min would be 24,000: 22,000 made, 500 lost,
    of them 100 while starting up.
    """
    time = LineTime(running=minutes(400), changeover=minutes(20), downtime=minutes(57), idle=minutes(3))
    elements = oee.elements_of(time, [Amount(good=Decimal(21_500), scrap=Decimal(500), ideal_rate=Decimal(60))])
    stops = [part("changeover", 20), part("downtime", 45), *[part("downtime", 3, is_micro=True)] * 4, part("idle", 3)]
    found = six_big_losses(stops, elements, startup=Fraction(100))
    assert {loss: float(seconds) / 60 for loss, seconds in found.seconds.items()} == pytest.approx(
        {
            Loss.SETUP_AND_ADJUSTMENT: 20,
            Loss.BREAKDOWNS: 45,
            Loss.MINOR_STOPS: 15,
            Loss.REDUCED_SPEED: (24_000 - 22_000) / 60,
            Loss.PROCESS_DEFECTS: 400 / 60,
            Loss.STARTUP_REJECTS: 100 / 60,
        }
    )
    assert found.valuable + sum(found.seconds.values()) == 480 * 60
    assert float(found.valuable / (480 * 60)) == pytest.approx(oee.oee(elements).oee)


def test_a_line_that_was_faster_than_its_ideal_shows_it() -> None:
    elements = oee.elements_of(
        LineTime(running=minutes(10)), [Amount(good=Decimal(700), scrap=Decimal(), ideal_rate=60)]
    )
    found = six_big_losses([], elements)
    assert found.of(Loss.REDUCED_SPEED) == -100


def test_without_an_ideal_speed_nobody_knows_what_speed_lost() -> None:
    elements = oee.elements_of(
        LineTime(running=minutes(10)), [Amount(good=Decimal(7), scrap=Decimal(1), ideal_rate=None)]
    )
    found = six_big_losses([part("changeover", 2)], elements)
    assert (found.of(Loss.REDUCED_SPEED), found.of(Loss.PROCESS_DEFECTS)) == (None, None)
    assert found.of(Loss.SETUP_AND_ADJUSTMENT) == 120


@pytest.mark.parametrize("startup", [Fraction(-1), Fraction(11)])
def test_more_startup_rejects_than_rejects_are_refused(startup: Fraction) -> None:
    elements = oee.elements_of(
        LineTime(running=minutes(10)), [Amount(good=Decimal(90), scrap=Decimal(10), ideal_rate=60)]
    )
    with pytest.raises(ValueError, match="startup rejects"):
        six_big_losses([], elements, startup=startup)


def test_time_costs_what_an_hour_costs_and_sums_are_rounded_once() -> None:
    assert in_money(cost_of_time(Fraction(1800), Decimal(250)), 2) == Decimal("125.00")
    assert in_money(cost_of_time(Fraction(-1800), Decimal(250)), 2) == Decimal("-125.00")
    second = cost_of_time(Fraction(1), Decimal(100))
    assert in_money(second, 2) == Decimal("0.03")
    assert in_money(3600 * second, 2) == Decimal("100.00")
    assert in_money(Fraction(5, 2), 0) == Decimal(2)


changes = st.lists(st.tuples(st.integers(0, 5000), st.sampled_from(STATES)), min_size=1, max_size=12)
made = st.lists(st.tuples(st.integers(1, 4999), st.integers(0, 500), st.integers(0, 50)), max_size=8)


@given(changes, made, st.integers(1, 4999))
def test_losses_and_valuable_time_are_the_planned_busy_time_and_windows_add_up(
    reports: list[tuple[int, str]], counts: list[tuple[int, int, int]], middle: int
) -> None:
    history = [StateChange(START + timedelta(seconds=at), state) for at, state in sorted(reports)]

    def over(first: int, last: int) -> tuple[Elements, losses.Losses]:
        start, end = START + timedelta(seconds=first), START + timedelta(seconds=last)
        time = oee.line_time(history, start=start, end=end)
        within = [Amount(good=g, scrap=s, ideal_rate=Decimal(40)) for at, g, s in counts if first < at <= last]
        elements = oee.elements_of(time, within)
        parts = [
            StateTime(state=each.state, duration=each.duration) for each in intervals(history, start=start, end=end)
        ]
        return elements, six_big_losses(parts, elements)

    elements, whole = over(0, 5000)
    assert whole.valuable + sum(whole.seconds.values()) == Fraction(
        elements.time.pbt // timedelta(microseconds=1), 10**6
    )
    first, second = over(0, middle)[1], over(middle, 5000)[1]
    added = losses.combine([first, second])
    assert added.valuable == whole.valuable
    assert {k: v for k, v in added.seconds.items() if v} == {k: v for k, v in whole.seconds.items() if v}
