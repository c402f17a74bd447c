"""Readings: storing and reading back, against a plain binary COPY into a plain table and the same SELECT from it.

The reference table is what one would write down first: (sensor uuid, time timestamptz, value float8, quality smallint)
with a B-tree on sensor and time; its rows are prepared beforehand. Ours validates, judges limits, finds duplicates and
keeps the last value of each sensor in the same transaction.
"""

import itertools
import json
import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import numpy as np
import psycopg
from pydantic import SecretStr

from benchmarks.installation import Installation, installation
from benchmarks.measuring import Figure, in_turn
from foodflow.identity.public import people, proving
from foodflow.identity.public.proving import Entered
from foodflow.identity.public.signing_in import Caller
from foodflow.kernel import credentials
from foodflow.kernel.bulk import postgres_times
from foodflow.kernel.credentials import AccessClaims
from foodflow.kernel.db import tenant_transaction
from foodflow.main import create_app
from foodflow.numerics.status_codes import all_good
from foodflow.plant.usecases import lines, sensors
from foodflow.plant.usecases.readings import Columns, store_readings
from foodflow.settings import Settings

ROWS = 50_000
SENSORS = 50
_START = 1_767_225_600_000_000
_KEY = "the key of a database that exists for minutes"
_HEADER, _TRAILER = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_REFERENCE = (
    "CREATE SCHEMA reference; SET search_path = reference; CREATE TABLE reference"
    " (sensor uuid NOT NULL, time timestamptz NOT NULL, value float8 NOT NULL, quality int2 NOT NULL);"
    "CREATE INDEX ON reference (sensor, time)"
)


async def run() -> list[Figure]:
    """All figures of readings."""
    async with installation() as place:
        ids = await _make_sensors(place)
        async with await psycopg.AsyncConnection.connect(place.postgres.url, autocommit=True) as reference:
            await reference.execute(_REFERENCE)
            return [
                await _columns(place, ids, reference),
                await _json_rows(place, ids, reference),
                await _reading_back(place, ids, reference),
            ]


async def _make_sensors(place: Installation) -> list[UUID]:
    async with tenant_transaction(place.database, place.actor) as session:
        line = await lines.find_or_create(session, place.actor, "L1")
        shared = {
            "line_id": line.id,
            "sensor_type": "temperature",
            "unit_of_measure": "Cel",
            "location": "",
            "position": "",
        }
        limits = {"min_value": 0.0, "max_value": 90.0}
        made = [
            await sensors.create_sensor(
                session, place.actor, {**shared, **limits, "sensor_code": f"S{n}", "name": f"S{n}"}
            )
            for n in range(SENSORS)
        ]
        return [sensor.id for sensor in made]


def _batch(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The next second after second of all sensors: which, times, values."""
    which = np.tile(np.arange(SENSORS, dtype=np.int32), ROWS // SENSORS)
    seconds = np.repeat(np.arange(ROWS // SENSORS, dtype=np.int64), SENSORS) + number * (ROWS // SENSORS)
    values = np.random.default_rng(number).normal(50, 10, ROWS)
    return which, _START + seconds * 1_000_000, values


def _reference_rows(ids: list[UUID], number: int) -> bytes:
    which, times, values = _batch(number)
    layout = [("width", ">i2"), ("l1", ">i4"), ("sensor", "V16"), ("l2", ">i4"), ("time", ">i8")]
    rows = np.zeros(ROWS, dtype=[*layout, ("l3", ">i4"), ("value", ">f8"), ("l4", ">i4"), ("quality", ">i2")])
    rows["width"], rows["l1"], rows["l2"], rows["l3"], rows["l4"] = 4, 16, 8, 8, 2
    rows["sensor"] = np.array([id.bytes for id in ids], "V16")[which]
    rows["time"], rows["value"] = postgres_times(times), values
    return _HEADER + rows.tobytes() + _TRAILER


class _Reference:
    """Plain COPY of prepared rows, one transaction each."""

    def __init__(self, connection: psycopg.AsyncConnection[tuple[object, ...]], ids: list[UUID], first: int) -> None:
        self.connection = connection
        self.prepared = iter([_reference_rows(ids, first + number) for number in range(8)])

    async def store(self) -> None:
        async with self.connection.cursor() as cursor, cursor.copy("COPY reference FROM STDIN (FORMAT BINARY)") as copy:
            await copy.write(next(self.prepared))


async def _columns(
    place: Installation, ids: list[UUID], connection: psycopg.AsyncConnection[tuple[object, ...]]
) -> Figure:
    """Columns that are in memory already, stored by the use case."""
    batches = iter([_batch(number) for number in range(8)])
    reference = _Reference(connection, ids, 0)

    async def ours() -> None:
        which, times, values = next(batches)
        async with tenant_transaction(place.database, place.actor) as session:
            await store_readings(session, place.actor, Columns(ids, which, times, values, all_good(ROWS)))

    took, limit = await in_turn(ours, reference.store)
    return Figure("storing 50,000 readings as columns", ROWS / took, ROWS / limit, "rows/s")


async def _json_rows(
    place: Installation, ids: list[UUID], connection: psycopg.AsyncConnection[tuple[object, ...]]
) -> Figure:
    """JSON rows over the HTTP interface, in process: decoded, validated, stored, acknowledged."""
    app = create_app(Settings(database_url=place.postgres.url, secret_key=SecretStr(_KEY)))
    password = secrets.token_urlsafe()
    await people.ensure_administrator(place.database, tenant="demo", username="bench", password=password)
    proved = await proving.check_password(place.database, Entered("bench", password), Caller(), default="demo")
    signed_in = proved.signed_in
    token = credentials.sign_access_token(_KEY, AccessClaims(signed_in.user_id, "demo"))
    bodies = iter([_body(ids, number) for number in range(100, 108)])
    reference = _Reference(connection, ids, 100)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bench", headers=headers) as client:

        async def ours() -> None:
            answer = await client.post("/api/v1/plant-ops/sensors/readings/bulk", content=next(bodies))
            assert answer.json()["stored"] == ROWS

        took, limit = await in_turn(ours, reference.store)
    await app.state.database.close()
    return Figure("storing 50,000 readings as JSON rows over HTTP", ROWS / took, ROWS / limit, "rows/s")


def _body(ids: list[UUID], number: int) -> bytes:
    which, times, values = _batch(number)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    rows = [
        {"sensor_id": str(ids[w]), "timestamp": (epoch + timedelta(microseconds=t)).isoformat(), "value": v}
        for w, t, v in zip(which.tolist(), times.tolist(), values.tolist(), strict=True)
    ]
    return json.dumps({"readings": rows}).encode()


async def _reading_back(
    place: Installation, ids: list[UUID], connection: psycopg.AsyncConnection[tuple[object, ...]]
) -> Figure:
    """All readings of one sensor over the stored span, by the same kind of SELECT."""
    turn = itertools.cycle(range(SENSORS))
    async with await psycopg.AsyncConnection.connect(place.postgres.url, autocommit=True) as own:
        await own.execute("SET ROLE t_demo; SET search_path = t_demo")
        between = "AND time >= %s AND time < %s ORDER BY time"
        span = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")

        async def ours() -> int:
            query = f"SELECT time, value, breach FROM readings WHERE sensor_key = %s {between}"  # noqa: S608 - a constant
            return len(await (await own.execute(query, (next(turn) + 1, *span))).fetchall())

        async def plain() -> int:
            query = f"SELECT time, value, quality FROM reference WHERE sensor = %s {between}"  # noqa: S608 - a constant
            return len(await (await connection.execute(query, (ids[next(turn)], *span))).fetchall())

        took, limit = await in_turn(ours, plain, runs=20)
    return Figure("reading a sensor's day back", 1 / took, 1 / limit, "reads/s")
