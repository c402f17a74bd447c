"""Makers of the plant: lines, batches, sensors and readings over HTTP, and what happened behind them."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import text

from foodflow import composition
from foodflow.kernel import jobs, relay
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction, tenant_transaction
from foodflow.kernel.queue import build_queue
from foodflow.numerics.epoch import to_micros

PLANT: Final = "/api/v1/plant-ops"
NOWHERE: Final = "00000000-0000-7000-8000-000000000000"
YESTERDAY: Final = (datetime.now(UTC) - timedelta(days=1)).replace(microsecond=0)
REAL_DATA: Final = Path(__file__).parents[3] / "shared" / "data" / "plant"

_EVENTS = text("SELECT type, subject, data FROM platform.outbox WHERE tenant = :tenant AND id > :after ORDER BY id")
_LAST_EVENT = text("SELECT coalesce(max(id), 0) FROM platform.outbox")
_TRAIL = text("SELECT action, actor, subject, details FROM audit_entries WHERE sequence > :after ORDER BY sequence")
_LAST_ENTRY = text("SELECT sequence FROM audit_head")
_numbers = itertools.count(1)

Json = dict[str, Any]


def name(kind: str) -> str:
    """A name that nothing else has."""
    return f"{kind}-{next(_numbers)}"


def wire(moment: datetime) -> str:
    """A moment as answers carry it."""
    return moment.isoformat().replace("+00:00", "Z")


def at(seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> str:
    """A moment after this time yesterday, as bodies and answers carry it."""
    return wire(YESTERDAY + timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days))


def micros(seconds: float = 0) -> int:
    """The same moment in microseconds since 1970."""
    return to_micros(YESTERDAY + timedelta(seconds=seconds))


def good(response: httpx.Response) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The body of an answer that is not a refusal."""
    assert response.is_success, response.text
    return response.json() if response.content else None


def refusal(response: httpx.Response, status: int) -> Json:
    """The problem that a refusal tells, in the form that all of them have."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: Json = response.json()
    assert problem["status"] == status
    assert problem["detail"]
    assert problem["request_id"]
    return problem


def fields_of(problem: Mapping[str, Any]) -> list[str]:
    """The fields that a refusal names."""
    return [error["field"] for error in problem["errors"]]


async def line(client: httpx.AsyncClient, **fields: object) -> Json:
    """A line."""
    number = name("LINE")
    made: Json = good(await client.post(f"{PLANT}/lines", json={"line_number": number, "name": number, **fields}))
    return made


async def batch(client: httpx.AsyncClient, line_id: str, **fields: object) -> Json:
    """A planned batch on a line."""
    told = {"batch_number": name("B"), "product_code": "SOUP", "product_name": "Tomato soup", "target_quantity": 10_000}
    made: Json = good(await client.post(f"{PLANT}/batches", json={**told, "line_id": line_id, **fields}))
    return made


async def sensor(client: httpx.AsyncClient, line_id: str | None = None, **fields: object) -> Json:
    """A sensor of a line, with no limits unless they are given."""
    code = name("TT")
    told = {"sensor_code": code, "name": code, "sensor_type": "temperature", "unit_of_measure": "Cel"}
    body = {**told, "line_id": line_id or (await line(client))["id"], **fields}
    made: Json = good(await client.post(f"{PLANT}/sensors", json=body))
    return made


async def run(client: httpx.AsyncClient, batch_id: str, deed: str, moment: str | None = None) -> httpx.Response:
    """Start or complete a batch."""
    return await client.post(f"{PLANT}/batches/{batch_id}/{deed}", json={"at": moment} if moment else {})


async def count(client: httpx.AsyncClient, line_id: str, **fields: object) -> httpx.Response:
    """Record what a line made."""
    return await client.post(f"{PLANT}/lines/{line_id}/counts", json=fields)


async def state(client: httpx.AsyncClient, line_id: str, status: str, moment: str | None = None) -> httpx.Response:
    """Record a line's state."""
    body = {"status": status, **({"at": moment} if moment else {})}
    return await client.post(f"{PLANT}/lines/{line_id}/status", json=body)


async def oee(client: httpx.AsyncClient, line_id: str, start: str, end: str) -> Json:
    """A line's effectiveness over a window."""
    window = {"start_time": start, "end_time": end}
    answer: Json = good(await client.get(f"{PLANT}/lines/{line_id}/oee", params=window))
    return answer


def reading(sensor_id: str, seconds: float, value: float) -> Json:
    """A row of a bulk call."""
    return {"sensor_id": sensor_id, "timestamp": at(seconds), "value": value}


async def send(client: httpx.AsyncClient, rows: Iterable[Json]) -> httpx.Response:
    """Send readings in one call."""
    return await client.post(f"{PLANT}/sensors/readings/bulk", json={"readings": list(rows)})


async def store(client: httpx.AsyncClient, sensor_id: str, values: Mapping[float, float]) -> Json:
    """Store values of one sensor, by seconds after this time yesterday."""
    answer: Json = good(await send(client, [reading(sensor_id, seconds, value) for seconds, value in values.items()]))
    return answer


async def stored(client: httpx.AsyncClient, sensor_id: str, **wanted: object) -> list[tuple[str, float]]:
    """What is stored of a sensor, all pages of it, as moments and values."""
    address: str | None = str(
        httpx.URL(f"{PLANT}/sensors/{sensor_id}/readings", params={"page_size": 10_000, **wanted})
    )
    found: list[tuple[str, float]] = []
    while address is not None:
        page = good(await client.get(address))
        found += [(row["timestamp"], row["value"]) for row in page["results"]]
        address = page["next"]
    return found


async def upload(client: httpx.AsyncClient, line_id: str, body: str | bytes, **wanted: object) -> httpx.Response:
    """Import a text as a line's readings."""
    return await client.post(
        f"{PLANT}/lines/{line_id}/readings/import",
        content=body,
        params={key: str(value) for key, value in wanted.items()},
        headers={"content-type": "text/csv"},
    )


def real_file(file: str) -> Path:
    """A file of real data; skips the test where the data is absent."""
    path = REAL_DATA / file
    if not path.exists():
        pytest.skip(f"{path} is absent")
    return path


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it left: its type, what it is about, and its data."""

    type: str
    subject: str
    data: Json


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of the audit trail."""

    action: str
    actor: str
    subject: str
    details: Json


class Witness:
    """Sees what a company's deeds tell and record, from now on."""

    def __init__(self, database: Database, actor: Actor) -> None:
        self.database, self.actor = database, actor
        self._event = self._entry = 0

    async def look_away(self) -> None:
        """Forget what has happened so far."""
        async with platform_transaction(self.database) as session:
            self._event = await session.scalar(_LAST_EVENT) or 0
        async with tenant_transaction(self.database, self.actor) as session:
            self._entry = await session.scalar(_LAST_ENTRY) or 0

    async def told(self, prefix: str = "") -> list[Told]:
        """The events since then whose type begins like this."""
        async with platform_transaction(self.database) as session:
            rows = await session.execute(_EVENTS, {"tenant": self.actor.tenant, "after": self._event})
            return [Told(*row) for row in rows if row.type.startswith(prefix)]

    async def recorded(self) -> list[Entry]:
        """The audit records since then."""
        async with tenant_transaction(self.database, self.actor) as session:
            return [Entry(*row) for row in await session.execute(_TRAIL, {"after": self._entry})]


async def work_off(database: Database) -> None:
    """Deliver every event and do every job that follows, as the job process does."""
    while await relay.deliver_once(database, [jobs.sink_of(composition.JOBS)]):
        pass
    async with build_queue(database, composition.JOBS, ()).open_async() as queue:
        await queue.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)
