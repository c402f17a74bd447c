"""Fewer points for a chart, with every peak kept."""

import numpy as np
from numpy.typing import NDArray


def min_max(times: NDArray[np.int64], values: NDArray[np.float64], *, buckets: int) -> NDArray[np.int64]:
    """Pick the indices of the lowest and the highest value of each span of time.

    `times` (n, microseconds, never decreasing) and `values` (n, finite) are one series. The time
    from first to last is cut into `buckets` equal spans, so that a gap in the data stays as wide
    as it is. The result is ascending and without repeats: first and last point, and of each span
    that holds points the first lowest and the first highest; hence the extremes of the series
    and at most 2 * buckets + 2 points. A series of no more points than that is kept whole.

    Raises ValueError for less than one bucket, unequal lengths, values that are not finite and
    times that go back. Cost: a few passes over the arrays.
    """
    _require_series(times, values, buckets)
    count = len(times)
    if count <= 2 * buckets + 2:
        return np.arange(count, dtype=np.int64)
    edges = _edges(int(times[0]), int(times[-1]), buckets)
    starts = np.unique(np.searchsorted(times, edges[edges <= times[-1]]))
    bucket = np.repeat(np.arange(len(starts)), np.diff(starts, append=count))
    lowest = _first_equal(values, np.minimum.reduceat(values, starts), bucket)
    highest = _first_equal(values, np.maximum.reduceat(values, starts), bucket)
    return np.unique(np.concatenate(([0], lowest, highest, [count - 1]))).astype(np.int64)


def _require_series(times: NDArray[np.int64], values: NDArray[np.float64], buckets: int) -> None:
    message = ""
    if buckets < 1:
        message = f"at least one bucket is needed, not {buckets}"
    elif times.ndim != 1 or times.shape != values.shape:
        message = f"times {times.shape} and values {values.shape} are not one series"
    elif not np.isfinite(values).all():
        message = "values have to be finite"
    elif (times[1:] < times[:-1]).any():
        message = "times go back"
    if message:
        raise ValueError(message)


def _edges(first: int, last: int, buckets: int) -> NDArray[np.int64]:
    """First microsecond of each span: exact, and without overflow where times lie far apart."""
    span = last - first + 1
    return np.array([first - -span * step // buckets for step in range(buckets)], dtype=np.int64)


def _first_equal(
    values: NDArray[np.float64], wanted: NDArray[np.float64], bucket: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Index of the first point of each bucket that has the bucket's wanted value."""
    hits = np.flatnonzero(values == wanted[bucket])
    _, first = np.unique(bucket[hits], return_index=True)
    return hits[first]
