"""The gateway at a real OPC UA server: values with source time and status, and what was missed from its history."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from asyncua import ua
from asyncua.server.server import Server

from foodflow.gateway.configuration import OpcUa
from foodflow.gateway.measurements import BAD, BAD_NO_COMMUNICATION
from foodflow.gateway.opcua import Subscriber, measurement_of
from foodflow.gateway.spool import Spool
from foodflow.numerics.epoch import to_micros
from tests.gateway.make import PATIENCE, free_port

START = datetime(2026, 1, 1, tzinfo=UTC)
OVEN = "ns=2;s=oven"


class Plant:
    """An OPC UA server with one variable, which keeps its history."""

    def __init__(self, port: int) -> None:
        self.address = f"opc.tcp://127.0.0.1:{port}/plant"

    async def start(self) -> None:
        self.server = Server()
        await self.server.init()
        self.server.set_endpoint(self.address)
        self.server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        index = await self.server.register_namespace("urn:plant")
        assert index == 2
        self.variable = await self.server.nodes.objects.add_variable(ua.NodeId.from_string(OVEN), "oven", 0.0)
        await self.measure(0, 0.0)
        await self.server.start()
        await self.server.historize_node_data_change(self.variable, period=timedelta(days=10_000), count=10_000)

    async def stop(self) -> None:
        await self.server.stop()

    async def measure(self, seconds: float, value: float, status: int = 0) -> None:
        moment = cast("ua.DateTime", START + timedelta(seconds=seconds))
        variant = ua.Variant(value, ua.VariantType.Double)
        data = ua.DataValue(variant, ua.StatusCode(ua.UInt32(status)), SourceTimestamp=moment, ServerTimestamp=moment)
        await self.variable.write_value(data)


@pytest.fixture
async def plant() -> AsyncIterator[Plant]:
    made = Plant(free_port())
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = Spool(tmp_path, most=1_000_000)
    yield made
    made.close()


@asynccontextmanager
async def subscribed(plant: Plant, spool: Spool, **fields: object) -> AsyncIterator[Subscriber]:
    node = {"node": OVEN, "sensor": "OVEN"}
    wanted = OpcUa.model_validate({"address": plant.address, "interval_ms": 20, "nodes": (node,), **fields})
    subscriber = Subscriber(wanted, spool)
    work = asyncio.create_task(subscriber.run())
    await until(lambda: subscriber.connected)
    yield subscriber
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - it becomes so in another thread
            await asyncio.sleep(0.02)


def kept(spool: Spool) -> dict[float, tuple[float | None, int]]:
    """What is in the spool of 2026, by seconds since its beginning."""
    start = to_micros(START)
    return {
        (m.time - start) / 1e6: (m.value, m.status) for m in spool.oldest(1000).measurements if m.time < start + 10**10
    }


async def test_values_arrive_with_their_source_time_and_status(plant: Plant, spool: Spool) -> None:
    async with subscribed(plant, spool):
        await plant.measure(1, 180.5)
        await plant.measure(2, 181.5, 0x40940000)
        await plant.measure(3, 7.0, 0x808C0000)
        await until(lambda: 3 in kept(spool))
    found = kept(spool)
    assert [found[1], found[2], found[3]] == [(180.5, 0), (181.5, 0x40940000), (None, 0x808C0000)]


async def test_a_server_that_was_away_is_found_again_and_the_gap_is_told(plant: Plant, spool: Spool) -> None:
    async with subscribed(plant, spool) as subscriber:
        await plant.measure(1, 1.0)
        await until(lambda: 1 in kept(spool))
        await plant.stop()
        await until(lambda: not subscriber.connected)
        await plant.start()
        await until(lambda: subscriber.connected)
        await plant.measure(5, 5.0)
        await until(lambda: 5 in kept(spool))
    assert BAD_NO_COMMUNICATION in {m.status for m in spool.oldest(1000).measurements}


async def test_what_was_missed_comes_from_the_server_s_history(plant: Plant, spool: Spool) -> None:
    async with subscribed(plant, spool):
        await plant.measure(1, 1.0)
        await until(lambda: 1 in kept(spool))
    for seconds in range(2, 40):
        await plant.measure(seconds, float(seconds))
    async with subscribed(plant, spool):
        await until(lambda: len(kept(spool)) == 40)
    assert {seconds: value for seconds, (value, _) in kept(spool).items()} == {float(s): float(s) for s in range(40)}


async def test_a_variable_that_does_not_exist_leaves_the_others_alone(plant: Plant, spool: Spool) -> None:
    nodes = ({"node": "ns=2;s=nothing", "sensor": "X"}, {"node": OVEN, "sensor": "OVEN"})
    async with subscribed(plant, spool, nodes=nodes):
        await plant.measure(1, 1.0)
        await until(lambda: 1 in kept(spool))


@pytest.mark.parametrize(
    ("data", "value", "status"),
    [
        (ua.DataValue(ua.Variant(True, ua.VariantType.Boolean)), 1.0, 0),
        (ua.DataValue(ua.Variant("warm", ua.VariantType.String)), None, BAD),
        (ua.DataValue(ua.Variant(float("nan"), ua.VariantType.Double)), None, BAD),
        (ua.DataValue(ua.Variant(None, ua.VariantType.Null), ua.StatusCode(ua.UInt32(0x80310000))), None, 0x80310000),
    ],
)
def test_what_is_no_number_is_bad(data: ua.DataValue, value: float | None, status: int) -> None:
    found = measurement_of("s", data)
    assert (found.value, found.status) == (value, status)
