"""The page of a line: what it shows, and what may be recorded there."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI

from foodflow.kernel.db import Database
from tests.console import forms, make
from tests.console.forms import Visitor
from tests.console.make import PLANT, Parsed
from tests.make import Person

People = dict[tuple[str, str], Person]
HOUR = timedelta(hours=1)


async def at_the_browser(app: FastAPI, database: Database, people: People, role: str) -> Visitor:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://foodflow.test")
    return await forms.visitor(client, database, people["demo", role])


async def reason(client: httpx.AsyncClient, name: str, **fields: object) -> dict[str, Any]:
    code = f"R-{uuid4().hex[:8]}"
    given = {"code": code, "name": name, "category": "mechanical", "loss": "breakdowns", "is_planned": False}
    return await make.posted(client, "/stop-reasons", given | fields)


async def shown(client: httpx.AsyncClient, line: dict[str, Any], query: str = "") -> Parsed:
    return await make.page(client, f"/lines/{line['line_number']}{query}")


async def test_losses_shifts_and_reliability_are_told(client: httpx.AsyncClient) -> None:
    line = await make.line(client, design_speed=60)
    await make.state(client, line, "running", ago=4 * HOUR)
    await make.state(client, line, "downtime", ago=2 * HOUR, reason="belt torn")
    await make.state(client, line, "running", ago=1 * HOUR)
    await make.count(client, line, 5400, scrap=600)
    page = await shown(client, line)
    assert "Planned busy time 240 min" in page.text
    assert "Breakdowns 60.0 min" in page.text
    assert "Process defects 10.0 min" in page.text
    assert "Valuable time 90.0 min" in page.text
    assert "Reason missing 60.0 min 100.0 %" in page.text
    assert "1 stops without a reason, which may be failures" in page.text
    assert "This line is of no site, so there are no shifts" in page.text


async def test_without_an_ideal_speed_a_dash_tells_why(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    await make.state(client, line, "running", ago=1 * HOUR)
    await make.count(client, line, 60)
    page = await shown(client, line)
    assert "Reduced speed — an ideal speed is not known" in page.text
    assert "Valuable time — an ideal speed is not known" in page.text


async def test_a_wrong_ideal_speed_is_a_loss_below_zero(client: httpx.AsyncClient) -> None:
    line = await make.line(client, design_speed=10)
    await make.state(client, line, "running", ago=1 * HOUR)
    await make.count(client, line, 1200)
    page = await shown(client, line)
    assert "Performance 200.0 %" in page.text
    assert "Reduced speed -60.0 min below zero: the ideal speed is set too low" in page.text
    assert "Nothing is recorded for 95.8 % of this time" in page.text


async def test_a_site_with_a_calendar_has_shifts(client: httpx.AsyncClient) -> None:
    site = f"Site {uuid4().hex[:6]}"
    line = await make.line(client, design_speed=60, plant_name=site)
    week = list(range(1, 8))
    shifts = [
        {"name": "Early", "weekdays": week, "start": "00:00", "end": "12:00"},
        {"name": "Late", "weekdays": week, "start": "12:00", "end": "00:00"},
    ]
    answer = await client.put(f"{PLANT}/calendars/{site}", json={"time_zone": "UTC", "patterns": shifts})
    assert answer.is_success, answer.text
    await make.state(client, line, "running", ago=30 * HOUR)
    await make.count(client, line, 60)
    page = await shown(client, line)
    assert "Now: " in page.text
    assert page.text.count("Early") + page.text.count("Late") >= 3


async def test_a_tap_says_why_it_stood(
    client: httpx.AsyncClient, app: FastAPI, database: Database, people: People
) -> None:
    line = await make.line(client, design_speed=60)
    torn = await reason(client, "Belt <torn>")
    await make.state(client, line, "running", ago=4 * HOUR)
    await make.state(client, line, "downtime", ago=2 * HOUR)
    await make.state(client, line, "running", ago=1 * HOUR)
    visitor = await at_the_browser(app, database, people, "operator")
    page = await visitor.page(f"/lines/{line['line_number']}")
    assert "Belt <torn>" in page.text
    assert "Belt <torn>" not in page.html
    (path,) = {each["action"] for each in page.all("form") if (each["action"] or "").startswith("/stops/")}
    forms.led_to(await visitor.send(str(path), reason_id=torn["id"]), f"/lines/{line['line_number']}")
    page = await visitor.page(f"/lines/{line['line_number']}")
    assert "Reason missing" not in page.text
    assert "Belt <torn> 60.0 min 100.0 %" in page.text
    assert "Mean time to restore 1 h 0 min" in page.text
    assert (await visitor.send(str(path), reason_id=str(uuid4()))).status_code == 404


async def test_a_state_is_recorded_with_its_reason(
    client: httpx.AsyncClient, app: FastAPI, database: Database, people: People
) -> None:
    line = await make.line(client)
    visitor = await at_the_browser(app, database, people, "operator")
    answer = await visitor.send(f"/lines/{line['id']}/state", state="maintenance", reason="oil")
    forms.led_to(answer, f"/lines/{line['line_number']}")
    page = await visitor.page(f"/lines/{line['line_number']}")
    assert "Maintenance for under a minute: oil" in page.text
    refused = await visitor.send(f"/lines/{line['id']}/state", state="asleep", reason="")
    assert refused.status_code == 422


async def test_a_batch_goes_its_way(
    client: httpx.AsyncClient, app: FastAPI, database: Database, people: People
) -> None:
    line = await make.line(client, design_speed=60)
    fields = {"batch_number": f"B-{uuid4().hex[:8]}", "product_code": "P", "product_name": "Soup", "target_quantity": 5}
    batch = await make.posted(client, "/batches", fields | {"line_id": line["id"]})
    visitor = await at_the_browser(app, database, people, "operator")
    for deed, status in (("start", "in_progress"), ("hold", "on_hold"), ("resume", "in_progress")):
        forms.led_to(await visitor.send(f"/batches/{batch['id']}/{deed}", reason=""), f"/lines/{line['line_number']}")
        assert (await client.get(f"{PLANT}/batches/{batch['id']}")).json()["status"] == status
        assert str(status).replace("_", " ") in (await visitor.page(f"/lines/{line['line_number']}")).text
    refused = await visitor.send(f"/batches/{batch['id']}/start", reason="")
    assert refused.status_code == 409
    assert str(fields["batch_number"]) in refused.text
    assert (await visitor.send(f"/batches/{batch['id']}/complete", reason="")).status_code == 303
    assert "No batch is planned on this line" in (await visitor.page(f"/lines/{line['line_number']}")).text


async def test_a_viewer_sees_and_does_nothing(
    client: httpx.AsyncClient, app: FastAPI, database: Database, people: People
) -> None:
    line = await make.line(client)
    await make.state(client, line, "downtime", ago=1 * HOUR)
    visitor = await at_the_browser(app, database, people, "viewer")
    page = await visitor.page(f"/lines/{line['line_number']}")
    assert {each["action"] for each in page.all("form")} == {"/logout"}
    assert (await visitor.send(f"/lines/{line['id']}/state", state="running", reason="")).status_code == 403


async def test_other_companies_lines_are_not_there(client: httpx.AsyncClient, akron_client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    for path in (f"/lines/{line['line_number']}", f"/fragments/line-page/{line['id']}"):
        assert (await akron_client.get(path, headers=make.BROWSER)).status_code == 404
        assert (await client.get(path, headers=make.BROWSER)).status_code == 200
