"""How long it is from one reading to the next, usually, of many sensors at once."""

import numpy as np
from numpy.typing import NDArray

MOST = 200
"""Readings of a sensor that are looked at, the latest ones: a call that brings more says nothing else by them."""
NONE = np.iinfo(np.int64).max
"""The time of a reading that is not there."""
_SECOND = 1_000_000


def usual_steps(
    times: NDArray[np.int64], starts: NDArray[np.int64], before: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The middle step of each sensor in seconds (the longer one of two in the middle), and of how many; 0 of none.

    `times` (n,): microseconds, the sensors' runs one after the other, rising within each; `starts` (sensors,): where
    each begins, none is empty. `before` (sensors,): the time of each one's reading before, or `NONE`; of a run of
    `MOST` readings or more it does not count.
    """
    ends = np.append(starts[1:], len(times))
    steps = np.zeros(len(times) + 1, np.int64)  # one more than there are, where the last run ends
    np.subtract(times[1:], times[:-1], out=steps[1:-1])
    steps[starts] = times[starts] - before
    is_long = ends - starts >= MOST
    firsts = np.where(is_long, ends - MOST + 1, starts + (before == NONE))
    counts = ends - firsts
    turns = np.stack((firsts, ends), axis=1).ravel()
    least, most = (each.reduceat(steps, turns)[::2] for each in (np.minimum, np.maximum))
    middles = np.where(counts > 0, least, 0)
    for place in np.flatnonzero((least != most) & (counts > 0)).tolist():
        own = steps[firsts[place] : ends[place]]
        middles[place] = np.partition(own, len(own) // 2)[len(own) // 2]
    return middles / _SECOND, counts
