"""Traces: what of a sensor's readings is drawn."""

from datetime import UTC, datetime, timedelta

import numpy as np

from foodflow.numerics.epoch import to_micros
from foodflow.numerics.status_codes import all_good
from foodflow.plant.queries.readings import Series
from foodflow.plant.usecases.traces import Trace, trace_of

START = datetime(2014, 2, 19, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def trace(values: list[float], breaches: list[int], *, begins: datetime = START, cut: bool = False) -> Trace:
    times = to_micros(START) + np.arange(len(values), dtype=np.int64) * 60_000_000
    series = Series(times, np.array(values), np.array(breaches, np.int16), all_good(len(times)))
    return trace_of(series, start=START - 60 * MINUTE, begins=begins, cut=cut)


def test_a_trace_begins_with_the_span_unless_the_sensor_is_younger() -> None:
    assert trace([1, 2], [0, 0], begins=START - 999 * MINUTE).start == START - 60 * MINUTE
    assert trace([1, 2], [0, 0], begins=START).start == START


def test_a_trace_that_leaves_older_readings_out_begins_with_the_first_that_it_has() -> None:
    found = trace([1, 2], [0, 0], begins=START - 999 * MINUTE, cut=True)
    assert (found.start, found.cut) == (START, True)


def test_an_excursion_tells_its_extreme_and_when_it_was() -> None:
    (one,) = trace([0, 6, 9, 7, 0], [0, 1, 1, 1, 0]).excursions
    assert (one.start, one.end) == (START + MINUTE, START + 3 * MINUTE)
    assert (one.side, one.extreme, one.extreme_at) == (1, 9, START + 2 * MINUTE)
    assert (one.began_before, one.goes_on) == (False, False)


def test_an_excursion_up_to_the_latest_reading_goes_on() -> None:
    (one,) = trace([0, -6], [0, -1]).excursions
    assert one.goes_on


def test_an_excursion_at_the_start_began_before_only_if_there_is_a_before() -> None:
    assert trace([9, 0], [1, 0], begins=START - MINUTE).excursions[0].began_before
    assert trace([9, 0], [1, 0], cut=True).excursions[0].began_before
    assert not trace([9, 0], [1, 0]).excursions[0].began_before


def test_readings_at_the_edges_of_a_gap_are_drawn() -> None:
    whole = 10_000
    times = to_micros(START) + np.arange(whole, dtype=np.int64) * 1_000_000
    times[whole // 2 :] += 3_600_000_000
    series = Series(times, np.zeros(whole), np.zeros(whole, np.int16), all_good(whole))
    before, after = trace_of(series, start=START, begins=START, cut=False).pieces
    assert (before[-1][0], after[0][0]) == (times[whole // 2 - 1], times[whole // 2])


def test_a_piece_for_each_unbroken_run() -> None:
    times = to_micros(START) + np.array([0, 1, 2, 50, 100, 101], np.int64) * 1_000_000
    series = Series(times, np.arange(6, dtype=np.float64), np.zeros(6, np.int16), all_good(6))
    assert [len(piece) for piece in trace_of(series, start=START, begins=START, cut=False).pieces] == [3, 1, 2]
