"""Charts as geometry."""

import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foodflow.console.charts import BOTTOM, LEFT, RIGHT, TOP, Chart, chart
from foodflow.kernel import clock
from foodflow.numerics.epoch import to_micros
from foodflow.numerics.limits import outside
from foodflow.numerics.status_codes import all_good
from foodflow.plant.public import SensorCard
from foodflow.plant.queries.readings import Series
from foodflow.plant.usecases.traces import trace_of

START = datetime(2014, 2, 19, 12, tzinfo=UTC)
SECOND = 1_000_000
WIDTH, HEIGHT = RIGHT - LEFT, BOTTOM - TOP


def drawn(
    values: list[float], seconds: list[int] | None = None, *, low: float | None = None, high: float | None = None
) -> Chart:
    """The chart of readings at these seconds (else ten seconds apart) after START, of a sensor with these limits."""
    offsets = np.array(seconds or range(0, 10 * len(values), 10), np.int64)
    times, array = to_micros(START) + offsets * SECOND, np.array(values)
    bounds = [np.full(len(values), np.nan if limit is None else limit) for limit in (low, high)]
    series = Series(times, array, outside(array, *bounds), all_good(len(values)))
    sensor = SensorCard(
        id=clock.new_id(),
        code="t1",
        name="Cold store",
        unit="Cel",
        low=low,
        high=high,
        latest_at=START,
        latest=values[-1],
        breach=0,
        trace=None,
    )
    return chart(sensor, trace_of(series, start=START - timedelta(hours=1), begins=START, cut=False))


def numbers(path: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?[\d.]+(?:e[+-]?\d+)?", path)]


def test_readings_become_a_line_from_the_first_to_the_last() -> None:
    # 0 and 10 lie 6 % of their distance from the edges, so a unit is 1/11.2 of the height.
    unit = HEIGHT / 11.2
    path = numbers(drawn([0, 10, 5]).lines[0])
    assert path[0::2] == [LEFT, LEFT + WIDTH / 2, RIGHT]
    assert path[1::2] == pytest.approx([BOTTOM - 0.6 * unit, TOP + 0.6 * unit, BOTTOM - 5.6 * unit], abs=0.06)


def test_a_gap_in_the_readings_is_a_gap_in_the_line() -> None:
    lines = drawn([1, 2, 3, 4, 5, 6], [0, 10, 20, 30, 100, 110]).lines
    assert [len(numbers(line)) // 2 for line in lines] == [4, 2]
    assert numbers(lines[1])[0] == round(LEFT + WIDTH * 100 / 110, 1)


def test_a_step_of_five_times_the_usual_is_no_gap() -> None:
    assert len(drawn([1, 2, 3, 4], [0, 10, 20, 70]).lines) == 1


def test_a_reading_alone_between_gaps_is_a_dot() -> None:
    lines = drawn([1, 2, 3, 4, 5, 6], [0, 10, 20, 200, 400, 410]).lines
    assert re.fullmatch(r"M[\d.]+ [\d.]+h0", lines[1])


def test_one_reading_is_a_dot_in_the_middle() -> None:
    (line,) = drawn([3]).lines
    assert numbers(line)[:2] == [LEFT + WIDTH / 2, TOP + HEIGHT / 2]


def test_zero_is_drawn_as_a_limit() -> None:
    (limit,) = drawn([-1, 1], high=0).limits
    assert (limit.place, limit.label) == (TOP + HEIGHT / 2, "Upper limit 0")


def test_a_limit_far_from_the_readings_is_named_instead_of_drawn() -> None:
    found = drawn([10, 11, 12], low=-100, high=13)
    assert [limit.label for limit in found.limits] == ["Upper limit 13"]
    assert found.beyond == ("Lower limit -100 °C lies below this chart",)


def test_a_limit_that_all_readings_are_far_above_is_below_the_chart() -> None:
    assert drawn([100, 101], high=5).beyond == ("Upper limit 5 °C lies below this chart",)


def test_an_excursion_is_shaded_from_its_first_to_its_last_reading_and_marked_at_its_extreme() -> None:
    found = drawn([0, 6, 9, 7, 0, 0, 0, 0, 0, 0, 0], high=5)
    (band,) = found.bands
    assert band.x == round(LEFT + WIDTH / 10, 1)
    assert band.width == pytest.approx(WIDTH / 5, abs=0.11)
    (mark,) = found.marks
    assert (mark.x, mark.side) == (round(LEFT + WIDTH / 5, 1), 1)
    assert mark.y == numbers(found.lines[0])[5]


def test_an_excursion_of_one_reading_can_be_seen() -> None:
    (band,) = drawn([0, 0, 0, 0, 0, 9], high=5).bands
    assert (band.x, band.width) == (RIGHT - 2, 2)


def test_excursions_below_and_above_are_told_apart() -> None:
    found = drawn([3, -1, 3, 3, 3, 3, 7, 3], low=0, high=5)
    assert [mark.side for mark in found.marks] == [-1, 1]
    assert "Lower limit 0 °C, Upper limit 5 °C; outside 2 times." in found.description


def test_excursions_that_cannot_be_told_apart_are_one() -> None:
    found = drawn([0, 9] * 500, high=5)
    assert len(found.bands) < WIDTH
    assert len(found.marks) <= WIDTH / 9 + 1


def test_the_description_tells_what_the_chart_shows() -> None:
    assert drawn([2, -3.25, 8]).description == (
        "3 readings from 2014-02-19 12:00 UTC to 2014-02-19 12:00:20 UTC. "
        "Lowest -3.25 °C at 2014-02-19 12:00:10 UTC, highest 8 °C at 2014-02-19 12:00:20 UTC."
    )


def test_every_peak_of_a_long_series_is_drawn() -> None:
    values = [0.0] * 5000
    values[1234], values[4321] = 50.0, -50.0
    heights = numbers(drawn(values).lines[0])[1::2]
    assert (min(heights), max(heights)) == (
        numbers(drawn([-50, 50]).lines[0])[3],
        numbers(drawn([-50, 50]).lines[0])[1],
    )
    assert len(heights) < 500


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30),
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
)
def test_whatever_is_drawn_stays_within_the_chart(values: list[float], high: float | None) -> None:
    found = drawn(values, high=high)
    places = [numbers(line.replace("h0", "")) for line in found.lines]
    assert all(LEFT <= x <= RIGHT for line in places for x in line[0::2])
    assert all(TOP <= y <= BOTTOM for line in places for y in line[1::2])
    assert all(TOP <= tick.place <= BOTTOM for tick in (*found.values, *found.limits))
    assert all(LEFT <= tick.place <= RIGHT for tick in found.times)
    assert len(found.values) <= 6
