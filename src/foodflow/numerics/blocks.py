"""Blocks: how readings of many sensors are cut into stretches that are stored together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DAY = 86_400_000_000
"""Microseconds of a day; days are those of UTC."""


@dataclass(frozen=True, slots=True)
class Stretches:
    """Readings cut into stretches: where each begins and how many readings it has, both int64 of shape (blocks,).

    `steps` (int64) are the microseconds from one reading to the next where they are the same throughout a stretch
    (0 for a single reading), and -1 where they are not.
    """

    starts: NDArray[np.int64]
    counts: NDArray[np.int64]
    steps: NDArray[np.int64]

    @property
    def ends(self) -> NDArray[np.int64]:
        """Where the last reading of each stretch is."""
        return self.starts + self.counts - 1

    def any(self, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which stretches have a reading of which something is true; `flags` of shape (n,)."""
        if not flags.any():
            return np.zeros(len(self.starts), np.bool_)
        found: NDArray[np.bool_] = np.logical_or.reduceat(flags, self.starts)
        return found

    def each(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """A number of each stretch as a number of each of its readings, of shape (n,)."""
        return np.repeat(values, self.counts)


def cut(keys: NDArray[np.int32], times: NDArray[np.int64], *, most: int) -> Stretches:
    """Cut readings, at least one, in order of key and time (microseconds), where another key, another day or one more
    than `most` begins; both of shape (n,).
    """
    begins = np.ones(len(keys), np.bool_)
    begins[1:] = (np.diff(keys) != 0) | (np.diff(times // DAY) != 0)
    starts = np.flatnonzero(begins)
    counts = np.diff(starts, append=len(keys))
    if counts.max() > most:
        begins |= (np.arange(len(keys)) - np.repeat(starts, counts)) % most == 0
        starts = np.flatnonzero(begins)
        counts = np.diff(starts, append=len(keys))
    return Stretches(starts, counts, _steps(times, starts, counts))


def _steps(times: NDArray[np.int64], starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    gaps = np.diff(times, append=0)
    steps = np.where(counts > 1, gaps[starts], 0)
    differs = gaps != np.repeat(steps, counts)
    differs[starts + counts - 1] = False
    return np.where(np.logical_or.reduceat(differs, starts), -1, steps)
