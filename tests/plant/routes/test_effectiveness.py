"""Effectiveness over HTTP: the golden values, what is left out of it, and what the job stores with a batch."""

import httpx
import pytest
from sqlalchemy import text

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.numerics.oee import VERSION
from tests.plant import make
from tests.plant.make import PLANT, Json, good

RATIOS = ("availability", "performance", "quality", "oee")


async def produce(client: httpx.AsyncClient, line: Json, *, minutes: float, batch: Json | None = None) -> Json:
    """Section 16 of the contract: a batch of 9,850 items in so many minutes, of which 9,500 are good."""
    made = batch or await make.batch(client, line["id"])
    good(await make.run(client, made["id"], "start", make.at()))
    for share in range(1, 6):
        moment = make.at(minutes=minutes * share / 5)
        good(await make.count(client, line["id"], good=1900, scrap=70, at=moment))
    completed: Json = good(await make.run(client, made["id"], "complete", make.at(minutes=minutes)))
    return completed


async def test_six_hours_at_80_a_minute_without_a_stop(client: httpx.AsyncClient, line: Json) -> None:
    batch = await produce(client, line, minutes=360)
    assert (batch["produced_quantity"], batch["good_quantity"], batch["scrap_quantity"]) == (9850, 9500, 350)
    assert (round(batch["yield_rate"], 1), round(batch["scrap_rate"], 1)) == (96.4, 3.6)
    measured = await make.oee(client, line["id"], make.at(), make.at(minutes=360))
    assert measured["availability"] == 1
    assert measured["performance"] == pytest.approx(0.75 * 9850 / 21_600)
    assert [round(100 * measured[name], 1) for name in ("performance", "quality", "oee")] == [34.2, 96.4, 33.0]


async def test_the_vector_of_the_stub_data(client: httpx.AsyncClient) -> None:
    """1,200 minutes busy, 1,080 of them running at an ideal cycle of 6 s."""
    line = await make.line(client, design_speed=10)
    for minute, status in ((0, "running"), (500, "downtime"), (560, "changeover"), (620, "running")):
        good(await make.state(client, line["id"], status, make.at(minutes=minute)))
    good(await make.count(client, line["id"], good=9500, scrap=350, at=make.at(minutes=1200)))
    measured = await make.oee(client, line["id"], make.at(), make.at(minutes=1200))
    assert (measured["planned_busy_seconds"], measured["production_seconds"]) == (72_000, 64_800)
    assert [measured[name] for name in RATIOS] == pytest.approx([0.9, 0.912037, 0.964467, 0.791667], abs=1e-6)
    assert measured["oee"] == pytest.approx(6 * 9500 / 72_000)


async def test_maintenance_closed_hours_and_unrecorded_time_are_shown_apart(
    client: httpx.AsyncClient, line: Json
) -> None:
    for minute, status in ((10, "running"), (20, "maintenance"), (35, "not_scheduled"), (50, "running")):
        good(await make.state(client, line["id"], status, make.at(minutes=minute)))
    measured = await make.oee(client, line["id"], make.at(), make.at(minutes=60))
    assert measured["seconds"] == {
        "running": 1200,
        "idle": 0,
        "changeover": 0,
        "downtime": 0,
        "maintenance": 900,
        "not_scheduled": 900,
        "unrecorded": 600,
    }
    assert (measured["planned_busy_seconds"], measured["availability"]) == (1200, 1)


async def test_where_there_is_nothing_to_divide_by_there_is_no_ratio(client: httpx.AsyncClient, line: Json) -> None:
    nothing = await make.oee(client, line["id"], make.at(), make.at(60))
    assert [nothing[name] for name in RATIOS] == [None] * 4
    good(await make.state(client, line["id"], "downtime", make.at()))
    down = await make.oee(client, line["id"], make.at(), make.at(60))
    assert [down[name] for name in RATIOS] == [0, None, None, 0]
    good(await make.count(client, line["id"], good=1, at=make.at(30)))
    contradiction = await make.oee(client, line["id"], make.at(), make.at(60))
    assert contradiction["counted_without_running"] is True
    assert [contradiction[name] for name in RATIOS] == [0, None, 1, None]


async def test_a_wrong_ideal_speed_is_shown_and_not_capped(client: httpx.AsyncClient) -> None:
    line = await make.line(client, design_speed=1)
    good(await make.state(client, line["id"], "running", make.at()))
    good(await make.count(client, line["id"], good=120, at=make.at(minutes=60)))
    measured = await make.oee(client, line["id"], make.at(), make.at(minutes=60))
    assert (measured["performance"], measured["oee"], measured["ideal_speed_exceeded"]) == (2, 2, True)


async def test_without_an_ideal_speed_only_quality_is_known(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    good(await make.state(client, line["id"], "running", make.at()))
    good(await make.count(client, line["id"], good=3, scrap=1, at=make.at(60)))
    measured = await make.oee(client, line["id"], make.at(), make.at(60))
    assert [measured[name] for name in RATIOS] == [1, None, 0.75, None]
    assert measured["ideal_speed_unknown"] is True


async def test_the_job_stores_a_completed_batch_s_effectiveness_which_is_its_line_s_over_its_time(
    client: httpx.AsyncClient, database: Database, demo: Actor, line: Json
) -> None:
    good(await make.count(client, line["id"], good=7, at=make.at(-60)))
    batch = await produce(client, line, minutes=300, batch=await make.batch(client, line["id"], target_speed=60))
    assert [batch[name] for name in RATIOS] == [None] * 4
    await make.work_off(database)
    stored = good(await client.get(f"{PLANT}/batches/{batch['id']}"))
    over_its_time = await make.oee(client, line["id"], make.at(), make.at(minutes=300))
    assert [stored[name] for name in RATIOS] == [over_its_time[name] for name in RATIOS]
    assert stored["oee"] == pytest.approx(9500 / 60 / 300)
    async with tenant_transaction(database, demo) as session:
        version = text("SELECT oee_version FROM production_batches WHERE id = :id")
        assert await session.scalar(version, {"id": batch["id"]}) == VERSION


async def test_a_state_reported_late_is_measured_into_the_batches_of_its_time_and_no_others(
    client: httpx.AsyncClient, database: Database, line: Json
) -> None:
    batch = await produce(client, line, minutes=300)
    await make.work_off(database)
    good(await make.state(client, line["id"], "maintenance", make.at(minutes=310)))
    good(await make.state(client, line["id"], "running", make.at(minutes=30)))
    good(await make.state(client, line["id"], "downtime", make.at(minutes=20)))
    await make.work_off(database)
    stored = good(await client.get(f"{PLANT}/batches/{batch['id']}"))
    assert stored["availability"] == pytest.approx(290 / 300)
    over_its_time = await make.oee(client, line["id"], make.at(), make.at(minutes=300))
    assert [stored[name] for name in RATIOS] == [over_its_time[name] for name in RATIOS]


async def test_an_event_that_comes_twice_measures_the_same(
    client: httpx.AsyncClient, database: Database, line: Json
) -> None:
    batch = await produce(client, line, minutes=60)
    await make.work_off(database)
    first = good(await client.get(f"{PLANT}/batches/{batch['id']}"))
    async with database.engine.begin() as connection:
        await connection.execute(
            text("UPDATE platform.outbox SET sequence = NULL WHERE type = 'plant.batch.completed'")
        )
    await make.work_off(database)
    assert good(await client.get(f"{PLANT}/batches/{batch['id']}")) == first
