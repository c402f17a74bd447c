"""Arrivals: in the order of sensor and time, each moment once, the first to arrive stays."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from foodflow.numerics.arrivals import Arrivals, sort_out

rows = st.lists(st.tuples(st.integers(1, 3), st.integers(-2, 4)), max_size=40)


def sorted_out(given_rows: list[tuple[int, int]]) -> Arrivals:
    keys, times = zip(*given_rows, strict=True) if given_rows else ((), ())
    return sort_out(np.array(keys, np.int32), np.array(times, np.int64))


@given(rows)
def test_what_is_kept_is_in_order_and_each_moment_once(given_rows: list[tuple[int, int]]) -> None:
    kept = [given_rows[place] for place in sorted_out(given_rows).kept.tolist()]
    assert kept == sorted(set(given_rows))


@given(rows)
def test_every_row_is_of_the_moment_of_the_first_that_came_as_a_dictionary_would_say(
    given_rows: list[tuple[int, int]],
) -> None:
    found, first = sorted_out(given_rows), dict[tuple[int, int], int]()
    wanted = [first.setdefault(row, place) for place, row in enumerate(given_rows)]
    assert found.kept[found.moment].tolist() == wanted


def test_rows_in_order_stay_where_they_are() -> None:
    found = sorted_out([(1, time) for time in range(5)] + [(2, 0)])
    assert found.kept.tolist() == found.moment.tolist() == [0, 1, 2, 3, 4, 5]


def test_no_rows_are_sorted_out_too() -> None:
    assert sorted_out([]).kept.tolist() == []
