"""What lasts: passed over, a sensor is told and remembered exactly as if each of its readings had been looked at."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from foodflow.numerics.detection.blocks import Blocks
from foodflow.numerics.detection.bounds import Bits
from foodflow.numerics.detection.findings import Bounds, Finding
from foodflow.numerics.detection.lasting import Lasting, lasting
from foodflow.numerics.detection.state import Records
from foodflow.numerics.detection.strides import Strides
from foodflow.numerics.detection.watching import USUAL_RULES, Rule, Run, Settings, Watched, overdue, watch
from tests.numerics.detection.make import SECOND, START, found, run, told

USED = "foodflow.numerics.detection.judging.lasting"
SENSORS, CALLS = 8, 40
HOUR = 3600 * SECOND
LIMITS = Settings(low=-30, high=30, limit_off_delay=20, max_rate=6, rate_off_delay=40)


def chattering(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Values that jump, with calm moments: some shorter and some longer than an off-delay, some beyond a limit."""
    values = rng.choice([0.0, 10.0], count) + rng.normal(0, 0.3, count)
    for begin in rng.integers(0, count, 1 + count // 90).tolist():
        values[begin : begin + rng.integers(20, 60)] = rng.normal(rng.choice([5.0, 50.0]), 0.3)
    return values


def calls(seed: int) -> Iterator[list[Run]]:
    """Calls of as many sensors: some jump, some stand beyond a limit for long, some report slowly."""
    rng = np.random.default_rng(seed)
    last = np.full(SENSORS, START)
    delays, rates = np.zeros((SENSORS, 2)), np.zeros(SENSORS)
    for number in range(CALLS):
        if number % 4 == 0:  # what is going on may look otherwise by other settings
            delays, rates = rng.choice([0.0, 15.0, 40.0, 300.0], (SENSORS, 2)), rng.choice([0.4, 6, 12], SENSORS)
        runs = []
        for place in range(SENSORS):
            count = int(rng.integers(1, rng.choice([4, 60, 300])))
            step = int(rng.choice([1, 1, 1, 20])) * SECOND
            values = chattering(rng, count) if place % 2 else rng.normal(60 if number % 7 else 0, 1, count)
            limits, rate = delays[place].tolist()
            settings = Settings(
                low=-30,
                high=30,
                max_rate=rates[place],
                gap_seconds=60,
                limit_off_delay=limits,
                rate_off_delay=rate,
                rules=USUAL_RULES - {Rule.RATE_OF_CHANGE} if (number + place) % 11 == 0 else USUAL_RULES,
            )
            runs.append(run(values, settings, times=last[place] + step * np.arange(1, count + 1)))
            last[place] += step * count
        yield runs


def gone_through(seed: int) -> list[list[tuple[list[Finding], bytes]]]:
    """What is found and remembered call by call."""
    states: list[bytes | None] = [None] * SENSORS
    outcome = []
    for number, runs in enumerate(calls(seed)):
        given = [
            Run(one.settings, state, one.times, one.values, one.uncertain)
            for one, state in zip(runs, states, strict=True)
        ]
        watched: list[Watched] = watch(given)
        states = [one.state for one in watched]
        outcome.append([(list(one.findings), one.state) for one in watched])
        for place in range(number % 3, SENSORS, 5):  # the clock may notice that a sensor is silent
            _, states[place] = overdue(watched[place].state, runs[place].settings, int(runs[place].times[-1]) + HOUR)
    return outcome


@pytest.mark.parametrize("seed", range(6))
def test_what_lasts_is_told_and_remembered_as_if_each_reading_were_looked_at(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed_over: list[int] = []

    def counted(
        blocks: Blocks, bounds: Bounds, records: Records, may_raise: Bits, *, found: Strides, among: NDArray[np.bool_]
    ) -> Lasting | None:
        lasts = lasting(blocks, bounds, records, may_raise, found=found, among=among)
        passed_over.append(0 if lasts is None else len(lasts.sensors))
        return lasts

    monkeypatch.setattr(USED, counted)
    quick = gone_through(seed)
    monkeypatch.setattr(USED, lambda *_, **__: None)
    assert gone_through(seed) == quick
    assert sum(passed_over) > CALLS // 4
    kinds = {(one.rule, one.kind) for each in quick for findings, _ in each for one in findings}
    assert {(Rule.RATE_OF_CHANGE, "cleared"), (Rule.ABOVE_LIMIT, "cleared")} <= kinds


def test_an_alarm_that_lasted_over_many_calls_is_over_when_its_off_delay_is() -> None:
    jumps = np.tile([0.0, 10.0], 400)
    values = np.concatenate((jumps, np.full(100, 5.0)))
    settings = Settings(max_rate=6, rate_off_delay=40)
    findings = told(found(run(values, settings), range(33, len(values), 33)))
    of_rate = [one[1:] for one in findings if one[0] is Rule.RATE_OF_CHANGE]
    assert of_rate == [("raised", 1), ("cleared", 799 + 40)]


@pytest.mark.parametrize("before", range(320, 352, 3))
@pytest.mark.parametrize(("delay", "calm"), [(40, 30), (40, 38), (40, 39), (40, 50), (10, 8), (10, 9), (10, 20)])
def test_a_calm_that_is_longer_than_the_off_delay_is_seen_wherever_it_lies(before: int, delay: int, calm: int) -> None:
    jumps = [0.0, 10.0] * 200
    values = [*jumps[:before], *[5.0] * calm, *jumps]
    settings = Settings(max_rate=6, rate_off_delay=delay, rules=frozenset({Rule.RATE_OF_CHANGE}))
    cleared = [at for _, kind, at in told(found(run(values, settings), [100])) if kind == "cleared"]
    # The jump before the calm was the last one, and the one after it is the second reading of those that follow.
    assert cleared == ([before - 1 + delay] if calm >= delay - 1 else [])


def test_a_rule_that_is_switched_off_ends_what_it_raised_however_long_it_lasted() -> None:
    beyond = run(np.full(100, 50.0), LIMITS)
    [watched] = watch([beyond])
    assert told(watched.findings) == [(Rule.ABOVE_LIMIT, "raised", 0)]
    unlimited = Settings(rules=frozenset({Rule.RATE_OF_CHANGE}))
    later = run(np.full(100, 50.0), unlimited, times=beyond.times + 100 * SECOND, state=watched.state)
    [ended] = watch([later])
    assert told(ended.findings) == [(Rule.ABOVE_LIMIT, "cleared", 100)]
