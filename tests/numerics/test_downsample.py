"""Downsampled series keep their ends and their extremes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from foodflow.numerics.downsample import min_max

series = st.integers(1, 400).flatmap(
    lambda size: st.tuples(
        st.lists(st.integers(-(10**15), 10**15), min_size=size, max_size=size).map(sorted),
        st.lists(st.floats(-1e9, 1e9), min_size=size, max_size=size),
    )
)


def arrays(times: list[int], values: list[float]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """One series as arrays."""
    return np.array(times, dtype=np.int64), np.array(values, dtype=np.float64)


@given(series, st.integers(1, 20))
def test_ends_and_extremes_are_kept_in_order(points: tuple[list[int], list[float]], buckets: int) -> None:
    times, values = arrays(*points)
    kept = min_max(times, values, buckets=buckets)
    assert (np.diff(kept) > 0).all()
    assert (kept[0], kept[-1]) == (0, len(times) - 1)
    assert len(kept) <= 2 * buckets + 2
    assert (values[kept].min(), values[kept].max()) == (values.min(), values.max())


@given(series, st.integers(1, 20))
def test_each_span_keeps_its_own_extremes(points: tuple[list[int], list[float]], buckets: int) -> None:
    times, values = arrays(*points)
    kept = min_max(times, values, buckets=buckets)
    span = int(times[-1]) - int(times[0]) + 1
    bucket = [(int(time) - int(times[0])) * buckets // span for time in times]
    for each in set(bucket):
        of_span = [place for place, found in enumerate(bucket) if found == each]
        chosen = [place for place in kept.tolist() if bucket[place] == each]
        assert values[chosen].min() == values[of_span].min()
        assert values[chosen].max() == values[of_span].max()


def test_one_peak_among_a_hundred_thousand_points_is_kept() -> None:
    times = np.arange(100_000, dtype=np.int64) * 1_000_000
    values = np.sin(np.arange(100_000) / 500)
    values[54_321] = 9.0
    kept = min_max(times, values, buckets=300)
    assert 54_321 in kept
    assert len(kept) <= 602


def test_a_short_series_is_kept_whole() -> None:
    times, values = arrays([1, 2, 3], [5, 5, 5])
    assert min_max(times, values, buckets=1).tolist() == [0, 1, 2]


def test_an_empty_series_gives_nothing() -> None:
    assert len(min_max(*arrays([], []), buckets=10)) == 0


@pytest.mark.parametrize(
    ("times", "values", "buckets", "reason"),
    [
        ([1, 2], [1.0, 2.0], 0, "at least one bucket"),
        ([1, 2], [1.0], 5, "not one series"),
        ([1, 2], [1.0, float("nan")], 5, "finite"),
        ([2, 1], [1.0, 2.0], 5, "go back"),
    ],
)
def test_what_is_no_series_is_refused(times: list[int], values: list[float], buckets: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        min_max(*arrays(times, values), buckets=buckets)
