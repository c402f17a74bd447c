"""What waits in the spool reaches FoodFlow, and what FoodFlow refuses is set aside without holding up the rest."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from foodflow.gateway.forwarding import Forwarder
from foodflow.gateway.measurements import BAD_NO_COMMUNICATION, Measurement
from foodflow.gateway.spool import Spool
from tests.conftest import ClientOf
from tests.gateway.make import PATIENCE
from tests.plant import make
from tests.plant.make import PLANT, Json, good, micros


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = Spool(tmp_path, most=1_000_000)
    yield made
    made.close()


@pytest.fixture
async def key_client(client: httpx.AsyncClient, client_of: ClientOf) -> httpx.AsyncClient:
    """A gateway's client: an API key that may record and nothing else."""
    made = good(await client.post("/api/v1/api-keys", json={"name": "Gateway", "permissions": ["plant.record"]}))
    gateway = client_of(None)
    gateway.headers["X-API-Key"] = made["key"]
    return gateway


@pytest.fixture
def forwarder(key_client: httpx.AsyncClient, spool: Spool) -> Forwarder:
    return Forwarder(key_client, spool, at_once=1000, retry_aside_seconds=300)


def readings(sensor: Json | str, *seconds: float, value: float = 1.5) -> list[Measurement]:
    code = sensor if isinstance(sensor, str) else sensor["sensor_code"]
    return [Measurement(code, micros(second), value) for second in seconds]


async def test_everything_is_stored_with_its_status(
    client: httpx.AsyncClient, forwarder: Forwarder, spool: Spool
) -> None:
    first, second = await make.sensor(client), await make.sensor(client)
    lost = Measurement(second["sensor_code"], micros(9), None, BAD_NO_COMMUNICATION)
    spool.add([*readings(first, 1, 2, 3), *readings(second, 1, 2), lost])
    assert await forwarder.forward_once() == 6
    assert (spool.waiting, forwarder.told.forwarded) == (0, 6)
    assert [value for _, value in await make.stored(client, first["id"])] == [1.5] * 3
    page = good(await client.get(f"{PLANT}/sensors/{second['id']}/readings", params={"ordering": "-timestamp"}))
    assert (page["results"][0]["value"], page["results"][0]["status_code"]) == (None, BAD_NO_COMMUNICATION)


async def test_what_is_sent_twice_is_stored_once(client: httpx.AsyncClient, forwarder: Forwarder, spool: Spool) -> None:
    sensor = await make.sensor(client)
    for _ in range(2):
        spool.add(readings(sensor, 1, 2, 3))
        await forwarder.forward_once()
    assert (forwarder.told.forwarded, forwarder.told.repeated) == (3, 3)
    assert len(await make.stored(client, sensor["id"])) == 3


async def test_an_unknown_sensor_holds_up_nobody_else_and_is_tried_again(
    client: httpx.AsyncClient, forwarder: Forwarder, spool: Spool
) -> None:
    known = [await make.sensor(client) for _ in range(3)]
    code = make.name("NEW")
    spool.add([*readings(known[0], 1), *readings(code, 1, 2, 3), *readings(known[1], 1), *readings(known[2], 1)])
    await forwarder.forward_once()
    assert (spool.waiting, spool.set_aside, forwarder.told.forwarded) == (0, 3, 3)
    (aside,) = spool.aside()
    assert (aside.sensor, aside.readings) == (code, 3)
    assert code in aside.reason
    calls = forwarder.told.calls
    spool.add(readings(code, 4))
    await forwarder.forward_once()
    assert (spool.set_aside, forwarder.told.calls) == (4, calls)  # it is known to be unknown: nobody is asked again
    sensor = await make.sensor(client, sensor_code=code)
    forwarder.retry_aside_seconds = 0
    work = asyncio.create_task(forwarder.run())
    async with asyncio.timeout(PATIENCE):
        while spool.set_aside or spool.waiting:  # noqa: ASYNC110 - it becomes so in another task
            await asyncio.sleep(0.02)
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    assert len(await make.stored(client, sensor["id"])) == 4


async def test_readings_that_are_wrong_by_themselves_are_set_aside_one_by_one(
    client: httpx.AsyncClient, forwarder: Forwarder, spool: Spool
) -> None:
    sensor = await make.sensor(client)
    future = Measurement(sensor["sensor_code"], micros(3 * 86_400), 1.0)
    spool.add([*readings(sensor, *range(20)), future, *readings(sensor, *range(20, 40))])
    await forwarder.forward_once()
    assert (spool.set_aside, len(await make.stored(client, sensor["id"]))) == (1, 40)


async def test_a_sensor_out_of_service_is_set_aside_with_the_reason(
    client: httpx.AsyncClient, forwarder: Forwarder, spool: Spool
) -> None:
    sensor = await make.sensor(client)
    good(await client.patch(f"{PLANT}/sensors/{sensor['id']}", json={"is_active": False}))
    spool.add(readings(sensor, 1))
    await forwarder.forward_once()
    assert "out of service" in spool.aside()[0].reason


async def test_a_key_that_is_not_taken_loses_nothing(
    client_of: ClientOf, spool: Spool, client: httpx.AsyncClient
) -> None:
    sensor = await make.sensor(client)
    stranger = client_of(None)
    stranger.headers["X-API-Key"] = "ff_none_none"
    spool.add(readings(sensor, 1))
    work = asyncio.create_task(Forwarder(stranger, spool, at_once=10, retry_aside_seconds=300).run())
    await asyncio.sleep(1)
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    assert (spool.waiting, spool.set_aside) == (1, 0)
