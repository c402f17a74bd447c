"""Decisions of the plant: windows, limits, names, and how wrong rows are told."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from foodflow.kernel.errors import Invalid
from foodflow.plant.rules.sensors import MAX_LISTED, require_limits, rows_refused
from foodflow.plant.rules.shared import (
    CLOCK_TOLERANCE,
    EARLIEST,
    MAX_NUMBER,
    MAX_WINDOW,
    require_name,
    require_recordable,
    window,
)
from foodflow.plant.rules.watches import KNOWN_AFTER, MOST_SEEN, SHORTEST_GAP, gaps_of, rhythms_after

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


def refused(error: pytest.ExceptionInfo[Invalid]) -> str:
    """The field that a refusal names."""
    [only] = error.value.errors
    return only.field


def test_a_window_is_the_last_day_unless_its_ends_are_named_and_never_goes_beyond_now() -> None:
    assert window(None, None, NOW) == (NOW - 24 * HOUR, NOW)
    assert window(None, NOW - HOUR, NOW) == (NOW - 25 * HOUR, NOW - HOUR)
    assert window(NOW - HOUR, NOW + HOUR, NOW) == (NOW - HOUR, NOW)
    assert window(NOW - MAX_WINDOW, None, NOW) == (NOW - MAX_WINDOW, NOW)


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (NOW, NOW, "start_time"),
        (NOW + HOUR, None, "start_time"),
        (NOW - MAX_WINDOW - HOUR, None, "start_time"),
        (datetime.min.replace(tzinfo=UTC), None, "start_time"),
        (None, datetime.min.replace(tzinfo=UTC), "end_time"),
        (None, EARLIEST, "end_time"),
    ],
)
def test_a_window_without_time_in_it_or_with_too_much_is_refused(
    start: datetime | None, end: datetime | None, field: str
) -> None:
    with pytest.raises(Invalid) as error:
        window(start, end, NOW)
    assert refused(error) == field


@pytest.mark.parametrize("at", [EARLIEST, NOW, NOW + CLOCK_TOLERANCE])
def test_what_happened_since_2000_by_a_clock_that_is_hardly_fast_can_be_recorded(at: datetime) -> None:
    require_recordable(at, NOW)


@pytest.mark.parametrize("at", [EARLIEST - timedelta.resolution, NOW + CLOCK_TOLERANCE + timedelta.resolution])
def test_what_lies_outside_cannot_be_recorded(at: datetime) -> None:
    with pytest.raises(Invalid) as error:
        require_recordable(at, NOW, field="timestamp")
    assert refused(error) == "timestamp"


@pytest.mark.parametrize(("low", "high"), [(None, None), (0, None), (None, 0), (0, 0), (-1, 0), (0, 5)])
def test_limits_in_order_are_limits_and_either_may_be_absent(low: float | None, high: float | None) -> None:
    require_limits(low, high)


@pytest.mark.parametrize(
    ("low", "high", "field"),
    [
        (0, -1, "min_value"),
        (float("nan"), None, "min_value"),
        (None, float("inf"), "max_value"),
        (0, float("nan"), "max_value"),
    ],
)
def test_what_is_no_limit_is_refused(low: float | None, high: float | None, field: str) -> None:
    with pytest.raises(Invalid) as error:
        require_limits(low, high)
    assert refused(error) == field


@pytest.mark.parametrize("name", ["", "   ", "x" * 51])
def test_a_name_has_a_length(name: str) -> None:
    with pytest.raises(Invalid) as error:
        require_name("line", name, longest=MAX_NUMBER)
    assert refused(error) == "line"
    require_name("line", "x" * 50, longest=MAX_NUMBER)


def test_the_first_wrong_rows_are_named_and_the_rest_is_counted() -> None:
    few = rows_refused("is wrong", "value", "code", range(3))
    assert [error.field for error in few] == ["readings.0.value", "readings.1.value", "readings.2.value"]
    many = rows_refused("is wrong", "value", "code", range(50_000))
    assert len(many) == MAX_LISTED + 1
    assert many[-1].message.startswith("49980 more rows")


def test_a_rhythm_is_the_mean_of_its_first_steps_and_then_follows_slowly() -> None:
    rhythm, seen = np.zeros(1), np.zeros(1, np.int64)
    for step in (10.0, 20.0, 30.0):
        rhythm, seen = rhythms_after(rhythm, seen, middles=np.array([step]), steps=np.ones(1, np.int64))
    assert (rhythm[0], seen[0]) == (pytest.approx(20), 3)
    same, still = rhythms_after(rhythm, seen, middles=np.zeros(1), steps=np.zeros(1, np.int64))
    assert (same[0], still[0]) == (rhythm[0], 3)
    known = np.array([1000])
    moved, _ = rhythms_after(np.array([10.0]), known, middles=np.array([3600.0]), steps=np.ones(1, np.int64))
    assert moved[0] == pytest.approx(10 + 0.01 * 30)  # an interruption counts as four steps


def test_steps_are_not_counted_for_ever() -> None:
    seen = np.array([MOST_SEEN - 1, MOST_SEEN])
    _, after = rhythms_after(np.ones(2), seen, middles=np.ones(2), steps=np.array([200, 200]))
    assert after.tolist() == [MOST_SEEN, MOST_SEEN]


def test_a_sensor_may_be_silent_as_somebody_said_else_by_its_rhythm() -> None:
    said, seen = np.array([5, np.nan, np.nan, np.nan]), np.array([0, KNOWN_AFTER, KNOWN_AFTER, KNOWN_AFTER - 1])
    gaps = gaps_of(said, rhythms=np.array([9.0, 9.0, 1.0, 9.0]), seen=seen)
    assert gaps[:3].tolist() == [5, 90, SHORTEST_GAP]
    assert np.isnan(gaps[3])
