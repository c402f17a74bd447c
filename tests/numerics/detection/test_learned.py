"""The learned detector: what it finds and when it is silent, on series in which something or nothing is wrong."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from foodflow.numerics.detection.findings import Runs, bounds_of
from foodflow.numerics.detection.judging import look
from foodflow.numerics.detection.scoring import RAISED, scores
from foodflow.numerics.detection.state import BLOCK, stacked, unpack
from foodflow.numerics.detection.watching import Rule, Settings
from tests.numerics.detection.make import SECOND, START, every, found, run

LEARNED = Settings(rules=frozenset({Rule.LEARNED}))
COUNT = 10_000
PHASE = 2 * np.pi * np.arange(COUNT) / 288


def correlated(rng: np.random.Generator, correlation: float) -> NDArray[np.float64]:
    values, value = [], 0.0
    for shock in rng.normal(0, 1, COUNT).tolist():
        value = correlation * value + shock
        values.append(value)
    return np.array(values)


# Alarms of the usual rules that ten thousand readings may bring, though nothing is wrong.
Make = Callable[[np.random.Generator], NDArray[np.float64]]
Change = Callable[[NDArray[np.float64]], NDArray[np.float64]]
NORMAL: dict[str, tuple[Make, int, int]] = {
    "white noise": (lambda rng: rng.normal(4, 0.5, COUNT), 1, 0),
    "autoregression 0.5": (lambda rng: correlated(rng, 0.5), 1, 0),
    "autoregression 0.9": (lambda rng: correlated(rng, 0.9), 1, 1),
    "random walk": (lambda rng: np.cumsum(rng.normal(0, 1, COUNT)), 1, 3),
    "daily season": (lambda rng: 10 * np.sin(PHASE) + rng.normal(0, 1, COUNT), 300, 4),
    "quantised": (lambda rng: np.round(rng.normal(0, 0.4, COUNT)), 1, 3),
    "exponential": (lambda rng: rng.exponential(1, COUNT), 1, 4),
}


@pytest.mark.parametrize("name", NORMAL)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_normal_readings_bring_next_to_no_alarms(name: str, seed: int) -> None:
    make, period, most = NORMAL[name]
    values = make(np.random.default_rng((seed, 77)))
    raised = [one for one in found(run(values, times=every(period, COUNT))) if one.kind == "raised"]
    assert len(raised) <= most


def test_a_spike_a_burst_and_a_wrong_level_are_found_at_once() -> None:
    rng, begin = np.random.default_rng(12), 700
    changes: list[Change] = [lambda part: part + 9, lambda part: part * 6, lambda part: part + 3]
    for change in changes:
        values = rng.normal(20, 1, 1000) - 20
        values[begin : begin + 40] = change(values[begin : begin + 40])
        raised = [one for one in found(run(values, LEARNED)) if one.kind == "raised"]
        assert raised
        assert START + begin * SECOND <= raised[0].at < START + (begin + 25) * SECOND
        assert raised[0].certainty >= 0.5


def test_a_value_that_is_usual_at_noon_is_none_at_midnight_once_the_days_are_known() -> None:
    rng = np.random.default_rng(14)
    hours = np.arange(24 * 30)
    begin = START - START % (86_400 * SECOND)
    times = begin + hours * 3600 * SECOND
    works = (hours % 24 >= 6) & (hours % 24 < 18)
    values = 20.0 * works + rng.normal(0, 1, len(hours))
    night = 24 * 28 + 1
    values[night : night + 4] += 20
    raised = [one for one in found(run(values, LEARNED, times=times)) if one.kind == "raised"]
    [finding] = [one for one in raised if times[night] <= one.at <= times[night + 3]]
    assert finding.expected == pytest.approx(0, abs=2)
    assert len(raised) <= 2


def test_readings_within_two_deviations_are_not_unlikely_however_seldom_others_are_beyond() -> None:
    values, everywhere = np.random.default_rng(16).uniform(-1, 1, COUNT), np.arange(-(-COUNT // BLOCK))
    given = run(values, LEARNED)
    runs = Runs(bounds_of([LEARNED]), stacked([None]), np.array([COUNT]), given.times, given.values, given.uncertain)
    looked = look(runs, unpack(runs.states))
    digits = looked.unlikely.at(everywhere, looked.expected).digits
    assert np.median(digits[:, -100:]) == 0
    assert digits[:, -100:].max() > 0


def test_scores_know_nothing_of_what_follows() -> None:
    values = np.random.default_rng(15).normal(0, 1, 1500)
    values[900:930] += 7
    times = every(1, 1500)
    whole = scores(times, values)
    assert whole[900] >= RAISED
    assert (whole[:900] < RAISED).all()
    for end in (901, 917, 1000):
        assert scores(times[:end], values[:end]).tolist() == whole[:end].tolist()
    assert scores(times[:0], values[:0]).tolist() == []


def test_more_sensitivity_finds_less_and_less_finds_nothing() -> None:
    values = np.random.default_rng(16).normal(0, 1, 1000)
    values[700] += 5.2
    kinds = [
        len(found(run(values, Settings(rules=frozenset({Rule.LEARNED}), sensitivity=sensitivity))))
        for sensitivity in (0.5, 1, 3)
    ]
    assert kinds[0] == 0
    assert kinds[2] > 0
    assert kinds == sorted(kinds)
