"""What tests of alarms share: readings of the last hours, and the alarms that come of them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import httpx
import numpy as np

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.numerics.epoch import to_micros
from foodflow.numerics.status_codes import all_good
from foodflow.plant.usecases.readings import Columns, store_readings
from tests.plant import make
from tests.plant.make import PLANT, Json, good

HOUR: Final = 3600.0


_began = [datetime.now(UTC)]


def begin() -> None:
    """Let a test begin now: what it says twice to be so long ago is the same moment."""
    _began[0] = datetime.now(UTC).replace(microsecond=0)


def ago(seconds: float = 0, *, minutes: float = 0, hours: float = 0) -> datetime:
    """A moment so long before the test began."""
    return _began[0] - timedelta(seconds=seconds, minutes=minutes, hours=hours)


async def send(
    client: httpx.AsyncClient, sensors: Sequence[Json], values: Mapping[float, float], *, start: datetime
) -> Json:
    """Store the same values of some sensors in one call, by seconds after a moment."""
    rows = [
        {"sensor_id": sensor["id"], "timestamp": make.wire(start + timedelta(seconds=at)), "value": value}
        for sensor in sensors
        for at, value in values.items()
    ]
    stored: Json = good(await make.send(client, rows))
    return stored


async def alarms(client: httpx.AsyncClient, sensor: Json, **wanted: str) -> list[Json]:
    """The alarms of a sensor, first ones first."""
    wanted = {"sensor_id": sensor["id"], "ordering": "raised_at", "page_size": "500", **wanted}
    found: list[Json] = good(await client.get(f"{PLANT}/alarms", params=wanted))["results"]
    return found


async def deed(client: httpx.AsyncClient, alarm: Json, name: str, **body: object) -> httpx.Response:
    """Do something about an alarm."""
    return await client.post(f"{PLANT}/alarms/{alarm['id']}/{name}", json=body)


async def watch(client: httpx.AsyncClient, sensor: Json, **said: object) -> Json:
    """Say how a sensor is watched."""
    found: Json = good(await client.put(f"{PLANT}/sensors/{sensor['id']}/watch", json=said))
    return found


async def store(
    database: Database, actor: Actor, sensor: Json, times: Iterable[datetime], values: Sequence[float]
) -> None:
    """Store readings of one sensor in a transaction of their own."""
    moments = np.array([to_micros(at) for at in times], np.int64)
    which = np.zeros(len(moments), np.int32)
    columns = Columns([UUID(sensor["id"])], which, moments, np.array(values, np.float64), all_good(len(moments)))
    async with tenant_transaction(database, actor) as session:
        await store_readings(session, actor, columns)


def columns_of(sensor: Json, values: Mapping[float, float]) -> Columns:
    """Values of a sensor by seconds from a minute ago on, as the use case takes them."""
    times = np.array([to_micros(ago(60) + timedelta(seconds=second)) for second in values], np.int64)
    count = len(times)
    return Columns(
        [UUID(sensor["id"])], np.zeros(count, np.int32), times, np.array(list(values.values()), float), all_good(count)
    )
