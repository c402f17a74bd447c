"""The simulated plant as a whole: events in order of time, the same for a seed however it is stepped."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.intervals import utc
from foodflow.numerics.plant_simulation.equipment import LINES, TWO_SHIFTS, LinePlan, Shifts
from foodflow.numerics.plant_simulation.events import (
    BatchCompleted,
    BatchStarted,
    Counted,
    Event,
    Sampled,
    StateChanged,
)
from foodflow.numerics.plant_simulation.line import LineProcess
from foodflow.numerics.plant_simulation.sensor import HOUR, MICROSECONDS, SensorProcess

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTES_OF_HOUR: Final = 60
_RANKS: Final = {Sampled: 0, Counted: 1, BatchCompleted: 2, BatchStarted: 3, StateChanged: 4}
"""Order of events at one instant: a count before its batch completes, a batch starts before its line is running."""


class Plant:
    """Three lines with their sensors, from a moment on.

    The same seed, start, zone and shifts give the same events, whether time passes in one step or in many: it is lived
    in hours from the start, ahead of what is handed out. A plant can be copied or pickled and goes on where it was.
    """

    def __init__(self, seed: int, start: datetime, *, time_zone: tzinfo = UTC, shifts: Shifts = TWO_SHIFTS) -> None:
        """Begin at the full minute of `start` (aware); `shifts` are hours in `time_zone`."""
        self.start = utc(start).replace(second=0, microsecond=0)
        self.now = self.start
        self._zone, self._shifts = time_zone, shifts
        self._hours = 0
        self._pending: list[Event] = []
        self._lines = [
            _LineWithSensors(plan, np.random.SeedSequence([seed, number])) for number, plan in enumerate(LINES)
        ]

    def advance(self, until: datetime) -> list[Event]:
        """Let time pass and return what happened from the last moment on, before `until`, in order of time.

        Readings come as one `Sampled` a sensor and hour, cut at `until`. Raises ValueError where time would go back.
        """
        goal = utc(until)
        if goal < self.now:
            raise ValueError(f"time does not go back: {goal} is before {self.now}")
        while self._lived_until < goal:
            self._live_an_hour()
        due, self._pending = _cut(self._pending, goal)
        self.now = goal
        order = {line.plan.number: place for place, line in enumerate(self._lines)}
        return sorted(due, key=lambda event: (event.at, _RANKS[type(event)], order[event.line]))

    @property
    def _lived_until(self) -> datetime:
        return self.start + timedelta(hours=self._hours)

    def _live_an_hour(self) -> None:
        begin = self._lived_until
        minutes = [begin + timedelta(minutes=minute) for minute in range(_MINUTES_OF_HOUR)]
        walls = [minute.astimezone(self._zone) for minute in minutes]
        is_on = [self._shifts.are_on(wall) for wall in walls]
        for line in self._lines:
            for minute, wall, on in zip(minutes, walls, is_on, strict=True):
                line.process.minute(minute, wall.replace(tzinfo=None), is_on=on)
            self._pending += line.told_in_hour(self.start, self._hours * HOUR)
        self._hours += 1


class _LineWithSensors:
    """A line, its sensors, and the state in which the last hour left it."""

    def __init__(self, plan: LinePlan, seed: np.random.SeedSequence) -> None:
        own, *others = seed.spawn(1 + len(plan.sensors))
        self.plan = plan
        self.process = LineProcess(plan, np.random.default_rng(own))
        self.sensors = [
            SensorProcess(sensor, np.random.default_rng(each))
            for sensor, each in zip(plan.sensors, others, strict=True)
        ]
        self.state: list[tuple[int, str]] = []

    def told_in_hour(self, start: datetime, begin: int) -> list[Event]:
        """Take what the line told in the hour from second `begin`, and add what its sensors saw."""
        told, self.process.events = self.process.events, []
        states = self.state + [
            ((event.at - start) // timedelta(seconds=1), event.state)
            for event in told
            if isinstance(event, StateChanged)
        ]
        self.state = states[-1:]
        for sensor in self.sensors:
            seconds, values = sensor.hour(begin, states)
            told += self._sampled(sensor.plan.code, start, seconds, values)
        return told

    def _sampled(
        self, code: str, start: datetime, seconds: NDArray[np.float64], values: NDArray[np.float64]
    ) -> Sequence[Sampled]:
        if not len(seconds):
            return []
        since = (start - _EPOCH) // timedelta(microseconds=1)
        times = since + (seconds * MICROSECONDS).astype(np.int64)
        return [Sampled(_moment(times[0]), self.plan.number, code, times, values)]


def _cut(events: Sequence[Event], goal: datetime) -> tuple[list[Event], list[Event]]:
    """Part events into those before the goal and those from it on; readings are cut in two."""
    limit = (goal - _EPOCH) // timedelta(microseconds=1)
    due: list[Event] = []
    rest: list[Event] = []
    for event in events:
        if event.at >= goal:
            rest.append(event)
        elif isinstance(event, Sampled) and event.times[-1] >= limit:
            place = int(np.searchsorted(event.times, limit))
            due.append(_part(event, slice(None, place)))
            rest.append(_part(event, slice(place, None)))
        else:
            due.append(event)
    return due, rest


def _part(event: Sampled, which: slice) -> Sampled:
    times = event.times[which]
    return Sampled(_moment(times[0]), event.line, event.sensor, times, event.values[which])


def _moment(microseconds: np.int64) -> datetime:
    return _EPOCH + timedelta(microseconds=int(microseconds))
