"""Decisions of the plant: windows, limits, names, and how wrong rows are told."""

from datetime import UTC, datetime, timedelta

import pytest

from foodflow.kernel.errors import Invalid
from foodflow.plant import rules

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


def refused(error: pytest.ExceptionInfo[Invalid]) -> str:
    """The field that a refusal names."""
    [only] = error.value.errors
    return only.field


def test_a_window_is_the_last_day_unless_its_ends_are_named_and_never_goes_beyond_now() -> None:
    assert rules.window(None, None, NOW) == (NOW - 24 * HOUR, NOW)
    assert rules.window(None, NOW - HOUR, NOW) == (NOW - 25 * HOUR, NOW - HOUR)
    assert rules.window(NOW - HOUR, NOW + HOUR, NOW) == (NOW - HOUR, NOW)
    assert rules.window(NOW - rules.MAX_WINDOW, None, NOW) == (NOW - rules.MAX_WINDOW, NOW)


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (NOW, NOW, "start_time"),
        (NOW + HOUR, None, "start_time"),
        (NOW - rules.MAX_WINDOW - HOUR, None, "start_time"),
        (datetime.min.replace(tzinfo=UTC), None, "start_time"),
        (None, datetime.min.replace(tzinfo=UTC), "end_time"),
        (None, rules.EARLIEST, "end_time"),
    ],
)
def test_a_window_without_time_in_it_or_with_too_much_is_refused(
    start: datetime | None, end: datetime | None, field: str
) -> None:
    with pytest.raises(Invalid) as error:
        rules.window(start, end, NOW)
    assert refused(error) == field


@pytest.mark.parametrize("at", [rules.EARLIEST, NOW, NOW + rules.CLOCK_TOLERANCE])
def test_what_happened_since_2000_by_a_clock_that_is_hardly_fast_can_be_recorded(at: datetime) -> None:
    rules.require_recordable(at, NOW)


@pytest.mark.parametrize(
    "at", [rules.EARLIEST - timedelta.resolution, NOW + rules.CLOCK_TOLERANCE + timedelta.resolution]
)
def test_what_lies_outside_cannot_be_recorded(at: datetime) -> None:
    with pytest.raises(Invalid) as error:
        rules.require_recordable(at, NOW, field="timestamp")
    assert refused(error) == "timestamp"


@pytest.mark.parametrize(("low", "high"), [(None, None), (0, None), (None, 0), (0, 0), (-1, 0), (0, 5)])
def test_limits_in_order_are_limits_and_either_may_be_absent(low: float | None, high: float | None) -> None:
    rules.require_limits(low, high)


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
        rules.require_limits(low, high)
    assert refused(error) == field


@pytest.mark.parametrize("name", ["", "   ", "x" * 51])
def test_a_name_has_a_length(name: str) -> None:
    with pytest.raises(Invalid) as error:
        rules.require_name("line", name, longest=rules.MAX_NUMBER)
    assert refused(error) == "line"
    rules.require_name("line", "x" * 50, longest=rules.MAX_NUMBER)


def test_the_first_wrong_rows_are_named_and_the_rest_is_counted() -> None:
    few = rules.rows_refused("is wrong", "value", "code", range(3))
    assert [error.field for error in few] == ["readings.0.value", "readings.1.value", "readings.2.value"]
    many = rules.rows_refused("is wrong", "value", "code", range(50_000))
    assert len(many) == rules.MAX_LISTED + 1
    assert many[-1].message.startswith("49980 more rows")
