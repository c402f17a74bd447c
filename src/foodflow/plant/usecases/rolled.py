"""Roll-ups of a window, always exact: from what is rolled up, and from readings where that is not the whole truth, at
the edges of the window and in marked hours.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.numerics.epoch import from_micros, to_micros
from foodflow.numerics.rollup import DAY, HOUR, MINUTE, Rollups, combine, concatenate
from foodflow.plant.queries import rollups as queries
from foodflow.plant.queries import sensors as sensor_queries
from foodflow.plant.queries.rollups import Unrolled
from foodflow.plant.rules.rollups import WIDTHS, Resolution
from foodflow.plant.rules.shared import window
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.usecases.rollups import readings_of, rolled

_ROWS_AT_ONCE: Final = 2_000

Span = tuple[int, int]
"""From (with) and to (without) which moment, in microseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which sensor's readings in [start, end) the buckets of which width are asked for."""

    sensor: Sensor
    start: datetime
    end: datetime
    width: int


async def ask(
    session: AsyncSession,
    actor: Actor,
    sensor_id: UUID,
    *,
    start: datetime | None,
    end: datetime | None,
    resolution: Resolution,
) -> Asked:
    """What somebody wants to know of a sensor; by default of the last 24 hours up to its latest reading."""
    sensor = await sensor_queries.sensor(session, actor, sensor_id)
    return Asked(sensor, *window_of(sensor, start, end), WIDTHS[resolution])


async def parts(session: AsyncSession, asked: Asked) -> AsyncIterator[Rollups]:
    """All that is asked for in order of time, in parts that fit into memory."""
    begins, ends = _reported(asked.sensor, to_micros(asked.start), to_micros(asked.end))
    whole = max(asked.width, HOUR)
    span = -(-asked.width * _ROWS_AT_ONCE // whole) * whole
    while begins < ends:
        stop = min((begins + span) // whole * whole, ends)
        found = await rollups_of(session, asked.sensor, from_micros(begins), from_micros(stop), width=asked.width)
        yield found
        if len(found) < _ROWS_AT_ONCE // 4:  # a sparse sensor, or a gap
            span = min(span * 4, 8192 * DAY)
        begins = stop


async def page(session: AsyncSession, asked: Asked, *, limit: int) -> tuple[Rollups, int | None]:
    """The first `limit` buckets, and the moment (microseconds) at which the next ones go on."""
    found: list[Rollups] = []
    rows = 0
    async for part in parts(session, asked):
        found.append(part)
        rows += len(part)
        if rows > limit:
            break
    whole = concatenate(found)
    return whole.only(slice(0, limit)), int(whole.starts[limit]) if rows > limit else None


async def rollups_of(session: AsyncSession, sensor: Sensor, start: datetime, end: datetime, *, width: int) -> Rollups:
    """The buckets of `width` (a minute, an hour or a day) of a sensor's readings in [start, end).

    A bucket that the window cuts is of those within the window; where they were removed by age it is taken whole.
    """
    begins, ends = _reported(sensor, to_micros(start), to_micros(end))
    if begins >= ends:
        return concatenate([])
    outer = (begins // HOUR * HOUR, -(-ends // HOUR) * HOUR)
    apart = (await queries.unrolled(session, [(sensor.key, *outer)]))[sensor.key]
    whole = _whole_hours((begins, ends), outer, apart)
    finer = MINUTE if width == MINUTE else HOUR
    parts = [await _kept(session, sensor.key, whole, apart, width=finer)] if whole[0] < whole[1] else []
    for first, last in _to_read((begins, ends), whole, apart):
        async for _, _, series in readings_of(session, sensor.key, first, last):
            parts.append(await asyncio.to_thread(rolled, series, finer))
    # Of a bucket that is cut twice, within one hour, nothing but its readings was looked at.
    found = concatenate(parts)
    if width == MINUTE:
        return found.only((found.starts > begins - MINUTE) & (found.starts < ends))
    return combine(found, width=width) if width == DAY else found


def window_of(sensor: Sensor, start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    """The window that is meant: by default the last 24 hours up to the latest reading, and from a given start until
    now.
    """
    now = clock.now()
    after_latest = (sensor.last_reading_time or now) + timedelta(microseconds=1)
    last = end or (after_latest if start is None else max(after_latest, now))
    return window(start, last, max(last, now))


def _reported(sensor: Sensor, start: int, end: int) -> Span:
    """The part of a window that lies in the hours in which a sensor has reported."""
    if sensor.first_reading_time is None or sensor.last_reading_time is None:
        return start, start
    first, last = to_micros(sensor.first_reading_time), to_micros(sensor.last_reading_time)
    return max(start, first // HOUR * HOUR), min(end, (last // HOUR + 1) * HOUR)


def _whole_hours(span: Span, outer: Span, apart: Unrolled) -> Span:
    """Of the hours that a span touches those that lie in it, and those cut at its edges of which no more is left."""
    first = outer[0] if span[0] == outer[0] or apart.lost(outer[0]) else outer[0] + HOUR
    last = outer[1] if span[1] == outer[1] or apart.lost(outer[1] - HOUR) else outer[1] - HOUR
    return first, last


async def _kept(session: AsyncSession, key: int, hours: Span, apart: Unrolled, *, width: int) -> Rollups:
    """What was rolled up of whole hours, those without that are marked."""
    found_of = queries.rolled_minutes if width == MINUTE else queries.rolled_hours
    found = (await found_of(session, [(key, *hours)]))[key]
    return found.only(~np.isin(found.starts // HOUR * HOUR, apart.hours))


def _to_read(span: Span, whole: Span, apart: Unrolled) -> list[Span]:
    """The parts of a span to be answered from readings: what is cut off its whole hours, and marked ones."""
    if whole[0] >= whole[1]:
        return [span]
    edges = [(span[0], whole[0]), (whole[1], span[1])]
    inner = apart.hours[(apart.hours >= whole[0]) & (apart.hours < whole[1])]
    return [(first, last) for first, last in [edges[0], *runs(inner), edges[1]] if first < last]


def runs(hours: np.ndarray) -> Sequence[Span]:
    """Ascending hours as spans of those that follow each other."""
    if not len(hours):
        return []
    parts = np.split(hours, np.flatnonzero(np.diff(hours) != HOUR) + 1)
    return [(int(part[0]), int(part[-1]) + HOUR) for part in parts]
