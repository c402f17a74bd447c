"""One rule for a line's time over HTTP: what is corrected, laid over, silent or outside planned time."""

import asyncio
import runpy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.usecases.states import line_intervals
from tests.plant import make
from tests.plant.make import PLANT, Json, fields_of, good, refusal

MIGRATION: Final = str(Path(__file__).parents[3] / "migrations" / "tenant" / "2026_11_26_lines.py")
WHOLE_DAYS: Final = [1, 2, 3, 4, 5, 6, 7]


async def states(client: httpx.AsyncClient, line: Json, until: float = 60) -> list[Json]:
    window = {"start_time": make.at(), "end_time": make.at(minutes=until)}
    found: list[Json] = good(await client.get(f"{PLANT}/lines/{line['id']}/states", params=window))
    return found


def shown(found: list[Json]) -> list[tuple[str, str]]:
    return [(each["state"], each["start"]) for each in found]


async def recorded(client: httpx.AsyncClient, line: Json, *minutes: tuple[float, str]) -> None:
    for minute, status in minutes:
        good(await make.state(client, line["id"], status, make.at(minutes=minute)))


def reported(line: Json, minutes: float) -> str:
    return f"{PLANT}/lines/{line['id']}/states/{make.at(minutes=minutes)}"


async def test_a_correction_replaces_a_report_and_keeps_it(client: httpx.AsyncClient, line: Json) -> None:
    await recorded(client, line, (0, "running"), (10, "downtime"))
    body = {"status": "changeover", "why": "It was the change to 500 g"}
    corrected = good(await client.put(reported(line, 10), json=body))
    assert corrected["status"] == "changeover"
    assert shown(await states(client, line)) == [("running", make.at()), ("changeover", make.at(minutes=10))]
    window = {"start_time": make.at(), "end_time": make.at(minutes=60)}
    events = good(await client.get(f"{PLANT}/lines/{line['id']}/events", params=window))
    assert [(each["previous_status"], each["new_status"]) for each in events] == [
        (None, "running"),
        ("running", "changeover"),
    ]
    everything = good(await client.get(f"{PLANT}/lines/{line['id']}/events", params={**window, "include": "withdrawn"}))
    (withdrawn,) = [each for each in everything if each["withdrawn_at"]]
    assert (withdrawn["new_status"], withdrawn["why"]) == ("downtime", "It was the change to 500 g")
    assert withdrawn["withdrawn_by"].startswith("user:")


async def test_a_withdrawn_report_holds_no_longer(client: httpx.AsyncClient, line: Json) -> None:
    await recorded(client, line, (0, "running"), (10, "downtime"))
    good(await client.delete(reported(line, 10), params={"why": "wrong line"}))
    assert shown(await states(client, line)) == [("running", make.at())]
    now = good(await client.get(f"{PLANT}/lines/{line['id']}"))
    assert (now["status"], now["status_since"]) == ("running", make.at())
    refusal(await client.delete(reported(line, 10), params={"why": "wrong line"}), 404)
    assert fields_of(refusal(await client.delete(reported(line, 0)), 422)) == ["why"]


async def test_operators_report_and_do_not_correct(
    client: httpx.AsyncClient, client_of: Callable[[str], httpx.AsyncClient], line: Json
) -> None:
    operator = client_of("operator")
    good(await make.state(operator, line["id"], "running", make.at()))
    refusal(await operator.put(reported(line, 0), json={"status": "idle", "why": "x"}), 403)
    refusal(await operator.delete(reported(line, 0), params={"why": "x"}), 403)


async def test_a_span_is_laid_over_and_taken_away_again(client: httpx.AsyncClient, line: Json) -> None:
    await recorded(client, line, (0, "running"), (20, "idle"))
    told = {"start_time": make.at(minutes=10), "end_time": make.at(minutes=30)}
    span = good(await client.post(f"{PLANT}/lines/{line['id']}/spans", json={"status": "maintenance", **told}))
    assert shown(await states(client, line)) == [
        ("running", make.at()),
        ("maintenance", make.at(minutes=10)),
        ("idle", make.at(minutes=30)),
    ]
    address = f"{PLANT}/lines/{line['id']}/spans/{span['id']}"
    good(await client.delete(address, params={"why": "another line"}))
    assert shown(await states(client, line)) == [("running", make.at()), ("idle", make.at(minutes=20))]
    refusal(await client.delete(address, params={"why": "again"}), 404)


async def test_a_span_needs_a_length_and_lies_in_the_past(client: httpx.AsyncClient, line: Json) -> None:
    address = f"{PLANT}/lines/{line['id']}/spans"
    for end in (make.at(minutes=10), make.at(minutes=5), make.at(days=9)):
        told = {"status": "idle", "start_time": make.at(minutes=10), "end_time": end}
        assert fields_of(refusal(await client.post(address, json=told), 422)) == ["end_time"]


async def test_two_reports_at_once_are_both_there_or_one_is_refused(client: httpx.AsyncClient, line: Json) -> None:
    apart = [make.state(client, line["id"], "running", make.at()), make.state(client, line["id"], "idle", make.at(9))]
    assert [each.status_code for each in await asyncio.gather(*apart)] == [200, 200]
    same = [make.state(client, line["id"], status, make.at(60)) for status in ("downtime", "maintenance")]
    answers = await asyncio.gather(*same)
    assert sorted(each.status_code for each in answers) == [200, 409]


async def test_what_a_machine_says_of_itself_is_kept_beside_what_it_means(
    client: httpx.AsyncClient, line: Json
) -> None:
    address = f"{PLANT}/lines/{line['id']}/status"
    for minute, state, mode in ((0, "execute", None), (10, "held", None), (20, "execute", "trial")):
        said = {"packml_state": state, "at": make.at(minutes=minute), **({"mode": mode} if mode else {})}
        good(await client.post(address, json=said))
    assert [(each["state"], each["packml_state"], each["e10_state"]) for each in await states(client, line)] == [
        ("running", "execute", "productive"),
        ("downtime", "held", "unscheduled_down"),
        ("running", "execute", "engineering"),
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "status"),
        ({"status": "running", "packml_state": "execute"}, "status"),
        ({"status": "running", "mode": "maintenance"}, "mode"),
        ({"packml_state": "sleeping"}, "packml_state"),
    ],
)
async def test_a_report_says_one_thing(client: httpx.AsyncClient, line: Json, body: Json, field: str) -> None:
    answer = await client.post(f"{PLANT}/lines/{line['id']}/status", json=body)
    assert fields_of(refusal(answer, 422)) == [field]


async def test_a_status_comes_as_a_parameter_too(client: httpx.AsyncClient, line: Json) -> None:
    wanted = {"new_status": "changeover", "reason": "500 g"}
    assert good(await client.post(f"{PLANT}/lines/{line['id']}/status", params=wanted))["status"] == "changeover"
    refusal(await client.patch(f"{PLANT}/lines/{line['id']}", json={"status": "banana"}), 422)


async def test_a_line_that_falls_silent_is_unrecorded_until_it_is_heard_of(client: httpx.AsyncClient) -> None:
    line = await make.line(client, silent_after_seconds=600, design_speed=80)
    await recorded(client, line, (0, "running"), (50, "running"))
    good(await make.count(client, line["id"], good=1, at=make.at(minutes=15)))
    assert shown(await states(client, line)) == [
        ("running", make.at()),
        ("unrecorded", make.at(minutes=10)),
        ("running", make.at(minutes=15)),
        ("unrecorded", make.at(minutes=25)),
        ("running", make.at(minutes=50)),
    ]
    window = {"start_time": make.at(minutes=30), "end_time": make.at(minutes=40)}
    within = good(await client.get(f"{PLANT}/lines/{line['id']}/states", params=window))
    assert shown(within) == [("unrecorded", make.at(minutes=30))]


async def test_a_heartbeat_is_a_sign_of_life(client: httpx.AsyncClient) -> None:
    line = await make.line(client, silent_after_seconds=600)
    long_ago = make.wire(datetime.now(UTC) - timedelta(minutes=30))
    good(await make.state(client, line["id"], "running", long_ago))
    window = {"start_time": long_ago, "end_time": make.at(days=2)}
    before = good(await client.get(f"{PLANT}/lines/{line['id']}/states", params=window))
    assert [each["state"] for each in before] == ["running", "unrecorded"]
    good(await client.post(f"{PLANT}/lines/{line['id']}/heartbeat"))
    beat = good(await client.post(f"{PLANT}/lines/{line['id']}/heartbeat"))
    after = good(await client.get(f"{PLANT}/lines/{line['id']}/states", params=window))
    assert [each["state"] for each in after] == ["running", "unrecorded", "running"]
    assert after[-1]["start"] <= beat["at"]


async def calendar(client: httpx.AsyncClient, *patterns: Json) -> str:
    site = make.name("Site")
    good(await client.put(f"{PLANT}/calendars/{site}", json={"time_zone": "UTC", "patterns": patterns}))
    return site


def clock(minutes: float) -> str:
    return f"{make.YESTERDAY + timedelta(minutes=minutes):%H:%M:%S}"


async def test_outside_shifts_and_in_breaks_idle_time_and_stops_are_not_counted(client: httpx.AsyncClient) -> None:
    pause = {"start": clock(20), "end": clock(30)}
    shift = {"name": "s", "weekdays": WHOLE_DAYS, "start": clock(10), "end": clock(40), "breaks": [pause]}
    line = await make.line(client, plant_name=await calendar(client, shift))
    await recorded(client, line, (0, "running"), (5, "downtime"), (45, "maintenance"), (50, "idle"))
    assert shown(await states(client, line)) == [
        ("running", make.at()),
        ("not_scheduled", make.at(minutes=5)),
        ("downtime", make.at(minutes=10)),
        ("not_scheduled", make.at(minutes=20)),
        ("downtime", make.at(minutes=30)),
        ("not_scheduled", make.at(minutes=40)),
        ("maintenance", make.at(minutes=45)),
        ("not_scheduled", make.at(minutes=50)),
    ]
    found = await make.oee(client, line["id"], make.at(), make.at(minutes=60))
    assert (found["seconds"]["downtime"], found["planned_busy_seconds"]) == (20 * 60, 25 * 60)


async def test_a_site_without_a_calendar_works_as_before(client: httpx.AsyncClient) -> None:
    line = await make.line(client, plant_name=make.name("Site"))
    await recorded(client, line, (0, "idle"))
    assert shown(await states(client, line)) == [("idle", make.at())]


async def test_what_changes_the_past_is_measured_again(client: httpx.AsyncClient, database: Database) -> None:
    line = await make.line(client, design_speed=80, plant_name=make.name("Site"))
    batch = await make.batch(client, line["id"])
    good(await make.run(client, batch["id"], "start", make.at()))
    good(await make.run(client, batch["id"], "complete", make.at(minutes=60)))
    address = f"{PLANT}/batches/{batch['id']}"

    async def availability() -> float:
        await make.work_off(database)
        measured: float = good(await client.get(address))["availability"]
        return measured

    assert await availability() == 1
    told = {"line_id": line["id"], "start_time": make.at(), "end_time": make.at(minutes=30)}
    good(await client.post(f"{PLANT}/downtimes", json=told))
    assert await availability() == 0.5
    shift = {"name": "s", "weekdays": WHOLE_DAYS, "start": clock(30), "end": clock(60)}
    body = {"time_zone": "UTC", "patterns": [shift]}
    good(await client.put(f"{PLANT}/calendars/{line['plant_name']}", json=body))
    assert await availability() == 1


async def test_many_lines_take_as_many_statements_as_one(
    client: httpx.AsyncClient, app: FastAPI, demo: Actor, statements: list[str]
) -> None:
    site = await calendar(client, {"name": "s", "weekdays": WHOLE_DAYS, "start": "00:00", "end": "00:00"})
    for _ in range(5):
        line = await make.line(client, plant_name=site, silent_after_seconds=600)
        await recorded(client, line, (0, "running"), (9, "downtime"))
    async with tenant_transaction(app.state.database, demo) as session:
        lines = [each for each in await line_queries.all_lines(session, demo) if each.plant_name == site]
        counts, ends = [], set()
        for some in (lines[:1], lines):
            statements.clear()
            found = await line_intervals(session, some, make.YESTERDAY, make.YESTERDAY + timedelta(hours=1))
            counts.append(len(statements))
            ends |= {each[-1].state for each in found.values()}
    assert counts == [5, 5]
    assert ends == {"unrecorded"}


async def test_stops_that_were_recorded_before_there_were_stops_are_those_that_would_have_been(
    client: httpx.AsyncClient, line: Json, database: Database, demo: Actor
) -> None:
    await recorded(client, line, (0, "downtime"), (1, "downtime"), (2, "running"), (9, "maintenance"), (30, "downtime"))
    columns = "state, start_time, end_time, reason_detail, is_planned, is_micro, reported_by"
    kept = text(f"SELECT {columns} FROM downtimes WHERE line_id = :id ORDER BY start_time")
    async with tenant_transaction(database, demo) as session:
        before = (await session.execute(kept, {"id": line["id"]})).all()
        await session.execute(text("DELETE FROM downtimes"))
        await session.execute(text(runpy.run_path(MIGRATION)["FORMER"]))
        after = (await session.execute(kept, {"id": line["id"]})).all()
    assert len(before) == 3
    assert after == before


@pytest.mark.parametrize("speeds", [{"min_speed": 90}, {"max_speed": 70}, {"min_speed": 9, "max_speed": 8}])
async def test_speeds_are_in_order(client: httpx.AsyncClient, line: Json, speeds: Json) -> None:
    refusal(await client.patch(f"{PLANT}/lines/{line['id']}", json=speeds), 422)
    body = {"line_number": make.name("L"), "name": "L", "design_speed": 80, **speeds}
    refusal(await client.post(f"{PLANT}/lines", json=body), 422)
