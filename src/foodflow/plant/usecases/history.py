"""Reading back: a sensor's readings page by page, and as a series for drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import FieldError, Invalid
from foodflow.numerics.downsample import min_max
from foodflow.numerics.limits import Excursion, excursions
from foodflow.plant.queries import readings as queries
from foodflow.plant.queries.readings import Reading, Series
from foodflow.plant.queries.sensors import sensor as sensor_or_refusal
from foodflow.plant.rules.shared import window
from foodflow.plant.tables.sensors import Sensor

MAX_DRAWN = 500_000
"""Readings that one series looks at; a longer window is refused until it is narrowed."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A sensor's readings over [start, end) that are not Bad: how many, those to draw, and every excursion of all."""

    sensor: Sensor
    start: datetime
    end: datetime
    readings: int
    whole: Series
    drawn: Sequence[int]
    excursions: list[Excursion]


@dataclass(frozen=True, slots=True)
class Slice:
    """Readings in order, and the moment at which the next ones go on (None: these are the last)."""

    readings: Sequence[Reading]
    goes_on_at: datetime | None


async def page_of_readings(  # noqa: PLR0913 - a window, and the order and the length of a page of it
    session: AsyncSession,
    actor: Actor,
    sensor_id: UUID,
    *,
    start: datetime | None,
    end: datetime | None,
    descending: bool,
    limit: int,
) -> Slice:
    """Up to `limit` readings of a sensor in [start, end)."""
    sensor = await sensor_or_refusal(session, actor, sensor_id)
    found = await queries.readings(session, sensor.key, start=start, end=end, descending=descending, limit=limit + 1)
    if len(found) <= limit:
        return Slice(found, None)
    # The end of a range is exclusive: downwards, what follows begins just after the first reading left out.
    further = found[limit].time + timedelta(microseconds=1) if descending else found[limit].time
    return Slice(found[:limit], further)


async def draw(
    session: AsyncSession,
    actor: Actor,
    sensor_id: UUID,
    *,
    start: datetime | None,
    end: datetime | None,
    points: int,
) -> Drawing:
    """A sensor's readings for a chart of about `points` points; by default the last 24 hours up to its latest
    reading, and from a given start until now.
    """
    sensor = await sensor_or_refusal(session, actor, sensor_id)
    now = clock.now()
    after_latest = (sensor.last_reading_time or now) + timedelta(microseconds=1)
    last = end or (after_latest if start is None else max(after_latest, now))
    first, last = window(start, last, max(last, now))
    whole = await _series(session, sensor, first, last)
    drawn = min_max(whole.times, whole.values, buckets=max(1, points // 2)).tolist() if len(whole.times) else []
    found = excursions(whole.values, whole.breaches)
    return Drawing(sensor, first, last, len(whole.times), whole, drawn, found)


async def _series(session: AsyncSession, sensor: Sensor, start: datetime, end: datetime) -> Series:
    """What can be drawn: nothing Bad, and no more than one series looks at, which is known before it is read."""
    if await queries.certain_count(session, sensor.key, start, end) <= MAX_DRAWN:
        found = await queries.series(session, sensor.key, start, end)
        if len(found.times) <= MAX_DRAWN:
            return found.usable
    message = f"the window holds more than {MAX_DRAWN} readings; narrow it"
    raise Invalid.because(FieldError("start_time", message, "plant.window_too_full"))
