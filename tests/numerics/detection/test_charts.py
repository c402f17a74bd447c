"""Control charts: the classical patterns, drifts, and what is taken as normal after a time."""

import numpy as np
import pytest
from numpy.typing import NDArray

from foodflow.numerics.detection.watching import Finding, Rule, Settings
from tests.numerics.detection.make import SECOND, START, every, found, run


def noisy(seed: int, count: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0, 1, count)


def raised(values: NDArray[np.float64], *rules: Rule) -> list[Finding]:
    return [one for one in found(run(values, Settings(rules=frozenset(rules)))) if one.kind == "raised"]


PATTERNS = {
    Rule.WESTERN_ELECTRIC_1: [4.0],
    Rule.WESTERN_ELECTRIC_2: [2.5, 0.1, 2.5],
    Rule.WESTERN_ELECTRIC_3: [1.5, 1.5, 0.1, 1.5, 1.5],
    Rule.WESTERN_ELECTRIC_4: [0.5] * 8,
    Rule.NELSON_2: [0.5] * 9,
    Rule.NELSON_3: [-1.5, -0.9, -0.3, 0.3, 0.9, 1.5],
    Rule.NELSON_4: [0.5, -0.5] * 7,
    Rule.NELSON_7: [0.5, 0.6, -0.5] * 5,
    Rule.NELSON_8: [1.5, -1.5, -1.6, 1.5, -1.5, 1.4, 1.6, -1.5],
}

# The reading before a pattern, where the usual one would be part of it.
LAST = {Rule.NELSON_4: 0.9, Rule.NELSON_7: -1.3}


@pytest.mark.parametrize("rule", PATTERNS)
def test_each_pattern_is_found_where_it_is_complete_and_not_before(rule: Rule) -> None:
    pattern = PATTERNS[rule]
    last = LAST.get(rule, -0.3)
    lead = np.concatenate((noisy(1, 3200), np.tile([0.4, -1.3, 1.2, -0.3, 0.2], 5), [0.3, last]))
    begin = len(lead)
    before = raised(lead, rule)
    after = [one for one in raised(np.concatenate((lead, pattern)), rule) if one not in before]
    shorter = [one for one in raised(np.concatenate((lead, pattern[:-1])), rule) if one not in before]
    assert shorter == []
    [finding] = after
    assert finding.at == START + (begin + len(pattern) - 1) * SECOND
    assert finding.since == START + begin * SECOND


@pytest.mark.parametrize("rule", [Rule.DRIFT_EWMA, Rule.DRIFT_CUSUM])
@pytest.mark.parametrize("side", [1, -1])
def test_a_drift_of_one_sigma_is_found_within_fifty_readings_and_dated(rule: Rule, side: int) -> None:
    values = noisy(4, 1200)
    values[1000:] += side * 1.2
    [finding] = [one for one in raised(values, rule) if one.at >= START + 1000 * SECOND]
    assert finding.at < START + 1050 * SECOND
    assert START + 985 * SECOND <= finding.since <= START + 1020 * SECOND
    assert finding.expected == pytest.approx(0, abs=0.15)
    assert finding.certainty > 0.9


def test_a_step_is_not_normal_after_a_few_readings_but_after_768_and_that_is_told() -> None:
    values = np.random.default_rng(6).normal(4, 0.5, 2500)
    values[640:] += 5
    findings = found(run(values))
    for rule in (Rule.DRIFT_EWMA, Rule.DRIFT_CUSUM, Rule.LEARNED):
        begun, over = [one for one in findings if one.rule is rule][:2]
        assert (begun.kind, over.kind) == ("raised", "cleared")
        assert begun.at <= START + 645 * SECOND
        assert over.at == START + (640 + 768) * SECOND
        assert over.certainty == 0
        assert over.expected == pytest.approx(9, abs=0.2)
    assert all(one.at <= START + 1408 * SECOND for one in findings)


def test_a_level_that_comes_back_is_cleared_and_certain() -> None:
    values = noisy(8, 1500)
    values[700:800] += 6
    over = [one for one in found(run(values)) if one.kind == "cleared"]
    assert {one.rule for one in over} >= {Rule.DRIFT_CUSUM, Rule.DRIFT_EWMA}
    assert all(one.certainty == 1 and one.at < START + 860 * SECOND for one in over)


def test_outliers_do_not_join_what_is_normal() -> None:
    values = noisy(9, 3000)
    values[::40] = 40
    alarms = raised(np.concatenate((values, noisy(10, 200), [6.0])), Rule.WESTERN_ELECTRIC_1)
    assert alarms[-1].at == START + 3200 * SECOND
    assert alarms[-1].high is not None
    assert alarms[-1].high < 6


def test_the_first_reading_after_a_pause_is_held_against_the_level_and_not_the_last_reading() -> None:
    rng = np.random.default_rng(11)
    values, value = [], 0.0
    for shock in rng.normal(0, 1, 2000).tolist():
        value = 0.97 * value + shock
        values.append(value)
    values += [values[-1] - np.sign(values[-1]) * 7, 0.1]
    times = every(1, 2002)
    sudden, paused = times.copy(), times.copy()
    paused[2000:] += 3600 * SECOND
    rule = Settings(rules=frozenset({Rule.WESTERN_ELECTRIC_1}))
    last = START + 2000 * SECOND
    assert [one for one in found(run(values, rule, times=sudden)) if one.at >= last and one.kind == "raised"]
    assert not [one for one in found(run(values, rule, times=paused)) if one.at >= last and one.kind == "raised"]


def test_values_at_the_edge_of_what_can_be_counted_break_nothing() -> None:
    values = noisy(12, 2000)
    values[500:540] = 1e308
    values[600:640] = -1e308
    state_is_whole = found(run(np.concatenate((values, noisy(13, 400), np.full(9, 50.0)))))
    assert any(one.at >= START + 2400 * SECOND and one.kind == "raised" for one in state_is_whole)
    assert all(np.isfinite(one.certainty) for one in state_is_whole)
