"""Watching: cuts make no difference, sensors do not meet, and the earlier attempt's faults are gone."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from foodflow.numerics.detection.watching import Rule, Settings, watch
from tests.numerics.detection.make import every, found, run, told

EVERYTHING = Settings(
    low=-3,
    high=4,
    max_rate=5,
    limit_off_delay=7,
    rate_off_delay=40,
    stuck_seconds=5,
    gap_seconds=4,
    rules=frozenset(Rule),
    sensitivity=1.5,
)


def eventful(seed: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Irregular readings with steps, repeats, spikes and pauses."""
    rng = np.random.default_rng(seed)
    times = every(1, 1)[0] + np.cumsum(
        rng.choice([250_000, 1_000_000, 1_700_000, 9_000_000], count, p=[0.3, 0.5, 0.18, 0.02])
    )
    values = rng.normal(0, 1, count) + np.repeat(rng.choice([0, 0, 0, 2, 6], count // 50 + 1), 50)[:count]
    values[rng.random(count) < 0.01] += 9
    stuck = rng.integers(0, count)
    values[stuck : stuck + 20] = 1.5
    return times, values, rng.random(count) < 0.05


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 1500), st.lists(st.integers(0, 1500), max_size=8))
def test_readings_cut_anywhere_give_the_same_findings(seed: int, count: int, cuts: list[int]) -> None:
    times, values, uncertain = eventful(seed, count)
    whole = run(values, EVERYTHING, times=times, uncertain=uncertain)
    assert found(whole, [cut for cut in cuts if cut <= count]) == found(whole)


def test_one_reading_at_a_time_gives_the_same_findings_as_all_at_once() -> None:
    times, values, uncertain = eventful(7, 400)
    whole = run(values, EVERYTHING, times=times, uncertain=uncertain)
    once = found(whole)
    assert {finding.rule for finding in once} >= {Rule.ABOVE_LIMIT, Rule.GAP, Rule.STUCK, Rule.WESTERN_ELECTRIC_4}
    assert found(whole, range(1, 400)) == once


def test_sensors_watched_together_are_told_what_they_are_told_alone() -> None:
    runs = []
    for seed, count in enumerate((1, 31, 32, 33, 700, 64, 1000, 5)):
        times, values, uncertain = eventful(seed, count)
        runs.append(run(values, EVERYTHING, times=times, uncertain=uncertain))
    together = watch(runs)
    assert [watched.findings for watched in together] == [found(one) for one in runs]
    assert [watched.state for watched in together] == [watch([one])[0].state for one in runs]


def test_zero_is_a_limit() -> None:
    findings = found(run([1, 1, -0.1, 2, 2, 2, 2], Settings(low=0, high=None)))
    assert told(findings) == [(Rule.BELOW_LIMIT, "raised", 2), (Rule.BELOW_LIMIT, "cleared", 5)]
    assert found(run([-1, -2, 0, 0.5], Settings(high=0)))[0].value == 0.5


def test_pure_noise_gives_no_alarm() -> None:
    for seed in range(20):
        assert found(run(np.random.default_rng(seed).normal(4, 0.5, 600))) == []
