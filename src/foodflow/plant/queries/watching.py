"""What is known of sensors of which readings come in: how they are watched, and what their detectors remember."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.bulk import fetch
from foodflow.numerics.detection.watching import SEAL, SIZE, stacked
from foodflow.numerics.epoch import to_micros
from foodflow.plant.queries.holding import Held
from foodflow.plant.rules.alarms import NOT_OF_VALUES
from foodflow.plant.rules.watches import SAID, Effective, Said, effective
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.tables.watches import WatchState

_SECOND = 1_000_000.0
_NOT_OF_VALUES = f"{{{','.join(sorted(NOT_OF_VALUES))}}}"
_KIND = 3 + 2 * len(SAID)


@dataclass(frozen=True, slots=True)
class Standing:
    """An alarm of values that is active: its rule, what is normal, and the value furthest from that."""

    rule: str
    expected: float | None
    worst: float | None


class Watched(NamedTuple):
    """A sensor as it is watched at this moment; `last_at` in microseconds since 1970, None before its first reading;
    `version` of the row with what its detectors remember, None where that is nothing of use, and the `seal` of that.
    """

    how: Effective
    standing: tuple[Standing, ...]
    key: int
    line_number: str
    batch_id: UUID | None
    silenced_until: datetime | None
    silenced_by: str
    silence_reason: str
    last_at: int | None
    rhythm: float
    seen: int
    version: bytes | None
    seal: bytes | None


@dataclass(frozen=True, slots=True)
class AllWatched:
    """Sensors in the order of their keys. Sensor i is watched as `kinds[which[i]]` says, which holds on lines in a
    state.
    """

    sensors: Sequence[Watched]
    kinds: Sequence[tuple[Effective, str | None]]
    which: NDArray[np.intp]

    @property
    def keys(self) -> NDArray[np.int32]:
        """Their keys."""
        return np.array([each.key for each in self.sensors], np.int32)

    def only(self, chosen: NDArray[np.bool_]) -> "AllWatched":
        """Some of the sensors."""
        sensors = [self.sensors[place] for place in np.flatnonzero(chosen).tolist()]
        return AllWatched(sensors, self.kinds, self.which[chosen])


# A row is written anew with each change, and xmin is the number of the transaction that wrote it.
_WATCHED = """
SELECT s.sensor_type, s.unit_of_measure, l.status,
       array_to_string(w.rules, ' '), w.hysteresis, w.max_rate, w.off_delay_seconds, w.stuck_seconds, w.gap_seconds,
       w.sensitivity, w.priority,
       array_to_string(d.rules, ' '), d.hysteresis, d.max_rate, d.off_delay_seconds, d.stuck_seconds, d.gap_seconds,
       d.sensitivity, d.priority,
       (SELECT json_agg(json_build_array(a.rule, a.expected, a.worst)) FROM alarms AS a
        WHERE a.sensor_id = s.id AND a.closed_at IS NULL AND a.cleared_at IS NULL
              AND a.rule <> ALL(CAST(%(not_of_values)s AS text[]))),
       s.key, l.line_number, l.current_batch_id, w.silenced_until, coalesce(w.silenced_by, ''),
       coalesce(w.silence_reason, ''), m.last_at, coalesce(m.rhythm, 0), coalesce(m.seen, 0),
       CASE WHEN length(m.state) = %(size)s THEN m.xmin END, substring(m.state FOR %(seal)s)
FROM sensors AS s JOIN production_lines AS l ON l.id = s.line_id
LEFT JOIN watches AS w ON w.sensor_id = s.id
LEFT JOIN watch_defaults AS d ON d.sensor_type = lower(s.sensor_type)
LEFT JOIN watch_states AS m ON m.sensor_key = s.key
WHERE s.key = ANY(%(keys)s) ORDER BY s.key
"""
# All of them as one value, and not as one value of each: a row costs more than a state.
_STATES = """
SELECT string_agg(ordered.state, '') FROM (
    SELECT state FROM watch_states WHERE sensor_key = ANY(%(keys)s) ORDER BY sensor_key) AS ordered
"""
# In an array of its own each byte of a state would be sent as two or three characters.
_KEEP = """
WITH kept AS (
    INSERT INTO watch_states (sensor_key, state, last_at, rhythm, seen, gap_seconds)
    SELECT n.key, substring(%(states)s FROM CAST(%(size)s * (n.place - 1) + 1 AS int) FOR CAST(%(size)s AS int)),
           n.last_at, n.rhythm, n.seen, nullif(n.gap_seconds, 'NaN')
    FROM unnest(%(keys)s, %(last_at)s, %(rhythm)s, %(seen)s, %(gap_seconds)s)
         WITH ORDINALITY AS n (key, last_at, rhythm, seen, gap_seconds, place)
    ON CONFLICT (sensor_key) DO UPDATE SET state = excluded.state, last_at = excluded.last_at, rhythm = excluded.rhythm,
                                           seen = excluded.seen, gap_seconds = excluded.gap_seconds
    RETURNING watch_states.xmin)
SELECT xmin FROM kept LIMIT 1
"""
HELD: Final = Held(30_000)
"""What this process wrote of what detectors remember."""


async def watched(session: AsyncSession, keys: NDArray[np.int32]) -> AllWatched:
    """The sensors of some keys as they are watched: one statement, however many."""
    given = {"keys": keys, "size": SIZE, "seal": SEAL, "not_of_values": _NOT_OF_VALUES}
    rows = await fetch(session, _WATCHED, given)
    numbers: dict[tuple[Any, ...], int] = {}
    which = [numbers.setdefault(row[:_KIND], len(numbers)) for row in rows]
    kinds = [(_how(kind), kind[2]) for kind in numbers]
    sensors = [
        Watched(kinds[number][0], () if row[_KIND] is None else _standing(row[_KIND]), *row[_KIND + 1 :])
        for number, row in zip(which, rows, strict=True)
    ]
    return AllWatched(sensors, kinds, np.array(which, np.intp))


async def states_of(session: AsyncSession, known: AllWatched) -> NDArray[np.uint8]:
    """What the detectors of sensors remember, as rows; begun anew where they remember nothing. It is read, with one
    statement, where this process does not hold it.
    """
    keys, versions = known.keys, [each.version for each in known.sensors]
    states, are_held = HELD.find(keys, versions, stacked([None] * len(keys)))
    are_there = np.array([version is not None for version in versions], np.bool_)
    to_read = are_there & ~(are_held & _bear(states, [each.seal for each in known.sensors]))
    if to_read.any():
        states = states.copy()
        [[together]] = await fetch(session, _STATES, {"keys": keys[to_read]})
        states[to_read] = np.frombuffer(together, np.uint8).reshape(-1, SIZE)
    return states


def _bear(states: NDArray[np.uint8], seals: Sequence[bytes | None]) -> NDArray[np.bool_]:
    """Which states begin with their seals. A database that was set back, or another one in its place, may give the
    number of a transaction a second time.
    """
    expected = np.frombuffer(b"".join([(seal or b"").ljust(SEAL, b"\0") for seal in seals]), np.uint8)
    borne: NDArray[np.bool_] = (states[:, :SEAL] == expected.reshape(-1, SEAL)).all(axis=1)
    return borne


def _how(kind: tuple[Any, ...]) -> Effective:
    sensor_type, unit, _, *said = kind
    return effective(sensor_type, unit, *(_said(said[start : start + len(SAID)]) for start in (0, len(SAID))))


def _said(row: Sequence[Any]) -> Said:
    rules, *others = row
    return Said(rules=None if rules is None else tuple(rules.split()), **dict(zip(SAID[1:], others, strict=True)))


def _standing(alarms: Sequence[Sequence[Any]]) -> tuple[Standing, ...]:
    return tuple(Standing(*each) for each in alarms)


async def keep_states(
    session: AsyncSession, known: AllWatched, states: NDArray[np.uint8], others: Mapping[str, NDArray[Any]]
) -> None:
    """Keep what the detectors of sensors remember, their states as rows, with the other columns by name (NaN of
    `gap_seconds` stands for NULL); the caller has locked the sensors.
    """
    columns = {"keys": known.keys, **others}
    [[version]] = await fetch(session, _KEEP, {"states": states.tobytes(), "size": SIZE, **columns})
    HELD.replace([each.version for each in known.sensors], known.keys, version, states)


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
