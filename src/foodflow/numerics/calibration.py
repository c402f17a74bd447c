"""Calibration: what was reported, corrected by what the instrument was found to be off by at the time.

A calibration compares an instrument with a reference and gives a correction that holds from then on until the next one
(JCGM 200, the international vocabulary of metrology, 2.39 and 2.53): true value = reported value + correction.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Corrections:
    """The corrections of some instruments, in any order: from `since` (microseconds) on, readings of instrument number
    `which` are off by `offsets`, which are added; int32, int64 and float64, all of shape (m,).
    """

    which: NDArray[np.int32]
    since: NDArray[np.int64]
    offsets: NDArray[np.float64]


def calibrated(
    values: NDArray[np.float64], times: NDArray[np.int64], which: NDArray[np.int32], corrections: Corrections
) -> NDArray[np.float64]:
    """Values with the correction that was in force at their times added, each of its own instrument; all of shape (n,).

    Before the first calibration of an instrument nothing is known of it, and its values stay as they are. A correction
    of 0 changes nothing at all, not even the sign of a zero.
    """
    if not len(corrections.offsets) or not corrections.offsets.any():
        return values
    # Calibrations and readings in one order of instrument and time, at the same moment the calibration first: the last
    # calibration before a reading is then a running maximum of places.
    count = len(corrections.which)
    all_which, all_times = np.concatenate((corrections.which, which)), np.concatenate((corrections.since, times))
    is_reading = np.arange(len(all_which)) >= count
    order = np.lexsort((is_reading, all_times, all_which))
    last = np.maximum.accumulate(np.where(is_reading[order], -1, np.arange(len(order))))
    in_force = np.full(len(order), -1, np.int64)
    in_force[order] = np.where(last >= 0, order[last], -1)
    of_readings = in_force[count:]
    known = of_readings >= 0
    known[known] = corrections.which[of_readings[known]] == which[known]
    added = np.zeros(len(values))
    added[known] = corrections.offsets[of_readings[known]]
    return np.where(added == 0, values, values + added)
