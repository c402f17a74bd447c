"""Downsampled series keep their ends and their extremes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from foodflow.numerics.downsample import lttb, min_max, min_max_lttb

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


def thesis(times: list[int], values: list[float], points: int) -> list[int]:
    """Largest-Triangle-Three-Buckets as Steinarsson writes it, point by point."""
    count, spans = len(times), points - 2
    if count <= points:
        return list(range(count))
    edges = [1 + span * (count - 2) // spans for span in range(spans + 1)]
    kept = [0]
    for span in range(spans):
        after = range(edges[span + 1], edges[span + 2]) if span + 1 < spans else range(count - 1, count)
        x = sum(times[each] for each in after) / len(after)
        y = sum(values[each] for each in after) / len(after)
        a = kept[-1]
        areas = {
            each: abs((times[a] - x) * (values[each] - values[a]) - (times[a] - times[each]) * (y - values[a])) / 2
            for each in range(edges[span], edges[span + 1])
        }
        kept.append(max(areas, key=lambda each: areas[each]))
    return [*kept, count - 1]


@given(st.lists(st.integers(-1000, 1000), min_size=3, max_size=300), st.integers(3, 40))
def test_the_largest_triangles_are_those_of_the_thesis(values: list[int], points: int) -> None:
    times = [7 * place * place for place in range(len(values))]
    chosen = lttb(*arrays(times, [float(value) for value in values]), points=points)
    expected = thesis(times, [float(value) for value in values], points)
    if chosen.tolist() != expected:  # two triangles of one size: whichever rounding prefers
        assert len(chosen) == len(expected)
        first = int(np.flatnonzero(chosen != np.array(expected))[0])
        assert abs(area(times, values, chosen.tolist(), first) - area(times, values, expected, first)) < 1e-3


def area(times: list[int], values: list[int], kept: list[int], place: int) -> float:
    """Of the triangle of a kept point, where both selections agree on what is before."""
    count, spans = len(times), len(kept) - 2
    edges = [1 + span * (count - 2) // spans for span in range(spans + 1)]
    after = range(edges[place], edges[place + 1]) if place < spans else range(count - 1, count)
    x, y = (sum(column[each] for each in after) / len(after) for column in (times, values))
    a, c = kept[place - 1], kept[place]
    return abs((times[a] - x) * (values[c] - values[a]) - (times[a] - times[c]) * (y - values[a])) / 2


def test_golden_values_of_the_largest_triangles() -> None:
    times, values = arrays(list(range(10)), [0, 1, 9, 1, 0, -8, 0, 2, 1, 0])
    assert lttb(times, values, points=4).tolist() == [0, 2, 5, 9]
    assert lttb(times, values, points=10).tolist() == list(range(10))


@given(series, st.integers(3, 30))
def test_largest_triangles_keep_ends_and_extremes(points: tuple[list[int], list[float]], wanted: int) -> None:
    times, values = arrays(*points)
    kept = min_max_lttb(times, values, points=wanted)
    assert (np.diff(kept) > 0).all()
    assert (kept[0], kept[-1]) == (0, len(times) - 1)
    assert len(kept) <= wanted + 2
    assert (values[kept].min(), values[kept].max()) == (values.min(), values.max())


def test_less_than_three_points_make_no_triangle() -> None:
    with pytest.raises(ValueError, match="at least one bucket"):
        lttb(*arrays([1, 2], [1, 2]), points=2)
    assert len(min_max_lttb(*arrays([], []), points=3)) == 0
