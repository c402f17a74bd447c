"""Judging: what is passed over has nothing to tell, and what is learned does not depend on how it is gone through."""

import numpy as np
import pytest

from foodflow.numerics.detection.findings import Finding, Runs, bounds_of
from foodflow.numerics.detection.judging import Eventful, Looked, eventful, judge, look
from foodflow.numerics.detection.state import stacked, unpack
from foodflow.numerics.detection.telling import tell
from foodflow.numerics.detection.watching import Rule, Settings, watch
from tests.numerics.detection.make import every, found, run, told

USUAL = Settings(low=-6, high=6, max_rate=12, stuck_seconds=5, gap_seconds=30)


def many(seed: int, count: int, lengths: list[int]) -> list[np.ndarray]:
    """Noise of so many sensors, some with spikes, wrong levels or values that repeat."""
    rng = np.random.default_rng(seed)
    values = [rng.normal(0, 1, lengths[place % len(lengths)]) for place in range(count)]
    for one in values[::4]:
        one[rng.integers(0, len(one))] = 9
    for one in values[1::4]:
        one[len(one) // 2 :] += 2
    for one in values[2::8]:
        one[: len(one) // 3] = 0.5
    return values


def looked_at(values: list[np.ndarray], settings: Settings) -> Looked:
    runs = Runs(
        bounds_of([settings] * len(values)),
        stacked([None] * len(values)),
        np.array([len(one) for one in values]),
        np.concatenate([every(1, len(one)) for one in values]),
        np.concatenate(values),
        np.zeros(sum(len(one) for one in values), np.bool_),
    )
    return look(runs, unpack(runs.states))


def findings_of(looked: Looked, some: Eventful) -> dict[int, list[Finding]]:
    said = tell(judge(looked, some), looked.known.take(some.sensors))
    return {int(sensor): one for sensor, one in zip(some.sensors, said, strict=True) if one}


@pytest.mark.parametrize("seed", range(4))
def test_sensors_that_are_passed_over_have_nothing_to_tell(seed: int) -> None:
    with np.errstate(all="ignore"):
        looked = looked_at(many(seed, 60, [700, 333, 64, 1000]), USUAL)
        some, all_of_them = eventful(looked), Eventful(np.arange(60), np.ones(60, np.bool_))
        assert 10 < len(some.sensors) < 50
        assert 5 < some.are_charted.sum() < len(some.sensors)
        assert findings_of(looked, some) == findings_of(looked, all_of_them)


def test_the_same_reading_repeated_to_fill_a_block_is_no_event() -> None:
    values = np.random.default_rng(5).normal(0, 1, 1000 + 1)
    values[-1] = 3.2
    with np.errstate(all="ignore"):
        assert len(eventful(looked_at([values], USUAL)).sensors) == 0


def test_many_blocks_at_once_teach_what_they_teach_one_after_the_other() -> None:
    for values in many(9, 8, [640]):
        state = None
        for begin in range(0, len(values), 32):
            part = slice(begin, begin + 32)
            [watched] = watch([run(values[part], USUAL, times=every(1, len(values))[part], state=state)])
            state = watched.state
        assert watch([run(values, USUAL)])[0].state == state


def test_a_new_level_is_taken_as_normal_alike_however_its_readings_are_cut() -> None:
    rng = np.random.default_rng(11)
    values = np.concatenate((rng.normal(0, 1, 640), rng.normal(30, 1, 1200)))
    whole = run(values, Settings(high=10))
    once = found(whole)
    assert (Rule.DRIFT_EWMA, "cleared") in [one[:2] for one in told(once)]
    assert found(whole, range(7, len(values), 7)) == once
