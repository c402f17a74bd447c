"""What each context adds to: how a thing of each path comes to be, so that tests can ask for it as somebody else."""

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any, Final
from uuid import uuid4

import httpx
from sqlalchemy import text

from foodflow.kernel.db import Database, tenant_transaction
from foodflow.live.usecases.training import record_attendance
from tests.identity import provider
from tests.kernel.webhooks.make import carry
from tests.live import make_records
from tests.make import COMPANIES, PASSWORD, everything

Maker = Callable[[httpx.AsyncClient], Awaitable[str]]
"""Makes a thing as the client's company and returns what stands in the path for it."""

PLANT: Final = "/api/v1/plant-ops"
AUTH: Final = "/api/v1/auth"
AUDIT: Final = "/api/v1/audit-entries"
LIVE: Final = "/api/v1/sessions"
_NUMBERS: Final = count(1_000_000)
SITE: Final = "Hall"
"""The site whose calendar is made."""
PROVIDERS: Final = "/api/v1/identity-providers"
IDENTITIES_OF_USER: Final = "/api/v1/users/{id}/external-identities"


async def _posted(client: httpx.AsyncClient, path: str, **body: object) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def _line(client: httpx.AsyncClient) -> dict[str, Any]:
    return await _posted(client, f"{PLANT}/lines", line_number=uuid4().hex, name="Filling")


async def _batch(client: httpx.AsyncClient) -> dict[str, Any]:
    line = await _line(client)
    product = {"product_code": "P", "product_name": "Soup", "target_quantity": 1}
    return await _posted(client, f"{PLANT}/batches", batch_number=uuid4().hex, line_id=line["id"], **product)


async def _count(client: httpx.AsyncClient) -> dict[str, Any]:
    line = await _line(client)
    return await _posted(client, f"{PLANT}/lines/{line['id']}/counts", good=1)


async def _cost(client: httpx.AsyncClient) -> dict[str, Any]:
    said = await client.put(f"{PLANT}/settings", json={"currency": "EUR", "labour_rate": 30})
    assert said.status_code == 200, said.text
    batch = await _batch(client)
    return await _posted(client, f"{PLANT}/batches/{batch['id']}/labour", minutes=1)


async def _money_leak(client: httpx.AsyncClient) -> dict[str, Any]:
    said = await client.put(f"{PLANT}/settings", json={"currency": "EUR", "labour_rate": 30})
    assert said.status_code == 200, said.text
    line = await _line(client)
    period = {"period_start": "2026-01-05T06:00:00Z", "period_end": "2026-01-05T14:00:00Z"}
    return await _posted(client, f"{PLANT}/money-leaks", line_id=line["id"], category="yield_loss", amount=1, **period)


async def _scrap_reason(client: httpx.AsyncClient) -> dict[str, Any]:
    return await _posted(client, f"{PLANT}/scrap-reasons", code=uuid4().hex, name="Too hot")


async def _trial(client: httpx.AsyncClient) -> dict[str, Any]:
    line = await _line(client)
    return await _posted(client, f"{PLANT}/trials", trial_number=uuid4().hex, name="Slower", line_id=line["id"])


async def _sensor(client: httpx.AsyncClient) -> dict[str, Any]:
    line = await _line(client)
    kind = {"name": "Kettle", "sensor_type": "temperature", "unit_of_measure": "Cel"}
    return await _posted(client, f"{PLANT}/sensors", sensor_code=uuid4().hex, line_id=line["id"], **kind)


async def _alarm(client: httpx.AsyncClient) -> dict[str, Any]:
    line = await _line(client)
    return (await _alarms(client, line["id"], 1))[0]


async def _flood(client: httpx.AsyncClient) -> dict[str, Any]:
    line = await _line(client)
    await _alarms(client, line["id"], 11)
    found: dict[str, Any] = (await client.get(f"{PLANT}/alarm-floods", params={"line_id": line["id"]})).json()
    return dict(found["results"][0])


async def _alarms(client: httpx.AsyncClient, line_id: str, count: int) -> list[dict[str, Any]]:
    """So many alarms of a line, each of a sensor of its own that is too warm."""
    kind = {"name": "Kettle", "sensor_type": "temperature", "unit_of_measure": "Cel", "max_value": 5}
    path, at = f"{PLANT}/sensors", "2026-01-05T06:00:00Z"
    ids = [(await _posted(client, path, sensor_code=uuid4().hex, line_id=line_id, **kind))["id"] for _ in range(count)]
    rows = [{"sensor_id": id, "timestamp": at, "value": 99} for id in ids]
    assert (await client.post(f"{path}/readings/bulk", json={"readings": rows})).is_success
    found = await client.get(f"{PLANT}/alarms", params={"line_id": line_id})
    return list(found.json()["results"])


async def _typed_sensor(client: httpx.AsyncClient) -> dict[str, Any]:
    line, kind = await _line(client), {"name": "Kettle", "unit_of_measure": "Cel"}
    named = {"sensor_code": uuid4().hex, "sensor_type": uuid4().hex}
    return await _posted(client, f"{PLANT}/sensors", line_id=line["id"], **named, **kind)


async def _audit_entry(client: httpx.AsyncClient) -> dict[str, Any]:
    await _line(client)
    newest: dict[str, Any] = (await client.get(AUDIT, params={"page_size": 1})).json()["results"][0]
    return newest


async def _session(client: httpx.AsyncClient) -> dict[str, Any]:
    username = (await client.get(f"{AUTH}/user")).json()["username"]
    begun = await client.post(f"{AUTH}/token", json={"username": username, "password": PASSWORD})
    assert begun.status_code == 200, begun.text
    newest: dict[str, Any] = (await client.get(f"{AUTH}/sessions")).json()["results"][0]
    return newest


async def _provider(client: httpx.AsyncClient) -> dict[str, Any]:
    said = {"issuer": provider.well_behaved().issuer, "client_id": provider.CLIENT_ID}
    return await _posted(client, PROVIDERS, name=uuid4().hex, **said)


async def _oneself(client: httpx.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get("/api/v1/auth/user")).json()
    return found


async def _external_identity(client: httpx.AsyncClient) -> dict[str, Any]:
    issuer, user = (await _provider(client))["issuer"], (await _oneself(client))["id"]
    path = IDENTITIES_OF_USER.replace("{id}", str(user))
    return await _posted(client, path, issuer=issuer, subject=uuid4().hex)


async def _user(client: httpx.AsyncClient) -> dict[str, Any]:
    found = await client.get("/api/v1/users", params={"role": "viewer", "page_size": 1})
    somebody: dict[str, Any] = found.json()["results"][0]
    return somebody


async def _invitation(client: httpx.AsyncClient) -> dict[str, Any]:
    return await _posted(client, "/api/v1/invitations", email=f"{uuid4().hex}@a.test", roles=["viewer"])


async def _role(client: httpx.AsyncClient) -> dict[str, Any]:
    return await _posted(client, "/api/v1/roles", name=f"r{uuid4().hex}", permissions=["plant.read"])


async def _service_account(client: httpx.AsyncClient) -> dict[str, Any]:
    return await _posted(client, "/api/v1/service-accounts", name="Gateway", roles=["integration"])


async def _key(client: httpx.AsyncClient) -> dict[str, Any]:
    return await _posted(client, "/api/v1/api-keys", name="Gateway", permissions=["plant.read"])


async def _calendar(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.put(f"{PLANT}/calendars/{SITE}", json={"time_zone": "Europe/Berlin"})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def _downtime(client: httpx.AsyncClient) -> dict[str, Any]:
    line = await _line(client)
    return await _posted(client, f"{PLANT}/downtimes", line_id=line["id"], start_time="2026-01-05T06:00:00Z")


async def _reason(client: httpx.AsyncClient) -> dict[str, Any]:
    return await _posted(client, f"{PLANT}/stop-reasons", code=uuid4().hex, name="Jam", category="mechanical")


async def _webhook(client: httpx.AsyncClient) -> dict[str, Any]:
    return await _posted(client, "/api/v1/webhooks", url="https://receiver.example/hook")


async def _event(client: httpx.AsyncClient) -> dict[str, Any]:
    batch = await _batch(client)
    transport: Any = client._transport
    await carry(transport.app.state.database, *map(everything, COMPANIES))
    found = await client.get("/api/v1/events", params={"subject": f"plant.batch/{batch['id']}"})
    told: dict[str, Any] = found.json()["results"][0]
    return told


async def _live_session(client: httpx.AsyncClient) -> dict[str, Any]:
    """A session that is over, with somebody's record. Its number is that of no other company: each counts for itself,
    and one's own would be taken for another's.
    """
    transport: Any = client._transport
    database: Database = transport.app.state.database
    actor = everything((await client.get("/api/v1/company")).json()["slug"])
    async with tenant_transaction(database, actor) as transaction:
        restart = "SELECT setval(pg_get_serial_sequence('live_sessions', 'id'), :number)"
        await transaction.execute(text(restart), {"number": next(_NUMBERS)})
        live = await make_records.live_session(transaction)
        await make_records.place(transaction, live, f"user:{live.id}")
        [record] = await record_attendance(transaction, actor, live)
    return {"id": live.id, "record": record.id}


def _of(made: Callable[[httpx.AsyncClient], Awaitable[dict[str, Any]]], field: str = "id") -> Maker:
    async def make(client: httpx.AsyncClient) -> str:
        return str((await made(client))[field])

    return make


MAKERS: Final[dict[str, Maker]] = {
    f"{LIVE}/{{id}}": _of(_live_session),
    "/api/v1/training-records/{id}": _of(_live_session, "record"),
    f"{PLANT}/lines/{{id}}": _of(_line),
    f"{PLANT}/lines/by-number/{{number:path}}": _of(_line, "line_number"),
    f"{PLANT}/batches/{{id}}": _of(_batch),
    f"{PLANT}/batches/by-number/{{number:path}}": _of(_batch, "batch_number"),
    f"{PLANT}/counts/{{id}}": _of(_count),
    f"{PLANT}/batch-costs/{{id}}": _of(_cost),
    f"{PLANT}/scrap-reasons/{{id}}": _of(_scrap_reason),
    f"{PLANT}/money-leaks/{{id}}": _of(_money_leak),
    f"{PLANT}/trials/{{id}}": _of(_trial),
    f"{PLANT}/trials/by-number/{{number:path}}": _of(_trial, "trial_number"),
    f"{PLANT}/sensors/{{id}}": _of(_sensor),
    f"{PLANT}/sensors/by-code/{{code:path}}": _of(_sensor, "sensor_code"),
    f"{PLANT}/calendars/{{plant_name:path}}": _of(_calendar, "plant_name"),
    f"{PLANT}/downtimes/{{id}}": _of(_downtime),
    f"{PLANT}/stop-reasons/{{id}}": _of(_reason),
    f"{PLANT}/alarms/{{id}}": _of(_alarm),
    f"{PLANT}/alarm-floods/{{id}}": _of(_flood),
    f"{PLANT}/watch-defaults/{{sensor_type}}": _of(_typed_sensor, "sensor_type"),
    "/fragments/line/{id}": _of(_line),
    "/fragments/line-page/{id}": _of(_line),
    "/fragments/sensor-page/{id}": _of(_sensor),
    "/alarms/{id}": _of(_alarm),
    "/lines/{number:path}": _of(_line, "line_number"),
    "/sensors/{code:path}": _of(_sensor, "sensor_code"),
    "/people/{id}": _of(_user),
    "/people/programs/{id}": _of(_service_account),
    "/company/roles/{name}": _of(_role, "name"),
    "/api/v1/users/{id}": _of(_user),
    "/api/v1/invitations/{id}": _of(_invitation),
    "/api/v1/roles/{name}": _of(_role, "name"),
    "/api/v1/service-accounts/{id}": _of(_service_account),
    "/api/v1/api-keys/{id}": _of(_key),
    f"{AUTH}/sessions/{{id}}": _of(_session),
    f"{AUDIT}/{{sequence}}": _of(_audit_entry, "sequence"),
    "/api/v1/events/{id}": _of(_event),
    "/api/v1/webhooks/{id}": _of(_webhook),
    f"{PROVIDERS}/{{id}}": _of(_provider),
    IDENTITIES_OF_USER: _of(_oneself),
    "/api/v1/auth/external-identities/{id}": _of(_external_identity),
}
"""By the path of a thing, which is also the beginning of the paths of everything below it."""
