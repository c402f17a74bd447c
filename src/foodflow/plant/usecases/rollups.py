"""Rolling up: hours in which readings were stored are marked with them, and rolled up after them.

An hour is marked in the transaction that stores its readings, under the lock of its sensor, and cleared in the one that
rolls it up, under the same lock. So no reading comes between, whatever its age, and a process that is killed leaves
either the mark or the roll-up. The present hour stays marked until some minutes
after it is over, so that a sensor that goes on reporting need not be marked again.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock, jobs
from foodflow.numerics.epoch import from_micros, to_micros
from foodflow.numerics.rollup import HOUR, MINUTE, Rollups, concatenate, roll_up
from foodflow.plant.queries import readings as reading_queries
from foodflow.plant.queries import rollups as queries
from foodflow.plant.queries.readings import Reporting, Series
from foodflow.plant.queries.rollups import Fresh
from foodflow.plant.rules.rollups import require_there
from foodflow.plant.rules.shared import CLOCK_TOLERANCE
from foodflow.plant.usecases.noting import Rows

ROLL_UP: Final = "plant.roll_up"
"""The job; one waits and one runs for a company at a time."""
PAUSE: Final = timedelta(minutes=1)
"""How long the job waits after it is asked for, so that what comes in together is rolled up together."""
SENSORS_AT_ONCE: Final = 50
READINGS_AT_ONCE: Final = 250_000
HOURS_AT_ONCE: Final = 2_000
"""Bounds of one transaction; a year of readings takes many."""
_FEW, _MANY = 50_000, 200_000


@dataclass(frozen=True, slots=True)
class Portion:
    """What one transaction left: keys of sensors with more to roll up, and of those that somebody else had locked."""

    unfinished: list[int]
    busy: list[int]


async def mark(session: AsyncSession, rows: Rows, sensors: Sequence[Reporting]) -> None:
    """Mark the hours of readings that were stored, by sensor and time, of sensors that are locked and given as they
    were before; refuses those of days of which the readings were removed by age.
    """
    if not len(rows.keys):
        return
    present = _begun(clock.now())
    known = {sensor.key: _standing_mark(sensor, present) for sensor in sensors}
    touched = [(key, hour) for key, hour in _hours_of(rows) if known[key] != hour]
    if not touched:
        return
    found = await queries.mark(session, touched, over=over_before())
    codes = {sensor.key: sensor.sensor_code for sensor in sensors}
    require_there([(codes[key], day.isoformat()) for key, day in found.gone])
    if found.news:
        await ask(session)


def _standing_mark(sensor: Reporting, present: datetime) -> int:
    """The hour of a sensor's latest reading, if it is not over: that one is marked already."""
    if sensor.last_reading_time is None or sensor.last_reading_time < present:
        return -1
    return to_micros(_begun(sensor.last_reading_time))


def _hours_of(rows: Rows) -> Iterator[tuple[int, int]]:
    """Each sensor and hour that rows are of."""
    keys, times, starts = rows.keys, rows.times, rows.starts
    ends = np.append(starts[1:], len(keys)) - 1
    firsts, lasts = times[starts] // HOUR, times[ends] // HOUR
    if (firsts < lasts).any():
        hours = times // HOUR
        starts = np.union1d(starts, np.flatnonzero(hours[1:] != hours[:-1]) + 1)
        firsts = hours[starts]
    return zip(keys[starts].tolist(), (firsts * HOUR).tolist(), strict=True)


async def ask(session: AsyncSession) -> None:
    """Have the company's marked hours rolled up soon."""
    await jobs.enqueue(session, ROLL_UP, lock=ROLL_UP, queueing_lock=ROLL_UP, run_at=clock.now() + PAUSE)


def over_before() -> datetime:
    """Hours that begin before this are over, for every process whose clock is right to some minutes."""
    return _begun(clock.now() - CLOCK_TOLERANCE)


def _begun(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


async def due(session: AsyncSession, *, after: int) -> Sequence[int]:
    """The next keys, greater than `after`, of sensors with hours to roll up."""
    return await queries.sensors_due(session, over_before(), after=after, limit=SENSORS_AT_ONCE)


async def roll_up_some(session: AsyncSession, keys: Sequence[int], *, wait: bool = False) -> Portion:
    """Roll up marked hours of some sensors, as many as one transaction should; those that somebody else has locked are
    left, unless the caller waits.
    """
    locked = await queries.keys_for_update(session, keys, wait=wait)
    fresh: dict[int, Fresh] = {}
    readings = hours = 0
    unfinished = []
    for key in locked:
        room = HOURS_AT_ONCE - hours
        marked = await queries.marked_hours(session, key, over_before(), limit=room + 1) if room else None
        if marked is None or readings >= READINGS_AT_ONCE:
            unfinished.append(key)
            continue
        if not len(marked):
            continue
        fresh[key], taken = await _rolled_up(session, key, marked[:room], room=READINGS_AT_ONCE - readings)
        readings, hours = readings + taken, hours + len(fresh[key].redone)
        if len(fresh[key].redone) < len(marked):
            unfinished.append(key)
    if fresh:
        await queries.keep(session, fresh)
    return Portion(unfinished, sorted(set(keys) - set(locked)) if not wait else [])


async def _rolled_up(session: AsyncSession, key: int, marked: np.ndarray, *, room: int) -> tuple[Fresh, int]:
    """The roll-ups of marked hours, of at least one run of them and then until there is no more room for readings; and
    how many readings those are of.
    """
    minutes, hours, redone, readings = [], [], [], 0
    for run in np.split(marked, np.flatnonzero(np.diff(marked) != HOUR) + 1):
        async for first, last, series in readings_of(session, key, int(run[0]), int(run[-1]) + HOUR):
            minutes.append(rolled(series, MINUTE))
            hours.append(rolled(series, HOUR))
            redone.append(np.arange(first, last, HOUR))
            readings += len(series.times)
            if readings >= room:
                return Fresh(np.concatenate(redone), concatenate(minutes), concatenate(hours)), readings
    return Fresh(np.concatenate(redone), concatenate(minutes), concatenate(hours)), readings


async def readings_of(session: AsyncSession, key: int, start: int, end: int) -> AsyncIterator[tuple[int, int, Series]]:
    """A sensor's readings in [start, end) in parts that fit into memory, with the moments (microseconds) from which to
    which each part goes; they are cut between hours, the shorter the denser the readings are.
    """
    span = 6 * HOUR
    while start < end:
        stop = min((start + span) // HOUR * HOUR, end)
        series = await reading_queries.series(session, key, from_micros(start), from_micros(stop))
        yield start, stop, series
        if len(series.times) < _FEW:
            span = min(span * 4, 8192 * HOUR)
        elif len(series.times) > _MANY:
            span = max(span // 4 // HOUR * HOUR, HOUR)
        start = stop


def rolled(series: Series, width: int) -> Rollups:
    """A series rolled up."""
    return roll_up(series.times, series.values, breaches=series.breaches, statuses=series.statuses, width=width)
