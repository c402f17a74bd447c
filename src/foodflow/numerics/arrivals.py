"""Arrivals: putting readings into the order of sensor and time, each moment once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Readings as they arrived, sorted out.

    `kept` (int64) are the places of the readings to store, by sensor and time, the first to arrive of each moment;
    `moment` (int64, of shape (n,)) says for each reading which of `kept` (by index) is of its sensor and time.
    """

    kept: NDArray[np.int64]
    moment: NDArray[np.int64]


def sort_out(keys: NDArray[np.int32], times: NDArray[np.int64]) -> Arrivals:
    """Sort readings by key and time (microseconds) and keep the first of each moment; both of shape (n,).

    Readings that arrive in order cost one comparison each.
    """
    order = _order(keys, times)
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = (np.diff(keys[order]) != 0) | (np.diff(times[order]) != 0)
    moment = np.empty(len(order), np.int64)
    moment[order] = np.cumsum(is_first) - 1
    return Arrivals(order[is_first], moment)


def _order(keys: NDArray[np.int32], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """The places in order of key and time; lexsort is stable, so the first to arrive comes first."""
    falls = (keys[1:] < keys[:-1]) | ((keys[1:] == keys[:-1]) & (times[1:] < times[:-1]))
    return np.lexsort((times, keys)) if falls.any() else np.arange(len(keys))
