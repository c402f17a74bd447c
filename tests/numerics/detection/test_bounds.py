"""Limits, rate of change, stuck and gap: raised once, cleared once, by time and not by count."""

import numpy as np
import pytest

from foodflow.numerics.detection.watching import Finding, Rule, Settings, overdue, watch
from tests.numerics.detection.make import SECOND, START, every, found, run, told


def test_noise_at_a_limit_does_not_chatter() -> None:
    values = np.random.default_rng(3).normal(10, 1, 3000)
    values[:500] -= 8
    findings = found(run(values, Settings(high=10, rules=frozenset({Rule.ABOVE_LIMIT}))))
    crossings = int((np.diff((values > 10).astype(int)) == 1).sum())
    assert crossings > 500
    assert len(findings) <= 10


@pytest.mark.parametrize("period", [1, 60])
def test_what_is_back_about_its_level_is_over_however_wide_the_noise_once_was(period: int) -> None:
    rng = np.random.default_rng(2)
    values = 20 + rng.normal(0, 0.2, 4000)
    values[1000:2800] += rng.normal(0, 9, 1800)  # long enough to be taken as normal
    settings = Settings(high=30, rules=frozenset({Rule.ABOVE_LIMIT}))
    last = int(np.flatnonzero(values > 30)[-1])
    *_, over = found(run(values, settings, times=every(period, 4000)))
    assert over.kind == "cleared"
    assert last * period < (over.at - START) / SECOND <= (last + 40) * period


def test_a_given_hysteresis_says_how_far_back_a_value_must_come() -> None:
    settings = Settings(high=10, hysteresis=2)
    assert told(found(run([9, 11, 9, 9, 9, 9], settings))) == [(Rule.ABOVE_LIMIT, "raised", 1)]
    findings = found(run([9, 11, 7.9, 7.9, 7.9, 9], settings))
    assert told(findings) == [(Rule.ABOVE_LIMIT, "raised", 1), (Rule.ABOVE_LIMIT, "cleared", 4)]
    assert [finding.since for finding in findings] == [START + SECOND] * 2
    stays = np.concatenate((np.random.default_rng(1).normal(0, 0.1, 500), [11], np.full(500, 9.0)))
    assert told(found(run(stays, Settings(high=10, hysteresis=2, rules=frozenset({Rule.ABOVE_LIMIT}))))) == [
        (Rule.ABOVE_LIMIT, "raised", 500)
    ]


def test_a_limit_says_by_how_much_of_the_noise_it_was_passed() -> None:
    values = np.random.default_rng(5).normal(0, 1, 400)
    values[200:] = np.clip(values[200:], -2, 2)
    values[300], values[350] = 5.02, 9
    settings = Settings(high=5, rules=frozenset({Rule.ABOVE_LIMIT}))
    close, far = (finding for finding in found(run(values, settings)) if finding.kind == "raised")
    assert 0.5 < close.certainty < 0.6
    assert far.certainty > 0.999
    assert (far.value, far.high) == (9, 5)


def test_an_uncertain_reading_is_half_as_sure() -> None:
    uncertain = np.array([False, True])
    [finding] = found(run([1, 9], Settings(high=5), uncertain=uncertain))
    assert finding.certainty == 0.5


def test_a_change_is_judged_by_the_seconds_it_took() -> None:
    times = START + np.array([0, 1, 11, 12]) * SECOND
    findings = found(run([0, 4, 44, 50], Settings(max_rate=5), times=times))
    assert told(findings) == [(Rule.RATE_OF_CHANGE, "raised", 12)]
    assert (findings[0].value, findings[0].low, findings[0].high) == (6, -5, 5)


def test_a_rate_of_zero_allows_no_change() -> None:
    assert told(found(run([1, 1, 1.5], Settings(max_rate=0)))) == [(Rule.RATE_OF_CHANGE, "raised", 2)]


@pytest.mark.parametrize(
    ("settings", "values"),
    [
        (Settings(high=5, limit_off_delay=20), (1.0, 9.0)),
        (Settings(low=5, limit_off_delay=20), (9.0, 1.0)),
        (Settings(max_rate=0.5, rate_off_delay=20), (1.0, 9.0)),
    ],
    ids=["above_limit", "below_limit", "rate_of_change"],
)
@pytest.mark.parametrize("period", [1, 2, 7])
def test_what_comes_back_within_its_off_delay_was_never_over(
    settings: Settings, values: tuple[float, float], period: int
) -> None:
    fine, wrong = values
    readings = np.full(400 // period, fine)
    readings[[10, 12, 18, 200 // period]] = wrong
    findings = found(run(readings, settings, times=every(period, len(readings))))
    last = 19 if settings.max_rate else 18
    if period == 7:  # three readings are as long as the delay
        assert [kind for _, kind, _ in told(findings)[:4]] == ["raised", "cleared", "raised", "cleared"]
        return
    over = last * period + 20
    assert [(kind, at) for _, kind, at in told(findings)[:3]] == [
        ("raised", 10 * period),
        ("cleared", over),
        ("raised", 200),
    ]
    assert [finding.since for finding in findings[:2]] == [START + 10 * period * SECOND] * 2


def test_three_readings_are_waited_for_however_short_the_off_delay_is() -> None:
    settings = Settings(high=5, limit_off_delay=0.5, max_rate=5, rate_off_delay=0)
    findings = told(found(run([1, 9, 1, 1, 1, 1, 1], settings)))
    assert findings == [
        (Rule.ABOVE_LIMIT, "raised", 1),
        (Rule.RATE_OF_CHANGE, "raised", 1),
        (Rule.ABOVE_LIMIT, "cleared", 4),
        (Rule.RATE_OF_CHANGE, "cleared", 5),
    ]


def test_an_off_delay_goes_on_from_one_call_to_the_next_and_may_change_between() -> None:
    settings = Settings(max_rate=5, rate_off_delay=100)
    values = np.zeros(200)
    values[40] = 9
    whole = run(values, settings)
    [before] = watch([run(values[:70], settings)])
    assert told(found(whole)) == [(Rule.RATE_OF_CHANGE, "raised", 40), (Rule.RATE_OF_CHANGE, "cleared", 141)]
    assert found(whole, [70]) == found(whole)
    longer, shorter = Settings(max_rate=5, rate_off_delay=120), Settings(max_rate=5, rate_off_delay=10)
    rest = (values[70:], every(1, 200)[70:], before.state)
    assert told(found(run(rest[0], longer, times=rest[1], state=rest[2]))) == [(Rule.RATE_OF_CHANGE, "cleared", 161)]
    assert told(found(run(rest[0], shorter, times=rest[1], state=rest[2]))) == [(Rule.RATE_OF_CHANGE, "cleared", 70)]


@pytest.mark.parametrize("period", [1, 7])
def test_a_value_that_repeats_for_too_long_is_stuck(period: int) -> None:
    values = np.array([1, 2, 3, 3, 3, 3, 3, 3, 3, 3, 4.0])
    findings = found(run(values, Settings(stuck_seconds=4 * period), times=every(period, 11)))
    assert told(findings) == [(Rule.STUCK, "raised", 6 * period), (Rule.STUCK, "cleared", 10 * period)]
    assert findings[0].since == START + 2 * period * SECOND


def test_a_signal_that_is_constant_from_the_start_is_stuck() -> None:
    findings = found(run([4.0] * 600, Settings(stuck_seconds=300)))
    assert told(findings) == [(Rule.STUCK, "raised", 300)]


def test_a_signal_that_freezes_is_noticed_without_any_setting() -> None:
    values = np.random.default_rng(2).normal(4, 0.5, 900)
    values[600:] = values[600]
    raised = [finding for finding in found(run(values)) if finding.kind == "raised"]
    assert raised
    assert raised[0].rule is Rule.LEARNED
    assert raised[0].at < START + 630 * SECOND


def test_a_gap_is_told_by_the_reading_that_ends_it() -> None:
    times = START + np.array([0, 1, 2, 60, 61]) * SECOND
    findings = found(run([1, 2, 1, 2, 1], Settings(gap_seconds=10), times=times))
    assert told(findings) == [(Rule.GAP, "raised", 60), (Rule.GAP, "cleared", 60)]
    assert (findings[0].since, findings[0].value, findings[0].high) == (START + 2 * SECOND, 58, 10)


def test_a_gap_is_noticed_by_the_clock_once_and_cleared_by_the_next_reading() -> None:
    settings = Settings(gap_seconds=10)
    [watched] = watch([run([1, 2, 1], settings)])
    assert overdue(watched.state, settings, START + 12 * SECOND) == ([], watched.state)
    [finding], state = overdue(watched.state, settings, START + 13 * SECOND)
    assert finding == Finding(Rule.GAP, "raised", START + 13 * SECOND, START + 2 * SECOND, 11, None, None, 10, 1)
    assert overdue(state, settings, START + 99 * SECOND) == ([], state)
    late = START + np.array([100, 101]) * SECOND
    assert told(found(run([1, 2], settings, times=late, state=state))) == [(Rule.GAP, "cleared", 100)]


def test_a_gap_is_forgotten_by_nobody_between_states() -> None:
    settings = Settings(gap_seconds=10)
    values = np.arange(64.0)
    [watched] = watch([run(values, settings)])
    [finding], _ = overdue(watched.state, settings, START + 100 * SECOND)
    assert finding.since == START + 63 * SECOND


def test_what_is_not_set_or_not_among_the_rules_is_not_looked_at() -> None:
    times = START + np.array([0, 1, 2, 9000, 9001]) * SECOND
    wild = [1, 1e9, 1, 1, 1]
    assert found(run(wild, times=times)) == []
    nothing = Settings(low=2, high=5, max_rate=1, stuck_seconds=0, gap_seconds=1, rules=frozenset())
    assert found(run(wild, nothing, times=times)) == []
    [watched] = watch([run([1.0], nothing)])
    assert overdue(watched.state, nothing, START + 10**12)[0] == []
