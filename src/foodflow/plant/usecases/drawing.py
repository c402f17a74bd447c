"""Drawing a sensor's past with every peak: from its readings where they are few, and from roll-ups of many."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.numerics.downsample import min_max, min_max_lttb
from foodflow.numerics.epoch import from_micros, to_micros
from foodflow.numerics.limits import excursions
from foodflow.numerics.rollup import HOUR, Rollups, combine
from foodflow.plant.queries import readings as reading_queries
from foodflow.plant.queries import retention as retention_queries
from foodflow.plant.queries import rollups as rollup_queries
from foodflow.plant.queries import sensors as queries
from foodflow.plant.queries.readings import Series
from foodflow.plant.rules.rollups import FEW_READINGS, WIDTHS, Method, Resolution, resolution_of
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.usecases.rolled import rollups_of, window_of
from foodflow.plant.usecases.rollups import readings_of

MAX_EXCURSIONS: Final = 10_000
"""How many excursions one drawing lists, the latest of them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How somebody wants a sensor drawn: about how many points, and how chosen; without a resolution, the best one."""

    points: int = 600
    resolution: Resolution | None = None
    method: Method = Method.MIN_MAX


@dataclass(frozen=True, slots=True)
class DrawnExcursion:
    """A run of consecutive readings outside the same limit, in microseconds since 1970, and the value furthest out."""

    start: int
    end: int
    side: int
    extreme: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A sensor over [start, end) at a resolution: how many readings there are that are not Bad, and the points to draw.

    `times` (microseconds since 1970) and `values` are the points; of roll-ups each point has its bucket, and of
    readings the excursions are listed instead. `complete_from`: what is finer was removed by age before then.
    """

    sensor: Sensor
    start: datetime
    end: datetime
    resolution: Resolution
    readings: int
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    buckets: Rollups | None = None
    excursions: Sequence[DrawnExcursion] = ()
    complete_from: datetime | None = None


async def draw(
    session: AsyncSession,
    actor: Actor,
    sensor_id: UUID,
    *,
    start: datetime | None,
    end: datetime | None,
    wanted: Wanted,
) -> Drawing:
    """A sensor for a chart; by default the last 24 hours up to its latest reading, and from a given start until now."""
    sensor = await queries.sensor(session, actor, sensor_id)
    first, last = window_of(sensor, start, end)
    kept = await _kept_since(session, sensor, first, last)
    resolution = wanted.resolution or await _best(session, sensor, (first, last), points=wanted.points, kept=kept)
    if resolution is Resolution.RAW:
        drawn = await _from_readings(session, sensor, (first, last), wanted)
    else:
        drawn = await _from_rollups(session, sensor, (first, last), wanted, resolution=resolution)
    return Drawing(
        sensor=sensor,
        start=first,
        end=last,
        resolution=resolution,
        readings=drawn.readings,
        times=drawn.times,
        values=drawn.values,
        buckets=drawn.buckets,
        excursions=drawn.excursions,
        complete_from=kept.get(resolution),
    )


async def _kept_since(
    session: AsyncSession, sensor: Sensor, start: datetime, end: datetime
) -> dict[Resolution, datetime]:
    """Of each resolution of which some within the window was removed by age, since when it is kept."""
    retention = await retention_queries.retention(session)
    window = (sensor.key, to_micros(start) // HOUR * HOUR, to_micros(end))
    apart = (await rollup_queries.unrolled(session, [window]))[sensor.key]
    lost = [last for first, last in apart.removed if first < window[2] and last > window[1]]
    removed = {
        Resolution.RAW: from_micros(max(lost)) if lost else None,
        Resolution.MINUTE: retention.minutes_removed_before,
        Resolution.HOUR: retention.hours_removed_before,
        Resolution.DAY: retention.hours_removed_before,
    }
    begun = sensor.first_reading_time or end
    return {which: since for which, since in removed.items() if since is not None and max(start, begun) < since}


async def _best(
    session: AsyncSession,
    sensor: Sensor,
    window: tuple[datetime, datetime],
    *,
    points: int,
    kept: dict[Resolution, datetime],
) -> Resolution:
    """The resolution that suits a window, the sensor's own density in it and the points wanted."""
    finest = next((each for each in (Resolution.RAW, Resolution.MINUTE) if each not in kept), Resolution.HOUR)
    few = False
    if finest is Resolution.RAW:
        few = await reading_queries.certain_count(session, sensor.key, *window) <= FEW_READINGS
    span = to_micros(window[1]) - to_micros(max(window[0], sensor.first_reading_time or window[0]))
    return resolution_of(span, points=points, few=few, finest=finest)


@dataclass(slots=True)
class _Drawn:
    """What is drawn of a sensor, put together part by part."""

    readings: int = 0
    times: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    values: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    buckets: Rollups | None = None
    excursions: list[DrawnExcursion] = field(default_factory=list)

    def take(self, series: Series, *, spans: int) -> None:
        """Add a part: its points that may be drawn, and its excursions."""
        usable = series.usable
        self.readings += len(usable.times)
        times, values, sides = usable.times, usable.values, usable.breaches
        chosen = min_max(times, values, buckets=spans)
        goes_on = bool(self.excursions) and len(self.times) > 0 and self.excursions[-1].end == int(self.times[-1])
        for run in excursions(values, sides):
            found = DrawnExcursion(int(times[run.first]), int(times[run.last]), run.side, run.extreme)
            if goes_on and run.first == 0 and run.side == self.excursions[-1].side:
                before = self.excursions.pop()
                furthest = (max if run.side > 0 else min)(before.extreme, found.extreme)
                found = DrawnExcursion(before.start, found.end, run.side, furthest)
            self.excursions.append(found)
        del self.excursions[:-MAX_EXCURSIONS]
        self.times = np.concatenate((self.times, times[chosen]))
        self.values = np.concatenate((self.values, values[chosen]))

    def thin_out(self, wanted: Wanted) -> None:
        """Leave as many points as are wanted."""
        if wanted.method is Method.LTTB:
            chosen = min_max_lttb(self.times, self.values, points=wanted.points)
        else:
            chosen = min_max(self.times, self.values, buckets=max(1, wanted.points // 2))
        self.times, self.values = self.times[chosen], self.values[chosen]
        self.buckets = self.buckets.only(chosen) if self.buckets is not None else None


async def _from_readings(
    session: AsyncSession, sensor: Sensor, window: tuple[datetime, datetime], wanted: Wanted
) -> _Drawn:
    drawn = _Drawn()
    start, end = map(to_micros, window)
    whole = end - start
    async for first, last, series in readings_of(session, sensor.key, start, end):
        spans = max(8, 4 * wanted.points * (last - first) // whole)
        await asyncio.to_thread(drawn.take, series, spans=spans)
    drawn.thin_out(wanted)
    return drawn


async def _from_rollups(
    session: AsyncSession,
    sensor: Sensor,
    window: tuple[datetime, datetime],
    wanted: Wanted,
    *,
    resolution: Resolution,
) -> _Drawn:
    width = WIDTHS[resolution]
    found = await rollups_of(session, sensor, *window, width=width)
    found = found.only(found.counts > 0)
    if wanted.method is Method.LTTB:
        drawn = _peaks(found)
        drawn.thin_out(wanted)
    else:
        fewer = _in_spans(found, width=width, points=wanted.points)
        drawn = _Drawn(times=fewer.starts, values=fewer.means, buckets=fewer)
    drawn.readings = int(found.counts.sum())
    return drawn


def _in_spans(found: Rollups, *, width: int, points: int) -> Rollups:
    """The buckets, as many of them together in one span as makes about the wanted number of points."""
    if not len(found):
        return found
    across = (int(found.starts[-1]) - int(found.starts[0])) // width + 1
    return combine(found, width=width * max(1, -(-across // points)))


def _peaks(found: Rollups) -> _Drawn:
    """The lowest and the highest reading of each bucket at their own moments, each with its bucket."""
    times = np.concatenate((found.lowest_at, found.highest_at))
    values = np.concatenate((found.lowest, found.highest))
    order = np.argsort(times, kind="stable")
    return _Drawn(times=times[order], values=values[order], buckets=found.only(order % max(1, len(found))))
