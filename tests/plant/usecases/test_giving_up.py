"""What is written while something else is worked out: it fails, and is given up, with the call that it belongs to."""

import asyncio

import httpx
import pytest
from psycopg.errors import LockNotAvailable
from sqlalchemy import text

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.numerics.detection.findings import AllWatched, Runs
from foodflow.plant.usecases import watching
from foodflow.plant.usecases.readings import store_readings
from tests.plant.alarms import ago, alarms, columns_of, send
from tests.plant.make import PLANT, Json, good

FINE, HOT = 3.0, 99.0


@pytest.fixture(params=["detectors are done at once", "detectors take their time"])
def detectors(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The detectors are done before what was noted is told, or not before all else is written."""
    if "time" in request.param:
        detected = watching._detected

        def later(runs: Runs) -> asyncio.Future[AllWatched]:
            async def told() -> AllWatched:
                await asyncio.sleep(0.2)
                return await detected(runs)

            return asyncio.ensure_future(told())

        monkeypatch.setattr(watching, "_detected", later)


@pytest.mark.usefixtures("detectors")
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

    # Somebody holds what the detectors remember; it is written while something else is worked out.
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
