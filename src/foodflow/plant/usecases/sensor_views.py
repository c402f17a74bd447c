"""A sensor as its page shows it: its readings over a window, what is doubtful about them, and its alarms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.numerics.epoch import to_micros
from foodflow.numerics.status_codes import are_bad, are_uncertain
from foodflow.plant.queries import alarms as alarm_queries
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.queries import readings as reading_queries
from foodflow.plant.queries import sensors as queries
from foodflow.plant.rules.calibrations import is_overdue
from foodflow.plant.rules.rollups import Resolution
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.usecases.alarm_views import AlarmShown, shown
from foodflow.plant.usecases.cards import SensorCard, sensor_card
from foodflow.plant.usecases.drawing import Drawing, Wanted, draw
from foodflow.plant.usecases.line_views import NamedLine
from foodflow.plant.usecases.traces import GAP_STEPS, Point

POINTS: Final = 800
MOST_ALARMS: Final = 30
MOST_MARKS: Final = 400
"""How many doubtful readings are marked; where there are more, they lie too close to be told apart."""
_MISSING_BUCKETS: Final = 1.5
_SEVERITIES: Final = ("good", "uncertain", "bad")

Spread = tuple[int, float, float]
"""Microseconds since 1970, and the lowest and the highest value around then."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """When a sensor was calibrated and is due to be again, and what is added to what it reports since."""

    at: datetime | None
    next_due: datetime | None
    is_overdue: bool
    offset: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A sensor over [start, end): `pieces` are unbroken runs of points, interrupted where readings are missing or Bad.

    Of roll-ups, `spread` are the lowest and highest readings around the points of each piece. `uncertain` are doubtful
    readings, `outside` the times outside a limit: from, to (microseconds) and side. `complete_from`: what is finer was
    removed by age before then.
    """

    start: datetime
    end: datetime
    resolution: str
    readings: int
    pieces: tuple[tuple[Point, ...], ...]
    spread: tuple[tuple[Spread, ...], ...]
    uncertain: tuple[Point, ...]
    bad: int
    outside: tuple[tuple[int, int, int], ...]
    complete_from: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorView:
    """Everything on the page of a sensor; `status` is that of its latest reading, which was received at `received`."""

    card: SensorCard
    line: NamedLine
    status: str
    received: datetime | None
    calibrated: Calibrated
    drawn: Drawn
    alarms: tuple[AlarmShown, ...]


async def coded_sensor(session: AsyncSession, actor: Actor, code: str) -> UUID:
    """The sensor of a code, or a refusal."""
    return (await queries.sensor_coded(session, actor, code)).id


async def sensor_view(
    session: AsyncSession, actor: Actor, sensor_id: UUID, *, span: timedelta, at: datetime | None
) -> SensorView:
    """A sensor over a span of time: around a moment, or up to now; of one that is silent since, up to its latest."""
    sensor = await queries.sensor(session, actor, sensor_id)
    line = await line_queries.line(session, actor, sensor.line_id)
    now = clock.now()
    start, end = _window(sensor, span=span, at=at, now=now)
    drawing = await draw(session, actor, sensor_id, start=start, end=end, wanted=Wanted(points=POINTS))
    alarms = await alarm_queries.latest_of_sensor(session, actor, sensor_id, most=MOST_ALARMS)
    due = sensor.next_calibration_date
    return SensorView(
        card=sensor_card(sensor, None),
        line=NamedLine(line.id, line.line_number, line.name),
        status=_SEVERITIES[min(sensor.last_status >> 30, 2)],
        received=sensor.last_received,
        calibrated=Calibrated(sensor.last_calibration_date, due, is_overdue(due, now), sensor.calibration_offset),
        drawn=await _drawn(session, drawing, (start, end)),
        alarms=tuple(shown(alarm) for alarm in alarms),
    )


def _window(sensor: Sensor, *, span: timedelta, at: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    if at is not None:
        return at - span / 2, min(at + span / 2, max(now, at))
    latest = sensor.last_reading_time
    end = now if latest is None or latest > now - span else latest + timedelta(seconds=1)
    return end - span, end


async def _drawn(session: AsyncSession, drawing: Drawing, window: tuple[datetime, datetime]) -> Drawn:
    extras = _of_buckets(drawing)
    if drawing.resolution is Resolution.RAW:
        extras = await _of_readings(session, drawing)
    cuts = np.flatnonzero(np.diff(np.searchsorted(extras.breaks, drawing.times))) + 1
    runs = [run for run in np.split(np.arange(len(drawing.times)), cuts) if len(run)]
    times, values, buckets = drawing.times, drawing.values, drawing.buckets
    spread: tuple[tuple[Spread, ...], ...] = ()
    if buckets is not None:
        columns = (times, buckets.lowest, buckets.highest)
        spread = tuple(tuple(zip(*(column[run].tolist() for column in columns), strict=True)) for run in runs)
    return Drawn(
        start=window[0],
        end=window[1],
        resolution=str(drawing.resolution),
        readings=drawing.readings,
        pieces=tuple(tuple(zip(times[run].tolist(), values[run].tolist(), strict=True)) for run in runs),
        spread=spread,
        uncertain=extras.uncertain,
        bad=extras.bad,
        outside=extras.outside,
        complete_from=drawing.complete_from,
    )


@dataclass(frozen=True, slots=True)
class _Extras:
    breaks: NDArray[np.int64]
    uncertain: tuple[Point, ...]
    bad: int
    outside: tuple[tuple[int, int, int], ...]


async def _of_readings(session: AsyncSession, drawing: Drawing) -> _Extras:
    """What is doubtful about readings, each for itself."""
    found = await reading_queries.series(session, drawing.sensor.key, drawing.start, drawing.end)
    is_bad, is_uncertain = are_bad(found.statuses), are_uncertain(found.statuses)
    usable = found.times[~is_bad]
    steps = np.diff(usable)
    gaps = usable[:-1][steps > GAP_STEPS * np.median(steps)] if len(steps) else usable[:0]
    return _Extras(
        np.union1d(gaps, found.times[is_bad]),
        _few(found.times[is_uncertain], found.values[is_uncertain]),
        int(is_bad.sum()),
        tuple((run.start, run.end, run.side) for run in drawing.excursions),
    )


def _of_buckets(drawing: Drawing) -> _Extras:
    """What is doubtful about roll-ups, bucket by bucket; one without any usable reading is a gap."""
    buckets = drawing.buckets
    if buckets is None or not len(buckets):
        return _Extras(np.empty(0, np.int64), (), 0, ())
    steps = np.diff(buckets.starts)
    usual = int(np.median(steps)) if len(steps) else 1
    outside = [
        (int(start), int(start) + usual, side)
        for side, counts in ((-1, buckets.below), (1, buckets.above))
        for start in buckets.starts[counts > 0]
    ]
    doubtful = buckets.uncertain > 0
    return _Extras(
        buckets.starts[:-1][steps > _MISSING_BUCKETS * usual],
        _few(buckets.starts[doubtful], buckets.means[doubtful]),
        int(buckets.bad.sum()),
        tuple(outside),
    )


def _few(times: NDArray[np.int64], values: NDArray[np.float64]) -> tuple[Point, ...]:
    every = max(1, -(-len(times) // MOST_MARKS))
    return tuple(zip(times[::every].tolist(), values[::every].tolist(), strict=True))


def raised_within(alarms: Sequence[AlarmShown], start: datetime, end: datetime) -> list[int]:
    """When alarms were raised within [start, end), in microseconds since 1970."""
    return [to_micros(alarm.raised_at) for alarm in alarms if start <= alarm.raised_at < end]
