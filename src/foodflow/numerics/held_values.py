"""A measured value over spans of time: each reading holds until the next one, so that a sensor which reports on change
counts as much as one which reports each second.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A value over some time: its mean by time, least and greatest; `outside` is the share of the time (0 to 1) in
    which it lay outside its limits, `seconds` the time that is covered by readings.
    """

    readings: int
    mean: float | None
    least: float | None
    greatest: float | None
    outside: float | None
    seconds: float


Span = tuple[int, int]
"""From (with) and to (without), in microseconds since 1970."""


def held(
    times: NDArray[np.int64],
    values: NDArray[np.float64],
    spans: Iterable[Span],
    *,
    low: float | None = None,
    high: float | None = None,
) -> Held:
    """Summarise readings (microseconds since 1970, int64, ascending; float64; both of shape (n,)) over spans in order.

    A reading holds from its time to the next reading or the end of its span, whichever comes first; the time of a span
    before its first reading is not covered. A limit that is None does not limit.
    """
    parts = [_part(times, values, span) for span in spans]
    inside = np.concatenate([part[0] for part in parts]) if parts else np.empty(0)
    weights = np.concatenate([part[1] for part in parts]) if parts else np.empty(0)
    return _summed(inside, weights, low=low, high=high)


def _summed(
    inside: NDArray[np.float64], weights: NDArray[np.float64], *, low: float | None, high: float | None
) -> Held:
    """Values weighed by microseconds, or alike where there are none."""
    if not len(inside):
        return Held(readings=0, mean=None, least=None, greatest=None, outside=None, seconds=0.0)
    covered = float(weights.sum())
    weighed = weights / covered if covered else np.full(len(inside), 1 / len(inside))
    beyond = np.zeros(len(inside), bool)
    if low is not None:
        beyond |= inside < low
    if high is not None:
        beyond |= inside > high
    least, greatest = float(inside.min()), float(inside.max())
    return Held(
        readings=len(inside),
        # Rounding must not put a mean beyond the values that it is of.
        mean=min(max(float(inside @ weighed), least), greatest),
        least=least,
        greatest=greatest,
        outside=min(float(weighed[beyond].sum()), 1.0),
        seconds=covered / 1e6,
    )


def plain(values: Sequence[float], *, low: float | None = None, high: float | None = None) -> Held:
    """The same of values that somebody noted down now and then: each counts alike, and no time is covered."""
    noted = np.asarray(values, np.float64)
    return _summed(noted, np.zeros(len(noted)), low=low, high=high)


def _part(
    times: NDArray[np.int64], values: NDArray[np.float64], span: Span
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The values of the readings within a span, and for how many microseconds each holds."""
    first, last = np.searchsorted(times, span, "left")
    within = times[first:last]
    ends = np.append(within[1:], span[1]) if len(within) else within
    return values[first:last], (ends - within).astype(np.float64)
