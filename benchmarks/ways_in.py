"""Ways in: 50,000 readings over HTTP in each format, against a plain binary COPY of the same rows in the same run.

The reference is that of `benchmarks.readings`: rows prepared beforehand, copied into a plain table with a B-tree on
sensor and time. Ours are whole calls through the application: decoded, validated, judged by limits, stored,
acknowledged; what watching for anomalies adds is measured by `benchmarks.watching`.
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

from benchmarks.installation import Installation, installation
from benchmarks.measuring import RUNS, Figure, in_turn
from benchmarks.readings import CALLERS, ROWS, Batch, batch, copy_in, make_sensors, reference_connections
from foodflow.identity.public import people, proving
from foodflow.identity.public.proving import Entered
from foodflow.identity.public.signing_in import Caller
from foodflow.kernel import credentials, garbage
from foodflow.kernel.credentials import AccessClaims
from foodflow.main import create_app
from foodflow.plant.schemas.incoming.formats import ARROW
from foodflow.settings import Settings

SENSORS = 50
_KEY = "the key of a database that exists for minutes"
_BULK = "/api/v1/plant-ops/sensors/readings/bulk"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HALF = 0.6

Maker = Callable[[Batch], bytes]
Connection = psycopg.AsyncConnection[tuple[object, ...]]


def _rows(given: Batch) -> list[dict[str, object]]:
    names, times = [str(id) for id in given.ids], given.times.tolist()
    moments = {each: (_EPOCH + timedelta(microseconds=each)).isoformat() for each in set(times)}
    return [
        {"sensor_id": names[w], "timestamp": moments[t], "value": v}
        for w, t, v in zip(given.which.tolist(), times, given.values.tolist(), strict=True)
    ]


def json_rows(given: Batch) -> bytes:
    return json.dumps({"readings": _rows(given)}).encode()


def json_columns(given: Batch) -> bytes:
    rows = _rows(given)
    return json.dumps({"columns": {name: [row[name] for row in rows] for name in rows[0]}}).encode()


def _json_series(given: Batch) -> bytes:
    rows, count = _rows(given), len(given.ids)
    series = [
        {
            "sensor_id": str(id),
            "timestamps": [row["timestamp"] for row in rows[place::count]],
            "values": [row["value"] for row in rows[place::count]],
        }
        for place, id in enumerate(given.ids)
    ]
    return json.dumps({"series": series}).encode()


def _ndjson(given: Batch) -> bytes:
    return "\n".join(json.dumps(row) for row in _rows(given)).encode()


def _csv(given: Batch) -> bytes:
    lines = [f"{row['sensor_id']},{row['timestamp']},{row['value']}" for row in _rows(given)]
    return "\r\n".join(["sensor_id,timestamp,value", *lines]).encode()


def _arrow(given: Batch) -> bytes:
    names = pa.array([str(id) for id in given.ids])
    table = pa.table(
        {
            "sensor_id": pa.DictionaryArray.from_arrays(pa.array(given.which), names),
            "timestamp": pa.array(given.times, pa.timestamp("us", "UTC")),
            "value": pa.array(given.values),
        }
    )
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


FORMATS: dict[str, tuple[str, Maker, float]] = {
    "JSON rows": ("application/json", json_rows, _HALF),
    "JSON columns": ("application/json", json_columns, 1),
    "JSON columns sensor by sensor": ("application/json", _json_series, 1),
    "Arrow": (ARROW, _arrow, 1),
    "NDJSON": ("application/x-ndjson", _ndjson, 0),
    "CSV": ("text/csv", _csv, 0),
}


async def run() -> list[Figure]:
    """All figures of the ways in."""
    async with (
        installation() as place,
        client_of(place) as client,
        reference_connections(place, CALLERS) as connections,
    ):
        ids = [await make_sensors(place, SENSORS, f"C{caller}") for caller in range(CALLERS)]
        numbers = itertools.count(0, RUNS + 1)
        figures = [await _alone(client, connections[0], ids[0], what, first=next(numbers)) for what in FORMATS]
        at_once = ("JSON rows", "JSON columns", "Arrow")
        return figures + [await _together(client, connections, ids, each, first=next(numbers)) for each in at_once]


@asynccontextmanager
async def client_of(place: Installation) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody signed in who may send readings to the whole application."""
    app = create_app(Settings(database_url=place.postgres.url, secret_key=SecretStr(_KEY)))
    password = secrets.token_urlsafe()
    await people.ensure_administrator(place.database, tenant="demo", username="bench", password=password)
    proved = await proving.check_password(place.database, Entered("bench", password), Caller(), default="demo")
    token = credentials.sign_access_token(_KEY, AccessClaims(proved.signed_in.user_id, "demo"))
    garbage.let_stay()  # as the server does
    transport, headers = httpx.ASGITransport(app), {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://bench", headers=headers) as client:
        yield client
    await app.state.database.close()


async def send(client: httpx.AsyncClient, kind: str, body: bytes) -> None:
    """One call of 50,000 readings, all of them new."""
    answer = await client.post(_BULK, content=body, headers={"Content-Type": kind})
    assert answer.status_code == httpx.codes.CREATED, answer.text
    assert answer.json()["stored"] == ROWS


def _figure(what: str, took: float, limit: float, *, rows: int, promised: float) -> Figure:
    measured, bound = rows / took, rows / limit
    promise = f"at least {promised:.1f}" if promised else ""
    return Figure(what, measured, bound, "rows/s", promise, kept=measured >= promised * bound)


async def _alone(
    client: httpx.AsyncClient, connection: Connection, ids: list[UUID], what: str, *, first: int
) -> Figure:
    kind, make, promised = FORMATS[what]
    batches = [batch(ids, number) for number in range(first, first + RUNS + 1)]
    bodies, copies = iter([make(each) for each in batches]), iter([each.prepared for each in batches])

    async def ours() -> None:
        await send(client, kind, next(bodies))

    async def plain() -> None:
        await copy_in(connection, next(copies))

    took, limit = await in_turn(ours, plain)
    return _figure(f"50,000 readings as {what}", took, limit, rows=ROWS, promised=promised)


async def _together(
    client: httpx.AsyncClient, connections: list[Connection], ids: list[list[UUID]], what: str, *, first: int
) -> Figure:
    """Eight callers at once, each with sensors of its own, against eight connections that copy at once."""
    kind, make, promised = FORMATS[what]
    rounds = [[batch(own, number) for own in ids] for number in range(first, first + RUNS + 1)]
    bodies = iter([[make(each) for each in each_round] for each_round in rounds])
    copies = iter([[each.prepared for each in each_round] for each_round in rounds])

    async def ours() -> None:
        await asyncio.gather(*(send(client, kind, body) for body in next(bodies)))

    async def plain() -> None:
        await asyncio.gather(*(copy_in(*each) for each in zip(connections, next(copies), strict=True)))

    took, limit = await in_turn(ours, plain)
    what = f"{CALLERS} callers at once, 50,000 readings each as {what}"
    return _figure(what, took, limit, rows=ROWS * CALLERS, promised=promised)
