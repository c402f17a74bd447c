"""Readings: storing them and reading them back, against a plain binary COPY into a plain table and a SELECT from it.

The reference table is what one would write down first: (sensor uuid, time timestamptz, value float8, quality smallint)
with a B-tree on sensor and time; its rows are prepared beforehand. Ours validates, judges limits, finds duplicates,
takes note of each sensor's latest reading and tells open pages, in the same transaction.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import psutil
import psycopg
from numpy.typing import NDArray

from benchmarks.installation import Installation, installation
from benchmarks.measuring import RUNS, Figure, in_turn
from foodflow.kernel.bulk import postgres_times
from foodflow.kernel.db import tenant_transaction
from foodflow.numerics.status_codes import all_good
from foodflow.plant.queries import readings as queries
from foodflow.plant.queries.sensors import sensors as sensors_of
from foodflow.plant.rules.watches import SAID
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.usecases import lines, sensors, watches
from foodflow.plant.usecases.readings import Columns, store_readings

ROWS = 50_000
CALLERS = 8
DAY = 86_400
LASTING = 20_000_000
_START = 1_767_225_600_000_000
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_HEADER, _TRAILER = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_REFERENCE = (
    "CREATE SCHEMA reference; SET search_path = reference; CREATE TABLE reference"
    " (sensor uuid NOT NULL, time timestamptz NOT NULL, value float8 NOT NULL, quality int2 NOT NULL);"
    "CREATE INDEX ON reference (sensor, time)"
)
_A_DAY = "SELECT time, value, quality FROM reference WHERE sensor = %s AND time >= %s AND time < %s ORDER BY time"
# Of the ways to ask for each sensor's last row the fastest: one step down the index for each.
_LAST = (
    "SELECT s.id, r.time, r.value FROM unnest(%s::uuid[]) AS s (id) CROSS JOIN LATERAL"
    " (SELECT time, value FROM reference WHERE sensor = s.id ORDER BY time DESC LIMIT 1) AS r"
)

Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Batch:
    """The next seconds of some sensors as they were sent."""

    ids: list[UUID]
    which: NDArray[np.int32]
    times: NDArray[np.int64]
    values: NDArray[np.float64]

    @property
    def columns(self) -> Columns:
        """The same as the use case takes it."""
        return Columns(self.ids, self.which, self.times, self.values, all_good(len(self.which)))

    @property
    def prepared(self) -> bytes:
        """The same as rows of the reference table, ready to be sent."""
        layout = [("width", ">i2"), ("l1", ">i4"), ("sensor", "V16"), ("l2", ">i4"), ("time", ">i8")]
        layout += [("l3", ">i4"), ("value", ">f8"), ("l4", ">i4"), ("quality", ">i2")]
        rows = np.zeros(len(self.which), dtype=layout)
        rows["width"], rows["l1"], rows["l2"], rows["l3"], rows["l4"] = 4, 16, 8, 8, 2
        rows["sensor"] = np.array([id.bytes for id in self.ids], "V16")[self.which]
        rows["time"], rows["value"] = postgres_times(self.times), self.values
        return _HEADER + rows.tobytes() + _TRAILER


def batch(ids: list[UUID], number: int, *, rows: int = ROWS) -> Batch:
    """The seconds that follow those of the batch before, all sensors of one second after the other."""
    seconds = rows // len(ids)
    which = np.tile(np.arange(len(ids), dtype=np.int32), seconds)
    times = _START + (np.repeat(np.arange(seconds, dtype=np.int64), len(ids)) + number * seconds) * 1_000_000
    return Batch(ids, which, times, np.random.default_rng(number).normal(50, 10, len(which)))


async def run() -> list[Figure]:
    """All figures of readings."""
    figures = []
    for sensors_of_one in (50, 1000):
        async with installation() as place, reference_connections(place, CALLERS) as references:
            ids = [await make_sensors(place, sensors_of_one, f"C{caller}") for caller in range(CALLERS)]
            many = f"{sensors_of_one:,} sensors x {ROWS // sensors_of_one:,}"
            figures.append(await _one_caller(place, ids[0], references[0], many))
            figures.append(await _callers_at_once(place, ids, references, many))
    async with installation() as place, reference_connections(place, 1) as (reference,):
        figures += [await _a_thousand_at_once(place, reference), await _reading_back(place, reference)]
        figures.append(await _last_values(place, reference))
    async with installation() as place:
        figures.append(await _memory(place))
    return figures


async def make_sensors(place: Installation, count: int, name: str, *, watched: bool = False) -> list[UUID]:
    """Sensors of a line of their own, from 0 to 90; watched as new sensors are, or for nothing but those limits."""
    async with tenant_transaction(place.database, place.actor) as session:
        line = await lines.find_or_create(session, place.actor, name)
        shared = {"line_id": line.id, "sensor_type": "temperature", "unit_of_measure": "Cel"}
        shared |= {"location": "", "position": "", "min_value": 0.0, "max_value": 90.0}
        names = [f"{name}-{number}" for number in range(count)]
        made = [
            await sensors.create_sensor(session, place.actor, {**shared, "sensor_code": each, "name": each})
            for each in names
        ]
        for sensor in made if not watched else ():
            await watches.watch_sensor(session, place.actor, sensor.id, {**dict.fromkeys(SAID), "rules": []})
        return [sensor.id for sensor in made]


@asynccontextmanager
async def reference_connections(
    place: Installation, count: int
) -> AsyncIterator[list[psycopg.AsyncConnection[tuple[object, ...]]]]:
    """Connections to the reference table, which is made."""
    async with AsyncExitStack() as stack:
        found = []
        for number in range(count):
            connection = await psycopg.AsyncConnection.connect(place.postgres.url, autocommit=True)
            await stack.enter_async_context(connection)
            await connection.execute(_REFERENCE if number == 0 else "SET search_path = reference")
            found.append(connection)
        yield found


async def store(place: Installation, given: Batch) -> None:
    """One call: a transaction that is on disk when it returns."""
    async with tenant_transaction(place.database, place.actor) as session:
        stored = await store_readings(session, place.actor, given.columns)
        assert stored.stored == len(given.which)


async def copy_in(connection: psycopg.AsyncConnection[tuple[object, ...]], prepared: bytes) -> None:
    async with connection.cursor() as cursor, cursor.copy("COPY reference FROM STDIN (FORMAT BINARY)") as copy:
        await copy.write(prepared)


async def _one_caller(
    place: Installation, ids: list[UUID], reference: psycopg.AsyncConnection[tuple[object, ...]], many: str
) -> Figure:
    """Columns that are in memory already, stored by the use case."""
    given = [batch(ids, number) for number in range(RUNS + 1)]
    ours, plain = iter(given), iter([each.prepared for each in given])
    took, limit = await in_turn(lambda: store(place, next(ours)), lambda: copy_in(reference, next(plain)))
    return Figure(f"storing 50,000 readings as columns ({many})", ROWS / took, ROWS / limit, "rows/s")


async def _callers_at_once(
    place: Installation,
    ids: list[list[UUID]],
    references: list[psycopg.AsyncConnection[tuple[object, ...]]],
    many: str,
) -> Figure:
    """Eight callers, each with sensors of its own, against eight that copy."""
    rounds = [[batch(each, RUNS + 1 + number) for each in ids] for number in range(RUNS + 1)]
    ours, plain = iter(rounds), iter([[each.prepared for each in given] for given in rounds])

    async def store_all() -> None:
        await asyncio.gather(*(store(place, each) for each in next(ours)))

    async def copy_all() -> None:
        await asyncio.gather(*(copy_in(to, each) for to, each in zip(references, next(plain), strict=True)))

    took, limit = await in_turn(store_all, copy_all)
    rows = ROWS * len(ids)
    return Figure(f"storing 50,000 readings as columns, eight at once ({many})", rows / took, rows / limit, "rows/s")


async def _a_thousand_at_once(place: Installation, reference: psycopg.AsyncConnection[tuple[object, ...]]) -> Figure:
    """One reading of each of a thousand sensors in a call: what each sensor costs, whatever it brings."""
    ids = await make_sensors(place, 1000, "ONE")
    given = [batch(ids, number, rows=1000) for number in range(RUNS + 1)]
    ours, plain = iter(given), iter([each.prepared for each in given])
    took, limit = await in_turn(lambda: store(place, next(ours)), lambda: copy_in(reference, next(plain)))
    return Figure("storing one reading of each of 1,000 sensors", 1000 / took, 1000 / limit, "rows/s")


async def _reading_back(place: Installation, reference: psycopg.AsyncConnection[tuple[object, ...]]) -> Figure:
    """A day of one sensor that reports each second, as columns here and as rows there."""
    ids = await make_sensors(place, 10, "DAY")
    for number in range(20):
        given = batch(ids, number, rows=len(ids) * DAY // 20)
        await store(place, given)
        await copy_in(reference, given.prepared)
    await reference.execute("VACUUM ANALYZE reference")
    turn = itertools.cycle(range(len(ids)))
    until = _BEGIN + timedelta(days=1)
    async with tenant_transaction(place.database, place.actor) as session:
        keys = {each.id: each.key for each in await session.scalars(sensors_of(place.actor))}

        async def ours() -> None:
            found = await queries.series(session, keys[ids[next(turn)]], _BEGIN, until)
            assert len(found.times) == DAY

        async def plain() -> None:
            rows = await (await reference.execute(_A_DAY, (ids[next(turn)], _BEGIN, until))).fetchall()
            assert len(rows) == DAY

        took, limit = await in_turn(ours, plain, runs=10)
    return Figure("reading a sensor's day of 86,400 back", 1 / took, 1 / limit, "reads/s", "no slower", took <= limit)


async def _last_values(place: Installation, reference: psycopg.AsyncConnection[tuple[object, ...]]) -> Figure:
    """The last value of a thousand sensors that have a hundred readings each."""
    ids = await make_sensors(place, 1000, "LAST")
    for number in range(10):
        given = batch(ids, number, rows=10_000)
        await store(place, given)
        await copy_in(reference, given.prepared)
    await reference.execute("VACUUM ANALYZE reference")
    own = sensors_of(place.actor).with_only_columns(Sensor.id, Sensor.last_reading_time, Sensor.last_reading_value)
    async with tenant_transaction(place.database, place.actor) as session:

        async def ours() -> None:
            rows = (await session.execute(own.where(Sensor.sensor_code.startswith("LAST-")))).all()
            assert len(rows) == len(ids)

        async def plain() -> None:
            rows = await (await reference.execute(_LAST, (ids,))).fetchall()
            assert len(rows) == len(ids)

        took, limit = await in_turn(ours, plain, runs=20)
    what = "reading the last value of 1,000 sensors"
    return Figure(what, 1 / took, 1 / limit, "reads/s", "no slower", took <= limit)


async def _memory(place: Installation) -> Figure:
    """What the process holds after twenty million rows, against what it held after the first two million."""
    ids = await make_sensors(place, 50, "LONG")
    process, seen = psutil.Process(), []
    for number in range(LASTING // ROWS):
        await store(place, batch(ids, number))
        seen.append(process.memory_info().rss)
    early, last = (max(part) / 2**20 for part in (seen[: len(seen) // 10], seen[-len(seen) // 10 :]))
    growth = f"at most 5 % more (it grew by {last - early:.1f} MB)"
    return Figure("memory over 20 million rows", last, early, "MB", growth, last <= 1.05 * early)
