"""Corrections that were in force, against looking each of them up."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from foodflow.numerics.calibration import Corrections, calibrated

SMALL = st.integers(0, 5)
OFFSETS = st.sampled_from([-1.5, 0.0, 0.25, 2.0])
READINGS = st.lists(st.tuples(SMALL, SMALL, st.sampled_from([0.0, -0.0, 1.0, 7.5])), max_size=20)
CALIBRATIONS = st.dictionaries(st.tuples(SMALL, SMALL), OFFSETS, max_size=12)


def plainly(row: tuple[int, int, float], calibrations: dict[tuple[int, int], float]) -> float:
    which, time, value = row
    before = {at: offset for (sensor, at), offset in calibrations.items() if sensor == which and at <= time}
    return value + before[max(before)] if before and before[max(before)] else value


@given(READINGS, CALIBRATIONS)
def test_the_last_calibration_not_after_a_reading_corrects_it(
    readings: list[tuple[int, int, float]], calibrations: dict[tuple[int, int], float]
) -> None:
    corrections = Corrections(
        np.array([sensor for sensor, _ in calibrations], np.int32),
        np.array([at for _, at in calibrations], np.int64),
        np.array(list(calibrations.values()), np.float64),
    )
    which, times = np.array([r[0] for r in readings], np.int32), np.array([r[1] for r in readings], np.int64)
    found = calibrated(np.array([r[2] for r in readings], np.float64), times, which, corrections)
    expected = [plainly(row, calibrations) for row in readings]
    assert [value.hex() for value in found.tolist()] == [value.hex() for value in expected]


def test_a_thermometer_that_was_adjusted_twice() -> None:
    corrections = Corrections(np.array([0, 0], np.int32), np.array([200, 100], np.int64), np.array([-0.3, 0.5]))
    found = calibrated(np.full(4, 20.0), np.array([99, 100, 199, 200]), np.zeros(4, np.int32), corrections)
    assert found.tolist() == [20.0, 20.5, 20.5, 19.7]
