"""Fewer points for a chart, with every peak kept."""

import numpy as np
from numpy.typing import NDArray

PRESELECTED = 4
"""Of so many times the wanted points the best are chosen."""


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


def lttb(times: NDArray[np.int64], values: NDArray[np.float64], *, points: int) -> NDArray[np.int64]:
    """Pick the indices of the points that keep the look of a line: the largest triangle of each of `points` - 2 spans.

    Largest-Triangle-Three-Buckets (Steinarsson: Downsampling Time Series for Visual Representation, University of
    Iceland, 2013, section 4.2). First and last point are kept; those between are cut into spans of equal counts, and
    of each span that point is kept which makes the largest triangle with the point kept before it and the mean of the
    span after it. `times` (n, microseconds, never decreasing) and `values` (n, finite). A series of no more than
    `points` is kept whole. Raises ValueError for less than three points and for what is no series.
    """
    _require_series(times, values, points - 2)
    count = len(times)
    if count <= points:
        return np.arange(count, dtype=np.int64)
    spans = points - 2
    edges = 1 + np.arange(spans + 1, dtype=np.int64) * (count - 2) // spans
    moments = (times - times[0]).astype(np.float64)
    scaled = values / max(1.0, float(np.abs(values).max()))  # areas of the largest numbers are no numbers
    sizes = np.append(np.diff(edges), 1)
    following_x = np.append(np.add.reduceat(moments[: edges[-1]], edges[:-1]), moments[-1]) / sizes
    following_y = np.append(np.add.reduceat(scaled[: edges[-1]], edges[:-1]), scaled[-1]) / sizes
    kept = np.empty(points, np.int64)
    kept[0], kept[-1] = 0, count - 1
    bounds = edges.tolist()
    for span in range(spans):
        first, last, before = bounds[span], bounds[span + 1], kept[span]
        x, y = moments[before], scaled[before]
        across, along = following_x[span + 1] - x, following_y[span + 1] - y
        areas = np.abs(across * (scaled[first:last] - y) - along * (moments[first:last] - x))
        kept[span + 1] = first + int(areas.argmax())
    return kept


def min_max_lttb(times: NDArray[np.int64], values: NDArray[np.float64], *, points: int) -> NDArray[np.int64]:
    """Like `lttb`, at the cost of a few passes over a long series, and never without its lowest and highest value.

    MinMaxLTTB (Van Der Donckt et al.: MinMaxLTTB, arXiv:2305.00332, 2023): of `PRESELECTED` times as many points, the
    lowest and highest of spans of time, those are chosen that `lttb` takes. The series' first lowest and first highest
    point are added where it left them out, so there are at most `points` + 2.
    """
    _require_series(times, values, points - 2)
    candidates = min_max(times, values, buckets=max(1, PRESELECTED * points // 2))
    if not len(candidates):
        return candidates
    kept = candidates[lttb(times[candidates], values[candidates], points=points)]
    return np.union1d(kept, np.array([values.argmin(), values.argmax()], np.int64))


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
