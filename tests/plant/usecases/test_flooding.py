"""Alarms of one line that come too fast are told and shown as one flood."""

import asyncio
from datetime import datetime

import httpx
from sqlalchemy import text

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.plant import jobs
from tests.plant import make
from tests.plant.alarms import ago, send
from tests.plant.make import PLANT, Json, Witness, good

HOT: dict[float, float] = {0: 99}


async def sensors_of(client: httpx.AsyncClient, line: Json, count: int) -> list[Json]:
    """Sensors of a line that may be no warmer than 5 °C."""
    return [await make.sensor(client, line["id"], max_value=5) for _ in range(count)]


async def floods(client: httpx.AsyncClient, line: Json) -> list[Json]:
    """The floods of a line, first ones first."""
    wanted = {"line_id": line["id"], "ordering": "began_at"}
    found: list[Json] = good(await client.get(f"{PLANT}/alarm-floods", params=wanted))["results"]
    return found


async def listed(client: httpx.AsyncClient, line: Json, **wanted: str) -> list[Json]:
    """The alarms of a line, first ones first."""
    wanted = {"line_id": line["id"], "ordering": "raised_at", "page_size": "500", **wanted}
    found: list[Json] = good(await client.get(f"{PLANT}/alarms", params=wanted))["results"]
    return found


async def raise_one_by_one(client: httpx.AsyncClient, sensors: list[Json], *, start: datetime) -> None:
    """An alarm each second, each in a call of its own."""
    for second, sensor in enumerate(sensors):
        await send(client, [sensor], {second: 99}, start=start)


async def test_30_alarms_at_once_are_told_as_one_flood(client: httpx.AsyncClient, witness: Witness, line: Json) -> None:
    sensors = await sensors_of(client, line, 30)
    await witness.look_away()
    await send(client, sensors, HOT, start=ago(120))
    [flood] = await floods(client, line)
    assert (flood["alarms"], flood["ended_at"], flood["began_at"]) == (30, None, make.wire(ago(120)))
    assert [each.type for each in await witness.told("plant.a")] == ["plant.alarm_flood.began"]
    [began] = await witness.told("plant.alarm_flood")
    assert began.subject == f"plant.line/{line['id']}"
    assert (began.data["alarms"], began.data["origin_alarm_id"]) == (30, flood["origin_id"])
    everything = await listed(client, line)
    assert {each["flood_id"] for each in everything} == {flood["id"]}
    assert [each["id"] for each in everything if each["leads"]] == [flood["origin_id"]]
    assert [each["id"] for each in await listed(client, line, group="flood")] == [flood["origin_id"]]
    assert len(await listed(client, line, flood_id=flood["id"])) == 30
    assert good(await client.get(f"{PLANT}/alarm-floods/{flood['id']}")) == flood


async def test_ten_alarms_are_no_flood_and_the_eleventh_makes_them_one(
    client: httpx.AsyncClient, witness: Witness, line: Json
) -> None:
    sensors = await sensors_of(client, line, 13)
    await witness.look_away()
    await raise_one_by_one(client, sensors[:10], start=ago(120))
    assert await floods(client, line) == []
    assert len(await witness.told("plant.anomaly.raised")) == 10
    await raise_one_by_one(client, sensors[10:], start=ago(110))
    [flood] = await floods(client, line)
    assert (flood["alarms"], flood["origin_sensor_code"]) == (13, sensors[0]["sensor_code"])
    assert (flood["origin_rule"], flood["began_at"]) == ("above_limit", make.wire(ago(120)))
    assert len(await witness.told("plant.anomaly.raised")) == 10
    assert len(await witness.told("plant.alarm_flood.began")) == 1
    assert [each["id"] for each in await listed(client, line, group="flood")] == [flood["origin_id"]]


async def test_eleven_alarms_over_more_than_ten_minutes_are_no_flood(client: httpx.AsyncClient, line: Json) -> None:
    for minute, sensor in enumerate(await sensors_of(client, line, 12)):
        await send(client, [sensor], HOT, start=ago(minutes=30 - minute))
    assert await floods(client, line) == []


async def test_alarms_of_other_lines_do_not_count(client: httpx.AsyncClient, line: Json) -> None:
    other = await make.line(client)
    await send(client, [*await sensors_of(client, line, 6), *await sensors_of(client, other, 6)], HOT, start=ago(60))
    assert await floods(client, line) == await floods(client, other) == []


async def test_calls_at_the_same_time_make_one_flood(client: httpx.AsyncClient, line: Json) -> None:
    sensors = await sensors_of(client, line, 24)
    pieces = [sensors[start : start + 4] for start in range(0, 24, 4)]
    await asyncio.gather(*(send(client, piece, HOT, start=ago(60)) for piece in pieces))
    [flood] = await floods(client, line)
    assert flood["alarms"] == 24
    assert {each["flood_id"] for each in await listed(client, line)} == {flood["id"]}


async def test_a_flood_is_over_once_few_alarms_come(
    client: httpx.AsyncClient, witness: Witness, database: Database, line: Json
) -> None:
    sensors = await sensors_of(client, line, 12)
    await send(client, sensors, HOT, start=ago(minutes=30))
    await witness.look_away()
    for _ in range(2):
        await jobs.have_alarms_looked_after(database)
        await make.work_off(database)
    [flood] = await floods(client, line)
    assert flood["ended_at"] == make.wire(ago(minutes=20))
    about = f"plant.line/{line['id']}"  # floods of other tests may be over by now as well
    [ended] = [each for each in await witness.told("plant.alarm_flood") if each.subject == about]
    assert (ended.type, ended.data["ended_at"]) == ("plant.alarm_flood.ended", flood["ended_at"])


async def test_an_alarm_after_a_flood_is_told_by_itself_again(
    client: httpx.AsyncClient, witness: Witness, line: Json
) -> None:
    sensors = await sensors_of(client, line, 13)
    await send(client, sensors[:12], HOT, start=ago(minutes=30))
    await witness.look_away()
    await send(client, sensors[12:], HOT, start=ago(60))
    assert [each.type for each in await witness.told("plant.a")] == ["plant.alarm_flood.ended", "plant.anomaly.raised"]
    [flood] = await floods(client, line)
    assert (flood["alarms"], flood["ended_at"]) == (12, make.wire(ago(minutes=20)))
    assert (await listed(client, line))[-1]["flood_id"] is None


async def test_a_second_flood_is_another_one(client: httpx.AsyncClient, line: Json) -> None:
    sensors = await sensors_of(client, line, 24)
    for start, some in ((ago(minutes=40), sensors[:12]), (ago(60), sensors[12:])):
        await send(client, some, HOT, start=start)
    first, second = await floods(client, line)
    assert (first["alarms"], second["alarms"]) == (12, 12)
    assert first["ended_at"] == make.wire(ago(minutes=30))
    assert second["ended_at"] is None


async def test_what_is_not_committed_makes_no_flood(
    client: httpx.AsyncClient, database: Database, demo: Actor, line: Json
) -> None:
    sensors = await sensors_of(client, line, 12)
    rows = [make.reading(each["id"], 0, 99) for each in sensors]
    rows.append(make.reading(make.NOWHERE, 0, 99))
    make.refusal(await make.send(client, rows), 422)
    assert await floods(client, line) == []
    async with tenant_transaction(database, demo) as session:
        found = await session.scalar(text("SELECT count(*) FROM alarms WHERE line_id = :id"), {"id": line["id"]})
    assert found == 0
