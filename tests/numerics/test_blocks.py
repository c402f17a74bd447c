"""Cutting readings into blocks: by sensor, day and length, with the step of those that are evenly apart."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foodflow.numerics.blocks import DAY, Stretches, cut

_ROWS = st.sets(st.tuples(st.integers(1, 3), st.integers(0, 3 * DAY // 10**9)), min_size=1, max_size=60)


def stretches(rows: list[tuple[int, int]], most: int) -> Stretches:
    keys, times = zip(*rows, strict=True)
    return cut(np.array(keys, np.int32), np.array(times, np.int64), most=most)


@given(_ROWS, st.integers(1, 20))
def test_every_reading_is_in_one_block_of_one_sensor_and_day_and_not_too_many_of_them(
    given_rows: set[tuple[int, int]], most: int
) -> None:
    rows = sorted((key, time * 10**9) for key, time in given_rows)
    found = stretches(rows, most)
    parts = [rows[start : end + 1] for start, end in zip(found.starts.tolist(), found.ends.tolist(), strict=True)]
    assert [row for part in parts for row in part] == rows
    assert all(len({(key, time // DAY) for key, time in part}) == 1 for part in parts)
    assert found.counts.max() <= most
    wanted: dict[tuple[int, int], int] = {}
    for key, time in rows:
        wanted[key, time // DAY] = wanted.get((key, time // DAY), 0) + 1
    assert len(parts) == sum(-(-count // most) for count in wanted.values())


@given(_ROWS)
def test_a_step_is_told_where_it_gives_the_times_back(given_rows: set[tuple[int, int]]) -> None:
    rows = sorted(given_rows)
    found = stretches(rows, 60)
    for start, count, step in zip(found.starts.tolist(), found.counts.tolist(), found.steps.tolist(), strict=True):
        times = [time for _, time in rows[start : start + count]]
        gaps = {later - earlier for earlier, later in pairwise(times)}
        assert step == (0 if not gaps else gaps.pop() if len(gaps) == 1 else -1)


@pytest.mark.parametrize("flags", [[False] * 4, [True, False, False, False], [False, False, False, True]])
def test_what_is_true_of_a_reading_is_true_of_its_block(flags: list[bool]) -> None:
    found = stretches([(1, 0), (1, 1), (2, 0), (2, 1)], 10)
    assert found.any(np.array(flags)).tolist() == [any(flags[:2]), any(flags[2:])]
    assert found.each(np.array([7, 8])).tolist() == [7, 7, 8, 8]
