"""Roll-ups: which hours are marked, what is rolled up of the others, and the statements that keep both true.

A mark is made and cleared by whoever holds its sensor's lock. So while a sensor is locked, an hour without a mark is
rolled up as its readings are; and whoever looks without the lock looks at marks first and at roll-ups after that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Result, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import partitions
from foodflow.kernel.bulk import fetch
from foodflow.numerics.epoch import from_micros, to_micros
from foodflow.numerics.rollup import DAY, HOUR, Rollups, concatenate, pack, unpack
from foodflow.plant.tables.rollups import HourRollup, MinuteRollup, RollupMark
from foodflow.plant.tables.sensors import Sensor

Window = tuple[int, int, int]
"""A sensor's key, and from (with) and to (without) which hour it is looked at, in microseconds since 1970."""

# `news`: hours that are over were marked and none was before, so that nobody has been asked to roll them up yet.
# `gone`: of which sensors and days the readings were removed by age; looked for in hours that are old enough alone.
_MARK = """
WITH touched AS (
    SELECT sensor_key, to_timestamp(seconds) AS hour
    FROM unnest(%(keys)s::int[], %(hours)s::bigint[]) AS t (sensor_key, seconds)
), marked AS (
    INSERT INTO rollup_marks (sensor_key, hour) SELECT sensor_key, hour FROM touched
    ON CONFLICT DO NOTHING RETURNING hour
)
SELECT EXISTS (SELECT FROM marked WHERE hour < %(over)s)
       AND NOT EXISTS (SELECT FROM rollup_marks WHERE hour < %(over)s) AS news,
       ARRAY(SELECT t.sensor_key || ' ' || (t.hour AT TIME ZONE 'UTC')::date
             FROM touched AS t JOIN removed_readings AS r ON r.sensor_key = t.sensor_key
             WHERE t.hour < (SELECT raw_removed_before FROM retention)
               AND r.days @> (t.hour AT TIME ZONE 'UTC')::date) AS gone
"""
_MARKED = text("""
SELECT w.key, ARRAY(SELECT hour FROM rollup_marks WHERE sensor_key = w.key AND hour >= w.first AND hour < w.last
                    ORDER BY hour), r.days
FROM unnest(CAST(:keys AS int[]), CAST(:firsts AS timestamptz[]), CAST(:lasts AS timestamptz[]))
     AS w (key, first, last)
LEFT JOIN removed_readings AS r ON r.sensor_key = w.key
""")
_ROLLED = """
SELECT w.key, r.packed
FROM unnest(CAST(:keys AS int[]), CAST(:firsts AS timestamptz[]), CAST(:lasts AS timestamptz[]))
     AS w (key, first, last)
CROSS JOIN LATERAL (SELECT string_agg({column}, ''::bytea) AS packed FROM {table}
                    WHERE sensor_key = w.key AND {time} >= w.first AND {time} < w.last
                      AND {time} >= :earliest AND {time} < :latest) AS r
"""
# The earliest and the latest of all keep PostgreSQL from looking into the partitions of other months.
_HOURS = text(_ROLLED.format(column="hours", table="hour_rollups", time="day"))
_MINUTES = text(_ROLLED.format(column="minutes", table="minute_rollups", time="hour"))

_KEEP_HOURS = text("""
INSERT INTO hour_rollups (sensor_key, day, readings, hours)
SELECT * FROM unnest(CAST(:keys AS int[]), CAST(:times AS timestamptz[]), CAST(:counts AS bigint[]),
                     CAST(:packed AS bytea[]))
ON CONFLICT (sensor_key, day) DO UPDATE SET readings = excluded.readings, hours = excluded.hours
""")
_KEEP_MINUTES = text("""
INSERT INTO minute_rollups (sensor_key, hour, minutes)
SELECT * FROM unnest(CAST(:keys AS int[]), CAST(:times AS timestamptz[]), CAST(:packed AS bytea[]))
ON CONFLICT (sensor_key, hour) DO UPDATE SET minutes = excluded.minutes
""")
_CLEAR = text("""
DELETE FROM rollup_marks AS m USING unnest(CAST(:keys AS int[]), CAST(:hours AS timestamptz[])) AS c (sensor_key, hour)
WHERE m.sensor_key = c.sensor_key AND m.hour = c.hour
""")


@dataclass(frozen=True, slots=True)
class Marked:
    """What came of marking: whether somebody has to be asked to roll up, and of which sensor keys and UTC days the
    readings were removed by age.
    """

    news: bool
    gone: list[tuple[int, date]]


@dataclass(frozen=True, slots=True)
class Unrolled:
    """The marked hours of a sensor within a window, and the UTC days of which its readings were removed by age."""

    hours: NDArray[np.int64]
    removed: list[tuple[int, int]]

    def lost(self, moment: int) -> bool:
        """Whether the readings of a moment's day were removed."""
        return any(first <= moment < last for first, last in self.removed)


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a sensor's readings of the hours `redone` (ascending, in microseconds since 1970) come to."""

    redone: NDArray[np.int64]
    minutes: Rollups
    hours: Rollups


async def mark(session: AsyncSession, touched: Sequence[tuple[int, int]], *, over: datetime) -> Marked:
    """Mark hours (microseconds since 1970) of sensors (by key) that the caller has locked; hours before `over` are
    over.
    """
    # As texts, which cost a tenth of lists of objects: every call that stores readings comes by here.
    keys = ",".join([str(key) for key, _ in touched])
    hours = ",".join([str(hour // 1_000_000) for _, hour in touched])
    ((news, gone),) = await fetch(session, _MARK, {"keys": f"{{{keys}}}", "hours": f"{{{hours}}}", "over": over})
    parted = [one.split() for one in gone]
    return Marked(news, sorted({(int(key), date.fromisoformat(day)) for key, day in parted}))


async def sensors_due(session: AsyncSession, before: datetime, *, after: int, limit: int) -> Sequence[int]:
    """Up to `limit` keys, in order and greater than `after`, of sensors with marked hours before a moment."""
    due = select(RollupMark.sensor_key).where(RollupMark.sensor_key > after, RollupMark.hour < before).distinct()
    return (await session.scalars(due.order_by(RollupMark.sensor_key).limit(limit))).all()


async def keys_for_update(session: AsyncSession, keys: Sequence[int], *, wait: bool) -> Sequence[int]:
    """Those of the sensors that could be locked, in the order of their keys, as writers of readings do; all of them
    where the caller waits.
    """
    found = select(Sensor.key).where(Sensor.key.in_(keys)).order_by(Sensor.key)
    return (await session.scalars(found.with_for_update(key_share=True, skip_locked=not wait))).all()


async def marked_hours(session: AsyncSession, key: int, before: datetime, *, limit: int) -> NDArray[np.int64]:
    """The first `limit` marked hours of a sensor before a moment, in order, in microseconds since 1970."""
    found = select(RollupMark.hour).where(RollupMark.sensor_key == key, RollupMark.hour < before)
    hours = await session.scalars(found.order_by(RollupMark.hour).limit(limit))
    return np.array([to_micros(hour) for hour in hours], np.int64)


async def unrolled(session: AsyncSession, windows: Sequence[Window]) -> dict[int, Unrolled]:
    """By sensor key what of its window is not rolled up; to be asked before what is rolled up."""
    rows = await session.execute(_MARKED, _of(windows))
    return {
        key: Unrolled(
            np.array([to_micros(hour) for hour in hours], np.int64),
            [(_midnight(days.lower), _midnight(days.upper)) for days in removed or ()],
        )
        for key, hours, removed in rows
    }


async def rolled_hours(session: AsyncSession, windows: Sequence[Window]) -> dict[int, Rollups]:
    """By sensor key its hours within its window as they were rolled up last."""
    whole_days = [(key, first // DAY * DAY, last) for key, first, last in windows]
    return _within(await session.execute(_HOURS, _bounded(whole_days)), windows)


async def rolled_minutes(session: AsyncSession, windows: Sequence[Window]) -> dict[int, Rollups]:
    """By sensor key its minutes within its window as they were rolled up last."""
    return _within(await session.execute(_MINUTES, _bounded(windows)), windows)


async def keep(session: AsyncSession, fresh: Mapping[int, Fresh]) -> None:
    """Store what was rolled up anew of sensors (by key) that the caller has locked, and clear the marks of that."""
    await _keep_minutes(session, fresh)
    await _keep_hours(session, fresh)
    marks = [(key, from_micros(hour)) for key, each in fresh.items() for hour in each.redone.tolist()]
    await session.execute(_CLEAR, {"keys": [key for key, _ in marks], "hours": [hour for _, hour in marks]})


async def _keep_hours(session: AsyncSession, fresh: Mapping[int, Fresh]) -> None:
    """Beside the hours of the same days that stay as they were."""
    days = {key: np.unique(each.redone // DAY * DAY).tolist() for key, each in fresh.items()}
    before = await rolled_hours(session, [(key, each[0], each[-1] + DAY) for key, each in days.items()])
    rows: list[tuple[int, int, int, bytes]] = []
    for key, each in fresh.items():
        stale = before[key]
        whole = concatenate([stale.only(~np.isin(stale.starts, each.redone)), each.hours])
        for day in days[key]:
            part = whole.only(whole.starts // DAY * DAY == day)
            rows.append((key, day, int(part.counts.sum() + part.bad.sum()), pack(part)))
    keys, times, counts, packed = zip(*rows, strict=True)
    await partitions.ensure_months(session, HourRollup.__tablename__, partitions.months_of(np.array(times)))
    columns = {"keys": list(keys), "times": [from_micros(time) for time in times]}
    await session.execute(_KEEP_HOURS, columns | {"counts": list(counts), "packed": list(packed)})


async def _keep_minutes(session: AsyncSession, fresh: Mapping[int, Fresh]) -> None:
    rows: list[tuple[int, int, bytes]] = []
    for key, each in fresh.items():
        edges = np.searchsorted(each.minutes.starts, each.redone).tolist()
        ends = np.searchsorted(each.minutes.starts, each.redone + HOUR).tolist()
        for hour, first, last in zip(each.redone.tolist(), edges, ends, strict=True):
            if first < last:
                rows.append((key, hour, pack(each.minutes.only(slice(first, last)))))
    if not rows:
        return
    keys, times, packed = zip(*rows, strict=True)
    await partitions.ensure_months(session, MinuteRollup.__tablename__, partitions.months_of(np.array(times)))
    columns = {"keys": list(keys), "times": [from_micros(time) for time in times]}
    await session.execute(_KEEP_MINUTES, columns | {"packed": list(packed)})


def _of(windows: Sequence[Window]) -> dict[str, object]:
    keys, firsts, lasts = ([window[place] for window in windows] for place in range(3))
    return {"keys": keys, "firsts": [from_micros(each) for each in firsts], "lasts": [from_micros(e) for e in lasts]}


def _bounded(windows: Sequence[Window]) -> dict[str, object]:
    earliest, latest = min(window[1] for window in windows), max(window[2] for window in windows)
    return _of(windows) | {"earliest": from_micros(earliest), "latest": from_micros(latest)}


def _within(rows: Result[*tuple[Any, ...]], windows: Sequence[Window]) -> dict[int, Rollups]:
    bounds = {key: (first, last) for key, first, last in windows}
    found = {}
    for key, packed in rows:
        each, (first, last) = unpack(packed or b""), bounds[key]
        each = each.only(np.argsort(each.starts, kind="stable"))
        found[key] = each.only((each.starts >= first) & (each.starts < last))
    return found


def _midnight(day: date) -> int:
    return to_micros(datetime.fromisoformat(f"{day.isoformat()}T00:00:00+00:00"))
