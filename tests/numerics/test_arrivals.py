"""Arrivals: in the order of sensor and time, each moment once, the first to arrive stays."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from foodflow.numerics.arrivals import Arrivals, sort_out

rows = st.lists(st.tuples(st.integers(1, 3), st.integers(-2, 4), st.sampled_from([0.0, -0.0, 1.5, 1e300])), max_size=40)


def sorted_out(given_rows: list[tuple[int, int, float]]) -> Arrivals:
    keys, times, values = zip(*given_rows, strict=True) if given_rows else ((), (), ())
    return sort_out(np.array(keys, np.int32), np.array(times, np.int64), np.array(values, np.float64))


@given(rows)
def test_what_is_kept_is_in_order_and_each_moment_once(given_rows: list[tuple[int, int, float]]) -> None:
    kept = [given_rows[place][:2] for place in sorted_out(given_rows).kept.tolist()]
    assert kept == sorted({row[:2] for row in given_rows})


@given(rows)
def test_every_row_is_kept_repeated_or_conflicting_as_a_dictionary_would_say(
    given_rows: list[tuple[int, int, float]],
) -> None:
    found, first, repeated = sorted_out(given_rows), dict[tuple[int, int], int](), 0
    conflicting = []
    for place, (key, time, value) in enumerate(given_rows):
        kept = first.setdefault((key, time), place)
        if kept != place and given_rows[kept][2] == value:
            repeated += 1
        elif kept != place:
            conflicting.append((place, kept))
    assert sorted(found.kept.tolist()) == sorted(first.values())
    assert (found.repeated, found.conflicting) == (repeated, conflicting)


def test_rows_in_order_stay_where_they_are() -> None:
    found = sorted_out([(1, time, 0.0) for time in range(5)] + [(2, 0, 0.0)])
    assert found.kept.tolist() == [0, 1, 2, 3, 4, 5]


def test_no_rows_are_sorted_out_too() -> None:
    assert sorted_out([]).kept.tolist() == []
