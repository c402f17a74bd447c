"""Reliability: golden values, and what holds for any history of a line."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foodflow.numerics.intervals import Interval
from foodflow.numerics.reliability import Elements, combine, elements_of, reliability
from tests.numerics.make import after


def failed(part: Interval) -> bool:
    return part.state == "downtime"


def history(*parts: tuple[str, float], stops: tuple[UUID, ...] = ()) -> list[Interval]:
    """Intervals of these states and lengths in minutes, one after the other; stops by order of downtimes."""
    begin, left, found = 0.0, list(stops), []
    for state, minutes in parts:
        stop = left.pop(0) if state == "downtime" and left else None
        found.append(Interval(after(begin), after(begin + minutes), state, stop_id=stop))
        begin += minutes
    return found


def test_two_failures_in_ten_hours() -> None:
    parts = history(
        ("running", 240), ("downtime", 20), ("running", 200), ("idle", 60), ("downtime", 40), ("running", 40)
    )
    found = reliability(elements_of(parts, is_failure=failed))
    assert found.mtbf == 480 * 60 / 2
    assert found.mttf == 440 * 60 / 2
    assert found.mttr == 30 * 60
    assert found.failure_rate == 2 / 8
    assert found.availability == pytest.approx(480 / 540)


def test_where_nothing_failed_there_is_no_mean() -> None:
    found = reliability(elements_of(history(("running", 60)), is_failure=failed))
    assert (found.mtbf, found.mttf, found.mttr, found.availability) == (None, None, None, None)
    assert found.failure_rate == 0
    assert reliability(Elements()).failure_rate is None


def test_a_line_that_only_failed_has_no_rate_but_a_time_to_restore() -> None:
    found = reliability(elements_of(history(("downtime", 30)), is_failure=failed))
    assert (found.mtbf, found.mttr, found.failure_rate, found.availability) == (0, 30 * 60, None, 0)


def test_a_stop_with_a_break_in_it_is_one_failure() -> None:
    stop = uuid4()
    parts = history(("running", 60), ("downtime", 10), ("not_scheduled", 30), ("downtime", 10), stops=(stop, stop))
    found = elements_of(parts, is_failure=failed)
    assert (found.failures, found.restoring) == (1, after(20) - after(0))


@given(st.lists(st.tuples(st.sampled_from(["running", "idle", "downtime"]), st.integers(1, 500)), max_size=20))
def test_availability_lies_between_nothing_and_all(told: list[tuple[str, int]]) -> None:
    parts = history(*told)
    found = elements_of(parts, is_failure=failed)
    figures = reliability(combine([found, Elements()]))
    assert found.to_failure <= found.operating
    assert figures.availability is None or 0 <= figures.availability <= 1
    assert (figures.mttr is None) == (found.failures == 0)
