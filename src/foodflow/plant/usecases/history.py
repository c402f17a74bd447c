"""Reading back: a sensor's readings page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.plant.queries import readings as queries
from foodflow.plant.queries.readings import Reading
from foodflow.plant.queries.sensors import sensor as sensor_or_refusal


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
