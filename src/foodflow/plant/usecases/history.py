"""Reading back: a sensor's readings page by page."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import FieldError, Invalid
from foodflow.plant.queries import readings as queries
from foodflow.plant.queries.readings import Reading
from foodflow.plant.queries.sensors import sensor as sensor_or_refusal

MAX_EXPORTED = 2_000_000
"""Readings in one file: half a minute's work."""
_PART = 10_000


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


async def code_of(session: AsyncSession, actor: Actor, sensor_id: UUID) -> str:
    """The code of a sensor, which names the file of its readings."""
    return (await sensor_or_refusal(session, actor, sensor_id)).sensor_code


async def parts_of_readings(
    session: AsyncSession,
    actor: Actor,
    sensor_id: UUID,
    *,
    start: datetime | None,
    end: datetime | None,
    descending: bool,
) -> AsyncIterator[Sequence[Reading]]:
    """All readings of a sensor in [start, end), part by part; refused where they are more than one file takes."""
    exported = 0
    while True:
        window = {"start": start, "end": end}
        part = await page_of_readings(session, actor, sensor_id, **window, descending=descending, limit=_PART)
        exported += len(part.readings)
        if exported > MAX_EXPORTED:
            message = f"the window holds more than {MAX_EXPORTED} readings; narrow it"
            raise Invalid.because(FieldError("start_time", message, "plant.window_too_full"))
        yield part.readings
        if part.goes_on_at is None:
            return
        start, end = (start, part.goes_on_at) if descending else (part.goes_on_at, end)
