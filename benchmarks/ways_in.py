"""Ways in: 50,000 readings over HTTP in each format, against a plain binary COPY of the same rows in the same run.

The reference is that of `benchmarks.readings`: rows prepared beforehand, copied into a plain table with a B-tree on
sensor and time. Ours are whole calls through the application: decoded, validated, judged, stored, acknowledged.
"""

import asyncio
import io
import itertools
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import psycopg
import pyarrow as pa  # type: ignore[import-untyped]  # it has no types
from pydantic import SecretStr

from benchmarks import readings
from benchmarks.installation import Installation, installation
from benchmarks.measuring import Figure, in_turn
from benchmarks.readings import ROWS, SENSORS
from foodflow.identity.public import people, proving
from foodflow.identity.public.proving import Entered
from foodflow.identity.public.signing_in import Caller
from foodflow.kernel import credentials
from foodflow.kernel.credentials import AccessClaims
from foodflow.main import create_app
from foodflow.plant.schemas.incoming.formats import ARROW
from foodflow.settings import Settings

CALLERS = 8
_RUNS = 5
_KEY = "the key of a database that exists for minutes"
_BULK = "/api/v1/plant-ops/sensors/readings/bulk"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HALF = 0.6

Maker = Callable[[list[UUID], int], bytes]


def _rows(ids: list[UUID], number: int) -> list[dict[str, object]]:
    which, times, values = readings.batch(number)
    return [
        {"sensor_id": str(ids[w]), "timestamp": (_EPOCH + timedelta(microseconds=t)).isoformat(), "value": v}
        for w, t, v in zip(which.tolist(), times.tolist(), values.tolist(), strict=True)
    ]


def _json_rows(ids: list[UUID], number: int) -> bytes:
    return json.dumps({"readings": _rows(ids, number)}).encode()


def _json_columns(ids: list[UUID], number: int) -> bytes:
    rows = _rows(ids, number)
    return json.dumps({"columns": {name: [row[name] for row in rows] for name in rows[0]}}).encode()


def _json_series(ids: list[UUID], number: int) -> bytes:
    rows = _rows(ids, number)
    series = [
        {
            "sensor_id": str(id),
            "timestamps": [row["timestamp"] for row in rows[place::SENSORS]],
            "values": [row["value"] for row in rows[place::SENSORS]],
        }
        for place, id in enumerate(ids)
    ]
    return json.dumps({"series": series}).encode()


def _ndjson(ids: list[UUID], number: int) -> bytes:
    return "\n".join(json.dumps(row) for row in _rows(ids, number)).encode()


def _csv(ids: list[UUID], number: int) -> bytes:
    lines = [f"{row['sensor_id']},{row['timestamp']},{row['value']}" for row in _rows(ids, number)]
    return "\r\n".join(["sensor_id,timestamp,value", *lines]).encode()


def _arrow(ids: list[UUID], number: int) -> bytes:
    which, times, values = readings.batch(number)
    names = pa.array([str(id) for id in ids])
    table = pa.table(
        {
            "sensor_id": pa.DictionaryArray.from_arrays(pa.array(which), names),
            "timestamp": pa.array(times, pa.timestamp("us", "UTC")),
            "value": pa.array(values),
        }
    )
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


FORMATS: dict[str, tuple[str, Maker, float]] = {
    "JSON rows": ("application/json", _json_rows, _HALF),
    "JSON columns": ("application/json", _json_columns, 1),
    "JSON columns sensor by sensor": ("application/json", _json_series, 1),
    "Arrow": (ARROW, _arrow, 1),
    "NDJSON": ("application/x-ndjson", _ndjson, 0),
    "CSV": ("text/csv", _csv, 0),
}


async def run() -> list[Figure]:
    """All figures of the ways in."""
    numbers = itertools.count(0, _RUNS + 1)
    async with installation() as place, _client(place) as client:
        ids = await readings.make_sensors(place)
        async with await psycopg.AsyncConnection.connect(place.postgres.url, autocommit=True) as connection:
            await connection.execute(readings.REFERENCE)
            figures = [await _alone(client, connection, ids, what, first=next(numbers)) for what in FORMATS]
        first = next(numbers)
        for what in ("JSON rows", "JSON columns", "Arrow"):
            figures.append(await _together(place, client, ids, what, first=first))
            first += (_RUNS + 1) * CALLERS
        return figures


@asynccontextmanager
async def _client(place: Installation) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(database_url=place.postgres.url, secret_key=SecretStr(_KEY)))
    password = secrets.token_urlsafe()
    await people.ensure_administrator(place.database, tenant="demo", username="bench", password=password)
    proved = await proving.check_password(place.database, Entered("bench", password), Caller(), default="demo")
    token = credentials.sign_access_token(_KEY, AccessClaims(proved.signed_in.user_id, "demo"))
    transport, headers = httpx.ASGITransport(app), {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://bench", headers=headers) as client:
        yield client
    await app.state.database.close()


async def _send(client: httpx.AsyncClient, kind: str, body: bytes) -> None:
    answer = await client.post(_BULK, content=body, headers={"Content-Type": kind})
    assert answer.status_code == httpx.codes.CREATED, answer.text
    assert answer.json()["stored"] == ROWS


async def _copy(connection: psycopg.AsyncConnection[tuple[object, ...]], rows: bytes) -> None:
    async with connection.cursor() as cursor, cursor.copy("COPY reference FROM STDIN (FORMAT BINARY)") as copy:
        await copy.write(rows)


def _figure(what: str, took: float, limit: float, *, rows: int, promised: float) -> Figure:
    measured, bound = rows / took, rows / limit
    promise = f"at least {promised:.1f}" if promised else ""
    return Figure(what, measured, bound, "rows/s", promise, kept=measured >= promised * bound)


async def _alone(
    client: httpx.AsyncClient,
    connection: psycopg.AsyncConnection[tuple[object, ...]],
    ids: list[UUID],
    what: str,
    *,
    first: int,
) -> Figure:
    kind, make, promised = FORMATS[what]
    span = range(first, first + _RUNS + 1)
    bodies, copies = (iter([made(ids, number) for number in span]) for made in (make, readings.reference_rows))

    async def ours() -> None:
        await _send(client, kind, next(bodies))

    async def plain() -> None:
        await _copy(connection, next(copies))

    took, limit = await in_turn(ours, plain, runs=_RUNS)
    return _figure(f"50,000 readings as {what}", took, limit, rows=ROWS, promised=promised)


async def _together(
    place: Installation, client: httpx.AsyncClient, ids: list[UUID], what: str, *, first: int
) -> Figure:
    """Eight callers at once, against eight connections that copy at once; they write the same sensors."""
    kind, make, promised = FORMATS[what]
    rounds = [range(first + each * CALLERS, first + (each + 1) * CALLERS) for each in range(_RUNS + 1)]
    bodies = iter([[make(ids, number) for number in each] for each in rounds])
    copies = iter([[readings.reference_rows(ids, number) for number in each] for each in rounds])
    connections = [
        await psycopg.AsyncConnection.connect(f"{place.postgres.url}", autocommit=True) for _ in range(CALLERS)
    ]
    for connection in connections:
        await connection.execute("SET search_path = reference")

    async def ours() -> None:
        await asyncio.gather(*(_send(client, kind, body) for body in next(bodies)))

    async def plain() -> None:
        await asyncio.gather(*(_copy(*each) for each in zip(connections, next(copies), strict=True)))

    took, limit = await in_turn(ours, plain, runs=_RUNS)
    for connection in connections:
        await connection.close()
    what = f"{CALLERS} callers at once, 50,000 readings each as {what}"
    return _figure(what, took, limit, rows=ROWS * CALLERS, promised=promised)
