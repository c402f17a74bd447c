"""Arrivals: putting readings into the order of sensor and time, each moment once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Readings as they arrived, sorted out.

    `kept` (int64) are the places of the readings to store, by sensor and time, the first to arrive of each moment;
    `repeated` counts those that say the same again; `conflicting` pairs the place of each reading that gives another
    value for a moment with the place of the one that was kept.
    """

    kept: NDArray[np.int64]
    repeated: int
    conflicting: list[tuple[int, int]]


def sort_out(keys: NDArray[np.int32], times: NDArray[np.int64], values: NDArray[np.float64]) -> Arrivals:
    """Sort readings by key and time (microseconds) and keep the first of each moment; all of shape (n,).

    Readings that arrive in order cost one comparison each.
    """
    order = _order(keys, times)
    same = np.zeros(len(order), np.bool_)
    same[1:] = (keys[order][1:] == keys[order][:-1]) & (times[order][1:] == times[order][:-1])
    if not same.any():
        return Arrivals(order, 0, [])
    firsts = order[~same][np.cumsum(~same) - 1]
    differs = same & (values[order] != values[firsts])
    conflicting = sorted(zip(order[differs].tolist(), firsts[differs].tolist(), strict=True))
    return Arrivals(order[~same], int(same.sum() - differs.sum()), conflicting)


def _order(keys: NDArray[np.int32], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """The places in order of key and time; lexsort is stable, so the first to arrive comes first."""
    falls = (keys[1:] < keys[:-1]) | ((keys[1:] == keys[:-1]) & (times[1:] < times[:-1]))
    return np.lexsort((times, keys)) if falls.any() else np.arange(len(keys))
