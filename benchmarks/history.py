"""History: drawing a year of a sensor that reports each second, and what roll-ups cost beside storing.

The limit of drawing is the same year's 8,760 hours fetched from what one would write down for it by hand: a plain table
(sensor uuid, hour timestamptz, lowest, highest, mean float8, count int) with a B-tree on sensor and hour. Ours chooses
the resolution, looks for hours that are not rolled up, answers those from readings, and thins the rest out with peaks
kept. The limit of rolling up is storing the same readings.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import numpy as np
import psycopg
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.installation import Installation, installation
from benchmarks.measuring import Figure, in_turn
from foodflow.kernel.db import tenant_transaction
from foodflow.numerics.epoch import to_micros
from foodflow.numerics.status_codes import all_good
from foodflow.plant import jobs
from foodflow.plant.queries.readings import reporting_for_update
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.usecases import board, drawing, lines, rollups, sensors
from foodflow.plant.usecases.drawing import Drawing, Wanted
from foodflow.plant.usecases.noting import Rows
from foodflow.plant.usecases.readings import Columns, store_readings
from foodflow.plant.usecases.selection import Choice

DAYS: Final = 365
PROMISED_MS: Final = 200
_START: Final = to_micros(datetime(2025, 11, 1, tzinfo=UTC))
_DAY: Final = 86_400
_AT_ONCE: Final = 50_000
_PLAIN: Final = (
    "CREATE SCHEMA reference; SET search_path = reference; CREATE TABLE hours (sensor uuid NOT NULL, hour timestamptz"
    " NOT NULL, lowest float8 NOT NULL, highest float8 NOT NULL, mean float8 NOT NULL, count int NOT NULL);"
    "CREATE INDEX ON hours (sensor, hour);"
    "INSERT INTO hours SELECT s, h, random(), random(), random(), 3600 FROM generate_series("
    "'2025-11-01Z'::timestamptz, '2026-10-31T23:00Z', '1 hour') AS h,"
    " (SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid AS s FROM generate_series(1, 24) AS n) AS of"
    "; ANALYZE hours"
)
_OTHER: Final = UUID("00000000-0000-7000-8000-000000000007")


async def run() -> list[Figure]:
    """All figures of history."""
    async with installation() as place:
        sensor = await _make_sensor(place, "S1")
        stored = await _store_a_year(place, sensor)
        started = time.perf_counter()
        await jobs.roll_up(place.database, place.actor)
        rolled_up = time.perf_counter() - started
        readings = DAYS * _DAY
        cost = Figure("rolling up a year of readings", readings / rolled_up, readings / stored, "readings/s")
        async with await psycopg.AsyncConnection.connect(place.postgres.url, autocommit=True) as plain:
            await plain.execute(_PLAIN)
            return [
                await _drawing(place, sensor, plain, days=DAYS),
                await _drawing(place, sensor, plain, days=30),
                await _board(place, plain),
                cost,
                await _marking(place),
            ]


async def _make_sensor(place: Installation, code: str) -> Sensor:
    async with tenant_transaction(place.database, place.actor) as session:
        line = await lines.find_or_create(session, place.actor, "L1")
        texts = {"name": code, "sensor_type": "temperature", "unit_of_measure": "Cel", "location": "", "position": ""}
        limits = {"min_value": -50.0, "max_value": 50.0, "target_value": None, "tolerance": None}
        return await sensors.create_sensor(
            session, place.actor, {"line_id": line.id, "sensor_code": code} | texts | limits
        )


async def _store_a_year(place: Installation, sensor: Sensor) -> float:
    """The seconds that storing took."""
    walk = np.random.default_rng(5)
    count, value, took = DAYS * _DAY, 0.0, 0.0
    for start in range(0, count, _AT_ONCE):
        rows = min(_AT_ONCE, count - start)
        values = value + np.cumsum(walk.standard_normal(rows) / 100)
        value = float(values[-1]) * 0.99
        times = _START + np.arange(start, start + rows, dtype=np.int64) * 1_000_000
        columns = Columns([sensor.id], np.zeros(rows, np.int32), times, np.round(values, 3), all_good(rows))
        started = time.perf_counter()
        async with tenant_transaction(place.database, place.actor) as session:
            await store_readings(session, place.actor, columns)
        took += time.perf_counter() - started
    return took


async def _drawing(
    place: Installation, sensor: Sensor, plain: psycopg.AsyncConnection[tuple[object, ...]], *, days: int
) -> Figure:
    """A thousand points of the last `days` of the year."""
    end = datetime(2026, 11, 1, tzinfo=UTC)
    start = end - timedelta(days=days)
    drawn: list[Drawing] = []

    async def ours() -> None:
        async with tenant_transaction(place.database, place.actor) as session:
            window = {"start": start, "end": end}
            drawn[:] = [await drawing.draw(session, place.actor, sensor.id, **window, wanted=Wanted(points=1000))]

    took, limit = await in_turn(ours, lambda: _hours(plain, start), runs=20)
    assert drawn[0].readings == days * _DAY
    points, resolution = len(drawn[0].times), drawn[0].resolution
    what = f"drawing {days} days of a sensor at 1 Hz: {points} points by the {resolution}, in {took * 1000:.0f} ms"
    kept = took * 1000 < PROMISED_MS
    return Figure(what, took, limit, "s", promise=f"under {PROMISED_MS} ms", kept=kept)


async def _hours(plain: psycopg.AsyncConnection[tuple[object, ...]], start: datetime) -> None:
    query = "SELECT hour, lowest, highest, mean, count FROM hours WHERE sensor = %s AND hour >= %s ORDER BY hour"
    assert await (await plain.execute(query, (_OTHER, start))).fetchall()


async def _board(place: Installation, plain: psycopg.AsyncConnection[tuple[object, ...]]) -> Figure:
    """The card of the sensor's line over all its readings."""

    async def ours() -> None:
        async with tenant_transaction(place.database, place.actor) as session:
            found = await board.board(session, place.actor, Choice(span=None))
            trace = found.lines[0].sensors[0].trace
            assert trace is not None
            assert trace.readings == DAYS * _DAY

    start = datetime(2025, 11, 1, tzinfo=UTC)
    took, limit = await in_turn(ours, lambda: _hours(plain, start), runs=10)
    return Figure(f"the board over all of that year, in {took * 1000:.0f} ms", took, limit, "s")


async def _marking(place: Installation) -> Figure:
    """Marking the hours of 50,000 readings of 50 sensors, beside storing those."""
    made = [await _make_sensor(place, f"M{number}") for number in range(50)]
    ids, keys = [sensor.id for sensor in made], np.array([sensor.key for sensor in made], np.int32)
    turn = 0
    spent: list[float] = []

    def times() -> np.ndarray:
        start = _START + turn * 1_000_000_000
        return np.tile(start + np.arange(1000, dtype=np.int64) * 1_000_000, 50)

    async def ours() -> None:
        async with tenant_transaction(place.database, place.actor) as session:
            await _mark(session)

    async def _mark(session: AsyncSession) -> None:
        none = np.zeros(_AT_ONCE, np.int16)
        rows = Rows(
            np.repeat(keys, 1000),
            times(),
            np.zeros(_AT_ONCE),
            none,
            all_good(_AT_ONCE),
            none.astype(np.bool_),
            np.arange(_AT_ONCE),
        )
        reporting = await reporting_for_update(session, place.actor, ids)
        started = time.perf_counter()
        await rollups.mark(session, rows, reporting)
        spent.append(time.perf_counter() - started)

    async def storing() -> None:
        nonlocal turn
        which = np.repeat(np.arange(50, dtype=np.int32), 1000)
        columns = Columns(
            ids, which, times(), np.random.default_rng(turn).standard_normal(_AT_ONCE), all_good(_AT_ONCE)
        )
        async with tenant_transaction(place.database, place.actor) as session:
            await store_readings(session, place.actor, columns)
        turn += 1

    _, limit = await in_turn(ours, storing, runs=20)
    took = float(np.median(spent))
    return Figure(
        "marking the hours of 50,000 readings",
        took,
        limit,
        "s",
        promise="at most 5 % of storing them",
        kept=took <= 0.05 * limit,
    )
