"""What is written while something else is worked out: it fails, and is given up, with the call that it belongs to."""

import asyncio

import httpx
import pytest
from psycopg.errors import LockNotAvailable
from sqlalchemy import text

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.plant.usecases.readings import store_readings
from tests.plant.alarms import ago, alarms, columns_of, send
from tests.plant.make import PLANT, Json, good

FINE, HOT = 3.0, 99.0


@pytest.mark.parametrize("given_up", [False, True])
async def test_what_cannot_be_remembered_is_not_stored_nor_is_an_alarm_of_it(
    database: Database, demo: Actor, client: httpx.AsyncClient, sensor: Json, *, given_up: bool
) -> None:
    await send(client, [sensor], {0: FINE}, start=ago(100))
    columns = columns_of(sensor, {0: HOT})

    async def stored() -> None:
        async with tenant_transaction(database, demo) as session:
            await session.execute(text(f"SET LOCAL lock_timeout = '{60_000 if given_up else 200}ms'"))
            await store_readings(session, demo, columns)

    # Somebody holds what the detectors remember; it is written while it is worked out what becomes of alarms.
    async with tenant_transaction(database, demo) as holder:
        held = "SELECT FROM watch_states WHERE sensor_key = (SELECT key FROM sensors WHERE id = :id) FOR UPDATE"
        await holder.execute(text(held), {"id": sensor["id"]})
        with pytest.raises(TimeoutError if given_up else LockNotAvailable):
            await asyncio.wait_for(stored(), 1 if given_up else None)
    assert await alarms(client, sensor) == []
    last = good(await client.get(f"{PLANT}/sensors/{sensor['id']}"))["last_reading_value"]
    assert last == FINE
    await stored()
    assert len(await alarms(client, sensor, rule="above_limit")) == 1
