"""How long it usually is from one reading of a sensor to the next."""

import numpy as np

from foodflow.numerics.steps import MOST, NONE, usual_steps

SECOND = 1_000_000


def steps_of(*runs: list[float], before: list[float | None] | None = None) -> list[tuple[float, int]]:
    """The usual step of runs of times in seconds, and of how many, by sensor."""
    times = np.array([int(time * SECOND) for run in runs for time in run], np.int64)
    starts = np.cumsum([0, *(len(run) for run in runs[:-1])])
    known = np.array([NONE if time is None else int(time * SECOND) for time in before or [None] * len(runs)], np.int64)
    middles, counts = usual_steps(times, starts, known)
    return list(zip(middles.tolist(), counts.tolist(), strict=True))


def test_of_even_steps_each_is_the_usual_one() -> None:
    assert steps_of([10, 11, 12], [10, 15, 20, 25]) == [(1.0, 2), (5.0, 3)]


def test_the_middle_one_of_uneven_steps_is_usual_and_of_two_the_longer() -> None:
    assert steps_of([0, 1, 2, 60], [0, 1, 4]) == [(1.0, 3), (3.0, 2)]


def test_the_step_from_the_reading_before_counts() -> None:
    assert steps_of([10], [10, 11], before=[4, 3]) == [(6.0, 1), (7.0, 2)]


def test_a_first_reading_makes_no_step() -> None:
    assert steps_of([10], [20, 21], [30]) == [(0.0, 0), (1.0, 1), (0.0, 0)]


def test_of_long_runs_the_latest_readings_are_looked_at() -> None:
    long = [*range(0, 5 * MOST, 5), *range(5 * MOST, 6 * MOST)]
    assert steps_of([float(time) for time in long], [1.0, 3.0], before=[-9, None]) == [(1.0, MOST - 1), (2.0, 1)]
