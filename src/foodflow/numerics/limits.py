"""Limits: which values lie outside them, and the excursions that such values form."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Excursion:
    """A run of consecutive readings outside the same limit.

    `first` and `last` are indices into the series, `side` is -1 below or 1 above, `extreme` the value furthest out.
    """

    first: int
    last: int
    side: int
    extreme: float


def outside(values: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.int16]:
    """-1 where a value lies below `low`, 1 where it lies above `high`, else 0; a value on a limit is within.

    All three of shape (n,) and of one unit; NaN in `low` or `high` means that there is no such limit, 0 is a limit.
    """
    above = np.greater(values, high).astype(np.int16)
    return above - np.less(values, low).astype(np.int16)


def excursions(values: NDArray[np.float64], sides: NDArray[np.int16]) -> list[Excursion]:
    """The runs of equal, non-zero `sides` in a series in order of time; both of shape (n,)."""
    if not len(sides):
        return []
    starts = np.flatnonzero(np.diff(sides, prepend=0) != 0)
    starts = starts[sides[starts] != 0]
    changes = np.append(np.flatnonzero(np.diff(sides) != 0), len(sides) - 1)
    ends = changes[np.searchsorted(changes, starts)]
    found = []
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        side = int(sides[first])
        run = values[first : last + 1]
        found.append(Excursion(first, last, side, float(run.max() if side > 0 else run.min())))
    return found
