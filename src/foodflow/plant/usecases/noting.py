"""Taking note of readings that were stored: each sensor's first and latest one, its excursions, and telling those who
watch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import bulk, events, live
from foodflow.kernel.meanwhile import giving_way
from foodflow.numerics.epoch import from_micros, to_micros
from foodflow.numerics.status_codes import are_bad
from foodflow.plant.events.sensors import LimitsBroken, LimitsRestored
from foodflow.plant.events.shared import READ
from foodflow.plant.queries import readings as queries
from foodflow.plant.queries.readings import Reporting


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

    @property
    def starts(self) -> NDArray[np.intp]:
        """Where the rows of each sensor begin."""
        begins = np.empty(len(self.keys), np.bool_)
        begins[:1] = True
        np.not_equal(self.keys[1:], self.keys[:-1], out=begins[1:])
        return np.flatnonzero(begins)

    def only(self, chosen: NDArray[np.int64] | NDArray[np.bool_] | slice) -> "Rows":
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


@dataclass(slots=True)
class Latest:
    """A sensor as it was before a call; its own rows, from when to when they are, whether any lies outside
    a limit; and what is its latest reading now.
    """

    sensor: Reporting
    mine: slice
    begin: datetime
    end: datetime
    has_breach: bool
    last: datetime
    value: float | None
    status: int
    breach: int
    received: datetime | None

    @property
    def first(self) -> datetime:
        """When the sensor's first reading is now."""
        before = self.sensor.first_reading_time
        return self.begin if before is None or self.begin < before else before

    @property
    def loose_since(self) -> datetime:
        """Since when the sensor may have small blocks."""
        before = self.sensor.loose_since
        return self.begin if before is None or self.begin < before else before


async def take_note(
    session: AsyncSession, sensors: Sequence[Reporting], rows: Rows, *, received: datetime, loose: Sequence[int]
) -> list[Latest]:
    """Keep each sensor's first and last reading (which never moves backwards), and say what was kept. `loose` counts
    the small blocks that were written of each sensor.
    """
    noted = list(_latest(sensors, rows, received))
    await _keep(session, noted, loose)
    return noted


async def tell(session: AsyncSession, noted: Sequence[Latest], rows: Rows) -> None:
    """Tell those who watch of what was noted."""
    lines = {id: str(id) for id in {latest.sensor.line_id for latest in noted}}
    async for latest in giving_way(noted):
        sensor = latest.sensor
        if sensor.last_breach != 0 or latest.has_breach:
            mine = rows.only(latest.mine)
            await _tell_of_limits(session, latest, mine.only(~are_bad(mine.statuses)))
        span = {"first": wire(latest.begin), "last": wire(latest.end)}
        news = {"line_id": lines[sensor.line_id], **span, "count": latest.mine.stop - latest.mine.start}
        site, topic = sensor.plant_name, f"plant.sensor/{sensor.id}"
        live.publish(session, topic=topic, type="plant.sensor.readings_stored", needs=READ, data=news, site=site)


def _latest(sensors: Sequence[Reporting], rows: Rows, received: datetime) -> Iterator[Latest]:
    """Those sensors that have any of the rows, which are by sensor, with what is their latest reading now."""
    by_key = {sensor.key: sensor for sensor in sensors}
    starts = rows.starts
    ends = np.append(starts[1:], len(rows.keys))
    judged = _last_judged(rows, starts)
    of_each = (starts, ends, rows.keys[starts], rows.times[starts], rows.times[ends - 1], rows.values[ends - 1])
    told = (rows.statuses[ends - 1], judged, (judged >= starts) & ~rows.late[judged], rows.breaches[judged])
    outside = np.logical_or.reduceat(rows.breaches != 0, starts)
    for row in zip(*(column.tolist() for column in (*of_each, *told, outside)), strict=True):
        start, end, key, first, last, value, status, _, is_judged, breach, has_breach = row
        sensor, mine = by_key[key], slice(start, end)
        begin = from_micros(first)
        until = begin if last == first else from_micros(last)
        own = (sensor, mine, begin, until, has_breach)
        if sensor.last_reading_time is not None and sensor.last_reading_time > until:
            kept = (sensor.last_reading_time, sensor.last_reading_value, sensor.last_status, sensor.last_breach)
            yield Latest(*own, *kept, sensor.last_received)
        else:
            now = breach if is_judged else sensor.last_breach
            yield Latest(*own, until, value if value == value else None, status, now, received)  # noqa: PLR0124 - NaN is the one number that is not itself


def _last_judged(rows: Rows, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of each sensor's last row that is not Bad; before its first one where all are."""
    return np.maximum.reduceat(np.where(are_bad(rows.statuses), -1, np.arange(len(rows.keys))), starts)


async def _keep(session: AsyncSession, noted: Sequence[Latest], loose: Sequence[int]) -> None:
    sensors = [latest.sensor for latest in noted]
    blocks = [sensor.loose_blocks + more for sensor, more in zip(sensors, loose, strict=True)]
    changes: dict[str, tuple[str, Sequence[Any]]] = {
        "first_reading_time": ("timestamptz", [latest.first for latest in noted]),
        "last_reading_time": ("timestamptz", [latest.last for latest in noted]),
        "last_reading_value": ("float8", [latest.value for latest in noted]),
        "last_status": ("bigint", [latest.status for latest in noted]),
        "last_breach": ("smallint", [latest.breach for latest in noted]),
        "last_received": ("timestamptz", [latest.received for latest in noted]),
        "loose_blocks": ("integer", blocks),
        "loose_since": ("timestamptz", [latest.loose_since for latest in noted]),
    }
    await bulk.update_rows(session, "sensors", ("key", "integer", [sensor.key for sensor in sensors]), changes)
    await queries.refresh_known(session, [sensor.id for sensor in sensors])


async def _tell_of_limits(session: AsyncSession, latest: Latest, mine: Rows) -> None:
    """Tell of an excursion that has begun or is over; `mine` are the sensor's rows that are not Bad."""
    sensor = latest.sensor
    has_begun = await _excursion_has_begun(session, sensor, mine)
    if has_begun:
        _tell_of_breach(session, sensor, mine.only(np.flatnonzero(mine.breaches)))
    if latest.breach == 0 and (sensor.last_breach != 0 or has_begun):
        on_time = mine.only(~mine.late)
        if len(on_time.keys):
            _tell_of_return(session, sensor, from_micros(on_time.times[-1]), float(on_time.values[-1]))
        else:
            _tell_of_return(session, sensor, latest.last, latest.value)


async def _excursion_has_begun(session: AsyncSession, sensor: Reporting, mine: Rows) -> bool:
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


def _tell_of_breach(session: AsyncSession, sensor: Reporting, beyond: Rows) -> None:
    told = LimitsBroken(
        sensor_id=sensor.id,
        sensor_code=sensor.sensor_code,
        line_id=sensor.line_id,
        plant_name=sensor.plant_name,
        readings=len(beyond.keys),
        first_at=wire(from_micros(beyond.times[0])),
        last_at=wire(from_micros(beyond.times[-1])),
        lowest=float(beyond.values.min()),
        highest=float(beyond.values.max()),
        min_value=sensor.min_value,
        max_value=sensor.max_value,
    )
    events.tell(session, told)


def _tell_of_return(session: AsyncSession, sensor: Reporting, at: datetime, value: float | None) -> None:
    if value is None:
        return
    restored = LimitsRestored(
        sensor_id=sensor.id,
        sensor_code=sensor.sensor_code,
        line_id=sensor.line_id,
        plant_name=sensor.plant_name,
        at=wire(at),
        value=value,
    )
    events.tell(session, restored)


def wire(moment: datetime) -> str:
    """A moment as answers and events carry it: UTC with `Z`."""
    return moment.isoformat().replace("+00:00", "Z")
