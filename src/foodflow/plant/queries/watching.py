"""What is known of sensors of which readings come in: how they are watched, and what their detectors remember."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.bulk import array_of, fetch
from foodflow.kernel.db import driver_connection
from foodflow.numerics.epoch import to_micros
from foodflow.plant.rules.watches import SAID, Effective, Said, effective
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.tables.watches import WatchState

_SECOND = 1_000_000.0
_NOTHING_SAID = (None,) * (2 * len(SAID))


@dataclass(frozen=True, slots=True)
class Standing:
    """An alarm that is active: its rule, what is normal, and the value furthest from that."""

    rule: str
    expected: float | None
    worst: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A sensor as it is watched at this moment; `last_at` in microseconds since 1970."""

    key: int
    name: str
    unit_of_measure: str
    line_number: str
    line_state: str | None
    batch_id: UUID | None
    how: Effective
    silenced_until: datetime | None
    silenced_by: str
    silence_reason: str
    state: bytes | None
    last_at: int | None
    rhythm: float
    seen: int
    standing: tuple[Standing, ...]


_WATCHED = """
SELECT s.key, s.sensor_type, s.unit_of_measure, l.line_number, l.status, l.current_batch_id,
       w.rules, w.hysteresis, w.max_rate, w.stuck_seconds, w.gap_seconds, w.sensitivity, w.priority,
       d.rules, d.hysteresis, d.max_rate, d.stuck_seconds, d.gap_seconds, d.sensitivity, d.priority,
       s.name, w.silenced_until, w.silenced_by, w.silence_reason, m.state, m.last_at, m.rhythm, m.seen,
       (SELECT json_agg(json_build_array(a.rule, a.expected, a.worst)) FROM alarms AS a
        WHERE a.sensor_id = s.id AND a.closed_at IS NULL AND a.cleared_at IS NULL)
FROM sensors AS s JOIN production_lines AS l ON l.id = s.line_id
LEFT JOIN watches AS w ON w.sensor_id = s.id
LEFT JOIN watch_defaults AS d ON d.sensor_type = lower(s.sensor_type)
LEFT JOIN watch_states AS m ON m.sensor_key = s.key
WHERE s.key = ANY(CAST(%(keys)s AS int[])) ORDER BY s.key
"""
# In an array of its own each byte of a state would be sent as two or three characters.
_KEEP = """
INSERT INTO watch_states (sensor_key, state, last_at, rhythm, seen, gap_seconds)
SELECT n.key, substring(%(states)s FROM CAST(%(size)s * (n.place - 1) + 1 AS int) FOR CAST(%(size)s AS int)),
       n.last_at, n.rhythm, n.seen, n.gap_seconds
FROM unnest(CAST(%(keys)s AS int[]), CAST(%(last_at)s AS bigint[]), CAST(%(rhythm)s AS float8[]),
            CAST(%(seen)s AS int[]), CAST(%(gap_seconds)s AS float8[]))
     WITH ORDINALITY AS n (key, last_at, rhythm, seen, gap_seconds, place)
ON CONFLICT (sensor_key) DO UPDATE SET state = excluded.state, last_at = excluded.last_at, rhythm = excluded.rhythm,
                                       seen = excluded.seen, gap_seconds = excluded.gap_seconds
"""


async def watched(session: AsyncSession, keys: Sequence[int]) -> dict[int, Watched]:
    """The sensors of some keys as they are watched, by key: one statement, however many."""
    rows = await fetch(session, _WATCHED, {"keys": array_of(keys)})
    return {row[0]: _watched(row) for row in rows}


def _watched(row: tuple[Any, ...]) -> Watched:
    name, until, by, reason, state, last_at, rhythm, seen, standing = row[20:]
    return Watched(
        key=row[0],
        name=name,
        unit_of_measure=row[2],
        line_number=row[3],
        line_state=row[4],
        batch_id=row[5],
        how=_how(row[1], row[2], row[6:20]),
        silenced_until=until,
        silenced_by=by or "",
        silence_reason=reason or "",
        state=state,
        last_at=last_at,
        rhythm=rhythm or 0.0,
        seen=seen or 0,
        standing=tuple(Standing(*each) for each in standing or ()),
    )


def _how(sensor_type: str, unit: str, said: tuple[Any, ...]) -> Effective:
    if said == _NOTHING_SAID:
        return effective(sensor_type, unit)
    return effective(sensor_type, unit, *(_said(*said[start : start + 7]) for start in (0, 7)))


def _said(rules: list[str] | None, *others: Any) -> Said:  # noqa: ANN401 - of the columns' types
    values: dict[str, Any] = dict(zip(SAID[1:], others, strict=True))
    return Said(rules=None if rules is None else tuple(rules), **values)


async def keep_states(
    session: AsyncSession, keys: Sequence[int], states: bytes, others: Mapping[str, Sequence[float | None]]
) -> None:
    """Keep what the detectors of sensors remember, states of one length one after the other, with the other columns by
    name; the caller has locked the sensors.
    """
    given = {name: array_of(values) for name, values in others.items()}
    parameters = {"keys": array_of(keys), "states": states, "size": len(states) // len(keys), **given}
    connection = await driver_connection(session)
    await connection.execute(_KEEP, parameters)


async def silent(session: AsyncSession, now: datetime) -> Sequence[UUID]:
    """The sensors in service that are silent for longer than they may be."""
    silence = (to_micros(now) - WatchState.last_at) / _SECOND
    found = (
        select(Sensor.id)
        .join(WatchState, WatchState.sensor_key == Sensor.key)
        .join(ProductionLine, ProductionLine.id == Sensor.line_id)
        .where(Sensor.is_active, ProductionLine.is_active, silence > WatchState.gap_seconds)
    )
    return (await session.scalars(found)).all()
