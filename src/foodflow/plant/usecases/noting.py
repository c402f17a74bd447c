"""Taking note of readings that were stored: a sensor's latest one, its excursions, and telling those who watch."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import events, live
from foodflow.numerics.epoch import from_micros, to_micros
from foodflow.plant.events.sensors import LimitsBroken, LimitsRestored
from foodflow.plant.events.shared import READ
from foodflow.plant.queries import sensors as queries
from foodflow.plant.tables.sensors import Sensor


@dataclass(frozen=True, slots=True)
class Rows:
    """Readings by sensor and time: keys int32, microseconds int64, values float64 (NaN where a Bad one has none),
    breaches int16, statuses uint32, `late` (the sensor had a later reading when this one came), all of shape (n,);
    `places` (int64) are their row numbers in the call that brought them.
    """

    keys: NDArray[np.int32]
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    breaches: NDArray[np.int16]
    statuses: NDArray[np.uint32]
    late: NDArray[np.bool_]
    places: NDArray[np.int64]

    def only(self, chosen: NDArray[np.int64] | slice) -> "Rows":
        """Some of the rows, in the order in which they are named."""
        return Rows(
            self.keys[chosen],
            self.times[chosen],
            self.values[chosen],
            self.breaches[chosen],
            self.statuses[chosen],
            self.late[chosen],
            self.places[chosen],
        )


async def take_note(session: AsyncSession, sensor: Sensor, rows: Rows, *, site: str) -> None:
    """Keep a sensor's first and last reading (which never moves backwards), and tell those who watch."""
    start, end = (int(np.searchsorted(rows.keys, sensor.key, side)) for side in ("left", "right"))
    if start == end:
        return
    mine = rows.only(slice(start, end))
    was_outside = sensor.last_breach != 0
    has_begun = await _excursion_has_begun(session, sensor, mine)
    first, last = from_micros(mine.times[0]), from_micros(mine.times[-1])
    if sensor.first_reading_time is None or first < sensor.first_reading_time:
        sensor.first_reading_time = first
    if sensor.last_reading_time is None or last > sensor.last_reading_time:
        sensor.last_reading_time, sensor.last_reading_value = last, float(mine.values[-1])
        sensor.last_breach = int(mine.breaches[-1])
    if has_begun:
        _tell_of_breach(session, sensor, mine.only(np.flatnonzero(mine.breaches)), site=site)
    if sensor.last_breach == 0 and (was_outside or has_begun):
        _tell_of_return(session, sensor, site=site)
    news = {"line_id": str(sensor.line_id), "first": wire(first), "last": wire(last), "count": len(mine.keys)}
    topic = f"plant.sensor/{sensor.id}"
    live.publish(session, topic=topic, type="plant.sensor.readings_stored", needs=READ, data=news, site=site)


async def _excursion_has_begun(session: AsyncSession, sensor: Sensor, mine: Rows) -> bool:
    """Whether readings begin to lie outside a limit that lay within before. Those that come late are held against their
    neighbours in time, so that they do not tell again of an excursion that was told when it happened.
    """
    seen = sensor.last_reading_time
    late = int(np.searchsorted(mine.times, to_micros(seen))) if seen is not None else 0
    if _begins(mine.breaches[late:], sensor.last_breach).any():
        return True
    came_late = mine.only(slice(0, late))
    if not came_late.breaches.any():
        return False
    first, last = from_micros(came_late.times[0]), from_micros(came_late.times[-1])
    before, after = await queries.breaches_beside(session, sensor.key, first, last)
    begins = _begins(came_late.breaches, before)
    if came_late.breaches[-1] == after:  # the last run is the beginning of one that was told
        others = np.flatnonzero(came_late.breaches != after)
        begins[others[-1] + 1 if len(others) else 0] = False
    return bool(begins.any())


def _begins(breaches: NDArray[np.int16], before: int) -> NDArray[np.bool_]:
    """Where a run outside a limit begins, after a reading of which the breach was `before`."""
    previous = np.concatenate((np.array([before], np.int16), breaches[:-1]))[: len(breaches)]
    begins: NDArray[np.bool_] = (breaches != 0) & (breaches != previous)
    return begins


def _tell_of_breach(session: AsyncSession, sensor: Sensor, beyond: Rows, *, site: str) -> None:
    told = LimitsBroken(
        sensor_id=sensor.id,
        sensor_code=sensor.sensor_code,
        line_id=sensor.line_id,
        plant_name=site,
        readings=len(beyond.keys),
        first_at=wire(from_micros(beyond.times[0])),
        last_at=wire(from_micros(beyond.times[-1])),
        lowest=float(beyond.values.min()),
        highest=float(beyond.values.max()),
        min_value=sensor.min_value,
        max_value=sensor.max_value,
    )
    events.tell(session, told)


def _tell_of_return(session: AsyncSession, sensor: Sensor, *, site: str) -> None:
    if sensor.last_reading_time is None or sensor.last_reading_value is None:
        return
    restored = LimitsRestored(
        sensor_id=sensor.id,
        sensor_code=sensor.sensor_code,
        line_id=sensor.line_id,
        plant_name=site,
        at=wire(sensor.last_reading_time),
        value=sensor.last_reading_value,
    )
    events.tell(session, restored)


def wire(moment: datetime) -> str:
    """A moment as answers and events carry it: UTC with `Z`."""
    return moment.isoformat().replace("+00:00", "Z")
