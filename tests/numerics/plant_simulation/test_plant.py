"""The simulated plant is the same however it is stepped, consistent in what it tells, and believable."""

import copy
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from foodflow.numerics.intervals import StateChange
from foodflow.numerics.oee import STATES, Count, Effectiveness, elements, oee
from foodflow.numerics.plant_simulation.equipment import LINES, ROUND_THE_CLOCK, LinePlan, SensorPlan, shift_name
from foodflow.numerics.plant_simulation.events import (
    BatchCompleted,
    BatchStarted,
    Counted,
    Event,
    Sampled,
    StateChanged,
)
from foodflow.numerics.plant_simulation.plant import Plant
from tests.numerics.make import START

SEED = 7
DAYS = 14
REASONS = {"mechanical", "electrical", "no_material", "no_operator", "quality_issue"}
SENSORS = [sensor for line in LINES for sensor in line.sensors]


@cache
def fortnight() -> Sequence[Event]:
    """All that happens in two weeks from a Monday at 6."""
    return Plant(SEED, START).advance(START + timedelta(days=DAYS))


def of_line(events: Iterable[Event], plan: LinePlan) -> list[Event]:
    """What happens on one line."""
    return [event for event in events if event.line == plan.number]


def happenings(events: Iterable[Event]) -> list[Event]:
    """What happens apart from readings."""
    return [event for event in events if not isinstance(event, Sampled)]


def samples(events: Iterable[Event], code: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """All readings of a sensor."""
    blocks = [event for event in events if isinstance(event, Sampled) and event.sensor == code]
    if not blocks:
        return np.empty(0, dtype=np.int64), np.empty(0)
    return np.concatenate([block.times for block in blocks]), np.concatenate([block.values for block in blocks])


def same(one: Sequence[Event], other: Sequence[Event]) -> bool:
    """Whether two runs are alike but for where readings are cut."""
    alike = happenings(one) == happenings(other)
    for sensor in SENSORS:
        pairs = zip(samples(one, sensor.code), samples(other, sensor.code), strict=True)
        alike = alike and all(np.array_equal(left, right) for left, right in pairs)
    return alike


def effectiveness(plan: LinePlan) -> Effectiveness:
    """Effectiveness of a line over the two weeks."""
    told = of_line(fortnight(), plan)
    changes = [StateChange(event.at, event.state) for event in told if isinstance(event, StateChanged)]
    counts = [
        Count(at=event.at, good=event.good, scrap=event.scrap, ideal_rate=plan.ideal_rate)
        for event in told
        if isinstance(event, Counted)
    ]
    return oee(elements(changes, counts, start=START, end=START + timedelta(days=DAYS)))


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.lists(st.integers(1, 6 * 3600 * 10**6), max_size=60))
def test_steps_of_any_size_give_the_same_events(seed: int, cuts: list[int]) -> None:
    end = START + timedelta(hours=6)
    whole = Plant(seed, START).advance(end)
    plant, parts = Plant(seed, START), list[Event]()
    for cut in sorted(cuts):
        parts += plant.advance(START + timedelta(microseconds=cut))
    assert same(whole, [*parts, *plant.advance(end)])


def test_sixty_steps_of_a_minute_are_one_of_an_hour() -> None:
    plant, parts = Plant(SEED, START), list[Event]()
    for minute in range(60):
        parts += plant.advance(START + timedelta(minutes=minute + 1))
    assert same(parts, Plant(SEED, START).advance(START + timedelta(hours=1)))


def test_another_seed_is_another_history() -> None:
    end = START + timedelta(hours=4)
    assert not same(Plant(1, START).advance(end), Plant(2, START).advance(end))


def test_a_copy_goes_on_where_the_plant_was() -> None:
    plant = Plant(SEED, START)
    plant.advance(START + timedelta(minutes=90))
    twin = copy.deepcopy(plant)
    end = START + timedelta(hours=5)
    assert same(plant.advance(end), twin.advance(end))


def test_events_come_in_order_of_time_and_within_the_step() -> None:
    plant = Plant(SEED, START)
    plant.advance(START + timedelta(minutes=30))
    found = plant.advance(START + timedelta(hours=3))
    moments = [event.at for event in found]
    assert moments == sorted(moments)
    assert START + timedelta(minutes=30) <= moments[0]
    assert moments[-1] < START + timedelta(hours=3)


def test_time_does_not_go_back() -> None:
    plant = Plant(SEED, START)
    plant.advance(START + timedelta(hours=1))
    with pytest.raises(ValueError, match="does not go back"):
        plant.advance(START)


def test_a_start_within_a_minute_is_the_full_minute() -> None:
    start = START + timedelta(seconds=42)
    assert same(Plant(SEED, start).advance(start), Plant(SEED, START).advance(start))


@pytest.mark.parametrize("plan", LINES, ids=lambda plan: plan.number)
def test_a_line_is_in_one_known_state_at_each_instant(plan: LinePlan) -> None:
    changes = [event for event in of_line(fortnight(), plan) if isinstance(event, StateChanged)]
    assert changes[0].at == START
    assert {change.state for change in changes} == set(STATES) - {"unrecorded"}
    assert len({change.at for change in changes}) == len(changes)
    assert all(one.state != other.state for one, other in pairwise(changes))
    assert {change.reason for change in changes if change.state == "downtime"} == REASONS


@pytest.mark.parametrize("plan", LINES, ids=lambda plan: plan.number)
def test_a_line_works_two_shifts_on_weekdays(plan: LinePlan) -> None:
    for event in happenings(of_line(fortnight(), plan)):
        closed = event.at.weekday() > 4 or not 6 <= event.at.hour < 22
        if isinstance(event, StateChanged):
            assert (event.state == "not_scheduled") == closed
        elif not isinstance(event, Counted):  # the count of the last minute comes at its end
            assert not closed


def test_shifts_follow_the_clock_of_the_plant() -> None:
    friday = datetime(2024, 3, 29, tzinfo=UTC)
    found = Plant(SEED, friday, time_zone=ZoneInfo("Europe/Berlin")).advance(friday + timedelta(days=4))
    opened = {event.at.isoformat()[5:16] for event in happenings(found) if event.at.minute == 0 and event.at.hour < 6}
    assert {"03-29T05:00", "04-01T04:00"} <= opened
    assert [shift_name(friday.replace(hour=hour)) for hour in (5, 6, 14, 22)] == ["night", "early", "late", "night"]


def test_a_plant_that_never_closes_is_always_scheduled() -> None:
    found = Plant(SEED, START, shifts=ROUND_THE_CLOCK).advance(START + timedelta(days=7))
    assert all(event.state != "not_scheduled" for event in found if isinstance(event, StateChanged))


@pytest.mark.parametrize("plan", LINES, ids=lambda plan: plan.number)
def test_a_completed_batch_has_made_its_target(plan: LinePlan) -> None:
    told = happenings(of_line(fortnight(), plan))
    targets = {event.batch: event.target_quantity for event in told if isinstance(event, BatchStarted)}
    completed = [event.batch for event in told if isinstance(event, BatchCompleted)]
    made = dict.fromkeys(targets, 0)
    for event in told:
        if isinstance(event, Counted):
            made[event.batch] += event.good + event.scrap
            assert min(event.good, event.scrap) >= 0
            assert bool(event.scrap) == bool(event.scrap_reason)
    assert len(set(targets)) == len([event for event in told if isinstance(event, BatchStarted)])
    assert len(completed) > 20
    assert {batch: made[batch] for batch in completed} == {batch: targets[batch] for batch in completed}
    assert set(targets) - set(completed) <= {list(targets)[-1]}


@pytest.mark.parametrize("plan", LINES, ids=lambda plan: plan.number)
def test_a_batch_runs_from_its_start_and_its_line_is_idle_after_it(plan: LinePlan) -> None:
    told = happenings(of_line(fortnight(), plan))
    current = None
    for event, following in pairwise(told):
        if isinstance(event, BatchStarted):
            assert current is None
            assert following == StateChanged(event.at, event.line, "running", "")
            current = event.batch
        elif isinstance(event, BatchCompleted):
            assert following == StateChanged(event.at, event.line, "idle", "")
            assert event.batch == current
            current = None
        elif isinstance(event, Counted):
            assert event.batch == current


@pytest.mark.parametrize("plan", LINES, ids=lambda plan: plan.number)
def test_effectiveness_is_that_of_an_ordinary_plant(plan: LinePlan) -> None:
    found = effectiveness(plan)
    assert found.availability is not None
    assert 0.5 < found.availability < 0.85
    assert found.performance is not None
    assert 0.8 < found.performance < 1
    assert found.quality is not None
    assert 0.95 < found.quality < 1


def test_scrap_is_high_after_a_changeover_and_then_falls() -> None:
    told = happenings(of_line(fortnight(), LINES[0]))
    starts = {event.batch: event.at for event in told if isinstance(event, BatchStarted)}
    counts = [(event.at - starts[event.batch], event) for event in told if isinstance(event, Counted)]
    early = [event for age, event in counts if age < timedelta(minutes=3)]
    late = [event for age, event in counts if age > timedelta(minutes=15)]
    assert share_of_scrap(early) > 3 * share_of_scrap(late)


def share_of_scrap(counts: Sequence[Counted]) -> float:
    """Scrap in all that was made."""
    return sum(count.scrap for count in counts) / sum(count.scrap + count.good for count in counts)


@pytest.mark.parametrize("sensor", SENSORS, ids=lambda sensor: sensor.code)
def test_a_sensor_samples_in_its_period_and_is_within_limits_nearly_always(sensor: SensorPlan) -> None:
    times, values = samples(fortnight(), sensor.code)
    assert (np.diff(times) % (sensor.period * 1_000_000) == 0).all()
    assert (np.diff(times) > 0).all()
    assert np.isfinite(values).all()
    within = np.ones(len(values), dtype=bool)
    if sensor.low is not None:
        within &= values >= sensor.low
    if sensor.high is not None:
        within &= values <= sensor.high
    assert within.mean() > 0.95
    assert len(values) > 0.95 * DAYS * 86_400 / sensor.period


def test_a_sensor_follows_the_state_of_its_line() -> None:
    """Flow of the cooking line while it runs, and at night."""
    running = [event for event in of_line(fortnight(), LINES[0]) if isinstance(event, StateChanged)]
    times, values = samples(fortnight(), "COOK-1-FT1")
    places = np.searchsorted([event.at.timestamp() * 1e6 for event in running], times, side="right") - 1
    states = np.array([event.state for event in running])[places]
    assert values[states == "running"].mean() > 35
    assert values[states == "not_scheduled"].mean() < 2


def test_noise_remembers_itself() -> None:
    times, values = samples(fortnight(), "PACK-1-TT1")
    hours = times // 3_600_000_000 % 24
    night = values[(hours >= 1) & (hours < 4)]
    assert np.corrcoef(night[:-1], night[1:])[0, 1] > 0.7


def test_the_drifting_sensor_rises_day_by_day() -> None:
    times, values = samples(fortnight(), "FILL-1-PT1")
    days = (times - times[0]) // 86_400_000_000
    nights = [values[(days == day) & (times // 3_600_000_000 % 24 == 3)].mean() for day in range(DAYS)]
    assert (np.diff(nights) > 0).all()
    assert nights[-1] - nights[0] == pytest.approx(0.03 * (DAYS - 1), abs=0.02)


def test_the_failing_sensor_has_gaps_and_sticks() -> None:
    found = Plant(SEED, START).advance(START + timedelta(days=28))
    times, values = samples(found, "PACK-1-PT1")
    assert np.diff(times).max() >= 10 * 60 * 1_000_000
    changes = np.flatnonzero(np.diff(values))
    assert np.diff(changes).max() >= 10 * 60 // 10


def test_the_cold_store_has_a_limit_of_zero_and_is_too_warm_at_times() -> None:
    plan = next(sensor for sensor in SENSORS if sensor.code == "PACK-1-TT1")
    _, values = samples(fortnight(), plan.code)
    assert (plan.low, plan.high, plan.unit) == (0, 5, "Cel")
    assert (values > 5).any()
