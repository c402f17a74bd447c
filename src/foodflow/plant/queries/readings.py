"""Readings as they are stored: blocks of packed columns, found by sensor and time, unpacked into arrays.

A block never leaves its day (of UTC), and blocks of one day may overlap. What lies within a window is therefore in
blocks that begin on the day of its start or later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.bulk import POSTGRES_EPOCH, array_of, fetch
from foodflow.numerics.epoch import from_micros, to_micros
from foodflow.numerics.status_codes import are_bad
from foodflow.plant.rules.shared import EARLIEST
from foodflow.plant.tables.sensors import Sensor

NOT_KNOWN = POSTGRES_EPOCH - 2**63
"""The server time (microseconds since 1970) of readings of which it is not known: PostgreSQL's -infinity."""

Window = tuple[int, datetime, datetime]
"""A sensor's key, and from when to when (both included)."""

_NEAREST = 1000
_LATEST = datetime(9999, 12, 31, tzinfo=UTC)
_SHORT = "timestamptz_send(b.first), b.count, b.step, b.times, b.values, b.statuses, b.breaches"
_WHOLE = f"{_SHORT}, timestamptz_send(b.received), b.receipts, b.late"
_WITHIN = "b.sensor_key = %(key)s AND b.first >= %(day)s AND b.first < %(end)s AND b.last >= %(start)s"
# How many readings certainly lie within the window, block by block: as many as are wanted are no further than this.
_TOTAL = "sum(CASE WHEN b.first >= %(start)s AND b.last < %(end)s THEN b.count ELSE 0 END) OVER w AS total"
_LATEST_NEEDED = (
    f"SELECT reach FROM (SELECT b.first, max(b.last) OVER w AS reach, {_TOTAL} FROM reading_blocks AS b"  # noqa: S608 - the program's own words
    f" WHERE {_WITHIN} WINDOW w AS (ORDER BY b.first ROWS UNBOUNDED PRECEDING)) AS so_far"
    " WHERE total >= %(limit)s ORDER BY first LIMIT 1"
)
_EARLIEST_NEEDED = (
    f"SELECT first FROM (SELECT b.first, {_TOTAL} FROM reading_blocks AS b"  # noqa: S608 - the same
    f" WHERE {_WITHIN} WINDOW w AS (ORDER BY b.first DESC ROWS UNBOUNDED PRECEDING)) AS so_far"
    " WHERE total >= %(limit)s ORDER BY first DESC LIMIT 1"
)
_SERIES = f"SELECT {_SHORT} FROM reading_blocks AS b WHERE {_WITHIN} ORDER BY b.first"  # noqa: S608 - the same
_READINGS = f"SELECT {_WHOLE} FROM reading_blocks AS b WHERE {_WITHIN} ORDER BY b.first"  # noqa: S608 - the same
_BLOCKS = (
    f"SELECT {_WHOLE} FROM reading_blocks AS b"  # noqa: S608 - the same
    " WHERE b.sensor_key = %(key)s AND b.first >= %(first)s AND b.first <= %(last)s ORDER BY b.first"
)
_CERTAIN = text(
    "SELECT coalesce(sum(count), 0) FROM reading_blocks AS b"
    " WHERE sensor_key = :key AND first >= :start AND first < :end AND last < :end"
)
_STORED = f"""
SELECT CAST(w.place AS integer), {_SHORT}
FROM unnest(CAST(%(keys)s AS int[]), CAST(%(starts)s AS timestamptz[]), CAST(%(ends)s AS timestamptz[]))
     WITH ORDINALITY AS w (key, first, last, place)
JOIN reading_blocks AS b ON b.sensor_key = w.key AND b.first >= date_trunc('day', w.first, 'UTC')
                        AND b.first <= w.last AND b.last >= w.first
ORDER BY w.place
"""  # noqa: S608 - the same
# Of each sensor's blocks the newest, as many as are needed for the newest `most` readings.
_NEWEST = f"""
SELECT w.key, {_SHORT}
FROM unnest(CAST(%(keys)s AS int[]), CAST(%(starts)s AS timestamptz[]), CAST(%(ends)s AS timestamptz[]))
     AS w (key, first, last)
LEFT JOIN LATERAL (
    SELECT so_far.first FROM (
        SELECT i.first, sum(CASE WHEN i.first >= w.first AND i.last <= w.last THEN i.count ELSE 0 END)
                        OVER (ORDER BY i.first DESC ROWS UNBOUNDED PRECEDING) AS total
        FROM reading_blocks AS i
        WHERE i.sensor_key = w.key AND i.first >= date_trunc('day', w.first, 'UTC') AND i.first <= w.last
          AND i.last >= w.first
    ) AS so_far
    WHERE total >= %(most)s ORDER BY so_far.first DESC LIMIT 1
) AS needed ON true
JOIN reading_blocks AS b ON b.sensor_key = w.key
     AND b.first >= date_trunc('day', greatest(w.first, needed.first), 'UTC') AND b.first <= w.last
     AND b.last >= greatest(w.first, needed.first)
ORDER BY w.key
"""  # noqa: S608 - the same
_REPORTING = """
SELECT s.id, s.key, s.line_id, l.plant_name, s.sensor_code, s.min_value, s.max_value, s.is_active, s.first_reading_time,
       s.last_reading_time, s.last_reading_value, s.last_breach, s.last_status, s.last_received, s.loose_blocks,
       s.loose_since
FROM sensors AS s JOIN production_lines AS l ON l.id = s.line_id
WHERE s.id = ANY(CAST(%(ids)s AS uuid[]))
      AND (CAST(%(sites)s AS text[]) IS NULL OR l.plant_name = ANY(CAST(%(sites)s AS text[])))
ORDER BY s.key FOR NO KEY UPDATE OF s
"""


class Reporting(NamedTuple):
    """A sensor that reports, with the site of its line, as it stands while it is locked."""

    id: UUID
    key: int
    line_id: UUID
    plant_name: str
    sensor_code: str
    min_value: float | None
    max_value: float | None
    is_active: bool
    first_reading_time: datetime | None
    last_reading_time: datetime | None
    last_reading_value: float | None
    last_breach: int
    last_status: int
    last_received: datetime | None
    loose_blocks: int
    loose_since: datetime | None


@dataclass(frozen=True, slots=True)
class Series:
    """Readings of one sensor in order of time: microseconds since 1970 (int64), values (float64, NaN where a Bad one
    has none), breaches (int16), statuses (uint32).
    """

    times: NDArray[np.int64]
    values: NDArray[np.float64]
    breaches: NDArray[np.int16]
    statuses: NDArray[np.uint32]

    def only(self, chosen: NDArray[Any] | slice) -> "Series":
        """Some of the readings, in the order in which they are named."""
        return Series(self.times[chosen], self.values[chosen], self.breaches[chosen], self.statuses[chosen])

    @property
    def usable(self) -> "Series":
        """Those that are not Bad."""
        bad = are_bad(self.statuses)
        return self.only(~bad) if bad.any() else self


@dataclass(frozen=True, slots=True)
class Kept:
    """Readings with all that is kept of them: a series, server times (int64, or `NOT_KNOWN`) and which are late."""

    series: Series
    received: NDArray[np.int64]
    late: NDArray[np.bool_]

    def only(self, chosen: NDArray[Any] | slice) -> "Kept":
        """Some of the readings, in the order in which they are named."""
        return Kept(self.series.only(chosen), self.received[chosen], self.late[chosen])


@dataclass(frozen=True, slots=True)
class Reading:
    """A stored reading; a Bad one may have no value, and of old ones the server time is not known."""

    time: datetime
    value: float | None
    breach: int
    status: int
    received: datetime | None
    late: bool


async def reporting_for_update(session: AsyncSession, actor: Actor, ids: Sequence[UUID]) -> list[Reporting]:
    """Sensors with the sites of their lines, locked in the order of their keys, so that two who write the same sensors
    wait and never block each other.
    """
    await session.flush()
    sites = list(actor.sites) if actor.sites is not None else None
    rows = await fetch(session, _REPORTING, {"ids": array_of(ids), "sites": sites})
    return [Reporting(*row) for row in rows]


async def refresh_known(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Read those sensors again that this session holds as objects, after their rows were changed in bulk."""
    held = {known.id for known in session.identity_map.values() if isinstance(known, Sensor)}
    if known := held.intersection(ids):
        found = select(Sensor).where(Sensor.id.in_(known)).execution_options(populate_existing=True)
        await session.scalars(found)


async def has_readings(session: AsyncSession, key: int) -> bool:
    """Whether a sensor has any reading."""
    found = text("SELECT EXISTS (SELECT FROM reading_blocks WHERE sensor_key = :key)")
    return bool(await session.scalar(found, {"key": key}))


async def stored_of(session: AsyncSession, windows: Sequence[Window]) -> tuple[NDArray[np.int64], Series]:
    """What is stored around each of the windows, at least all that lies within: the number of the window and the
    readings, in no order within a window.
    """
    keys, starts, ends = (array_of(window[place] for window in windows) for place in range(3))
    rows = await fetch(session, _STORED, {"keys": keys, "starts": starts, "ends": ends})
    found = _series([row[1:] for row in rows])
    places = np.array([row[0] - 1 for row in rows], np.int64)
    return np.repeat(places, [row[2] for row in rows]), found


async def series(session: AsyncSession, key: int, start: datetime, end: datetime) -> Series:
    """All readings of a sensor in [start, end) as columns."""
    found = _series(await fetch(session, _SERIES, _window(key, start, end)))
    return found.only(_chosen(found.times, start, end))


async def series_of(session: AsyncSession, windows: Sequence[Window], *, most: int) -> dict[int, Series]:
    """The readings of each sensor within its window, the newest `most` of them, by the sensor's key."""
    keys, starts, ends = (array_of(window[place] for window in windows) for place in range(3))
    parts: dict[int, list[Any]] = {key: [] for key, _, _ in windows}
    for row in await fetch(session, _NEWEST, {"keys": keys, "starts": starts, "ends": ends, "most": most}):
        parts[row[0]].append(row[1:])
    found = {}
    for key, start, end in windows:
        of_one = _series(parts[key])
        found[key] = of_one.only(_chosen(of_one.times, start, end, with_end=True)[-most:])
    return found


async def certain_count(session: AsyncSession, key: int, start: datetime, end: datetime) -> int:
    """How many readings a sensor has in [start, end) at least: those of blocks that lie within as a whole."""
    return int(await session.scalar(_CERTAIN, {"key": key, "start": start, "end": end}) or 0)


async def readings(
    session: AsyncSession, key: int, *, start: datetime | None, end: datetime | None, descending: bool, limit: int
) -> list[Reading]:
    """Up to `limit` readings of a sensor in [start, end)."""
    first, last = start or EARLIEST, end or _LATEST
    needed = _EARLIEST_NEEDED if descending else _LATEST_NEEDED
    reach = await fetch(session, needed, _window(key, first, last) | {"limit": limit})
    from_when = max(first, reach[0][0]) if reach and descending else first
    until = min(last, _after(reach[0][0])) if reach and not descending else last
    window = _window(key, from_when, until)
    kept = _kept(await fetch(session, _READINGS, window))
    chosen = _chosen(kept.series.times, first, last)
    return _readings(kept.only(chosen[: -limit - 1 : -1] if descending else chosen[:limit]))


async def kept_between(session: AsyncSession, key: int, first: datetime, last: datetime) -> Kept:
    """All that is kept in those blocks of a sensor that begin from `first` to `last` (both included)."""
    return _kept(await fetch(session, _BLOCKS, {"key": key, "first": first, "last": last}))


async def breaches_beside(session: AsyncSession, key: int, first: datetime, last: datetime) -> tuple[int, int]:
    """The breaches of the readings just before `first` and just after `last` of a sensor; 0 where there is none, or
    where the nearest thousand are all Bad.
    """
    before = await readings(session, key, start=None, end=first, descending=True, limit=1)
    after = await readings(session, key, start=_after(last), end=None, descending=False, limit=1)
    if _is_bad(before):
        before = await readings(session, key, start=None, end=first, descending=True, limit=_NEAREST)
    if _is_bad(after):
        after = await readings(session, key, start=_after(last), end=None, descending=False, limit=_NEAREST)
    return _first_judged(before), _first_judged(after)


def _window(key: int, start: datetime, end: datetime) -> dict[str, Any]:
    day = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return {"key": key, "day": day, "start": start, "end": end}


def _is_bad(found: Sequence[Reading]) -> bool:
    return bool(found) and bool(are_bad(np.array([found[0].status], np.uint32))[0])


def _first_judged(found: Sequence[Reading]) -> int:
    good = np.flatnonzero(~are_bad(np.array([each.status for each in found], np.uint32)))
    return found[good[0]].breach if len(good) else 0


def _after(moment: datetime) -> datetime:
    return moment + datetime.resolution


def _chosen(times: NDArray[np.int64], start: datetime, end: datetime, *, with_end: bool = False) -> NDArray[np.int64]:
    """The places of the readings within a window, in order of time."""
    order = np.argsort(times, kind="stable") if (np.diff(times) < 0).any() else np.arange(len(times))
    first, last = to_micros(start), to_micros(end)
    low, high = np.searchsorted(times[order], [first, last + with_end])
    chosen: NDArray[np.int64] = order[low:high]
    return chosen


def _readings(kept: Kept) -> list[Reading]:
    found = kept.series
    columns = (found.times, found.values, found.breaches, found.statuses, kept.received, kept.late)
    return [
        Reading(
            from_micros(time),
            value if value == value else None,  # noqa: PLR0124 - NaN is the one number that is not itself
            breach,
            status,
            from_micros(received) if received != NOT_KNOWN else None,
            late,
        )
        for time, value, breach, status, received, late in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _series(rows: Sequence[Sequence[Any]]) -> Series:
    """Blocks, as `_SHORT` selects them, one after the other."""
    counts = np.array([row[1] for row in rows], np.int64)
    values = np.frombuffer(b"".join([row[4] for row in rows]), ">f8").astype(np.float64)
    statuses = _packed([row[5] for row in rows], counts, ">u4")
    breaches = _packed([row[6] for row in rows], counts, "i1")
    return Series(_times(rows, counts), values, breaches.astype(np.int16), statuses.astype(np.uint32))


def _kept(rows: Sequence[Sequence[Any]]) -> Kept:
    """Blocks, as `_WHOLE` selects them, one after the other."""
    counts = np.array([row[1] for row in rows], np.int64)
    received = np.repeat(np.frombuffer(b"".join([row[7] for row in rows]), ">i8").astype(np.int64), counts)
    of_each = [row[8] for row in rows]
    if any(each is not None for each in of_each):
        has_own = np.repeat([each is not None for each in of_each], counts)
        received = np.where(has_own, _packed(of_each, counts, ">i8"), received)
    late = _packed([row[9] for row in rows], counts, "i1").astype(np.bool_)
    return Kept(_series(rows), received + POSTGRES_EPOCH, late)


def _times(rows: Sequence[Sequence[Any]], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    firsts = np.frombuffer(b"".join([row[0] for row in rows]), ">i8").astype(np.int64)
    steps = np.array([row[2] or 0 for row in rows], np.int64)
    place = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    times = np.repeat(firsts, counts) + place * np.repeat(steps, counts)
    given = [row[3] for row in rows]
    if any(each is not None for each in given):
        uneven = np.repeat([each is not None for each in given], counts)
        times = np.where(uneven, _packed(given, counts, ">i8"), times)
    since_1970: NDArray[np.int64] = times + POSTGRES_EPOCH
    return since_1970


def _packed(parts: Sequence[bytes | None], counts: NDArray[np.int64], kind: DTypeLike) -> NDArray[Any]:
    """A packed column of many blocks; 0 where a block has none."""
    size = np.dtype(kind).itemsize
    if all(part is None for part in parts):
        return np.zeros(int(counts.sum()), kind)
    whole = [bytes(size * count) if part is None else part for part, count in zip(parts, counts.tolist(), strict=True)]
    return np.frombuffer(b"".join(whole), kind)
