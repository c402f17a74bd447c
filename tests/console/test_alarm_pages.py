"""The alarms: on the board, on their own pages, and what may be done about them there."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from foodflow.console import words
from foodflow.kernel.db import Database
from foodflow.numerics.detection.findings import Rule
from foodflow.plant.public import AlarmState, Priority
from tests.console import forms, make
from tests.console.forms import Visitor
from tests.console.make import PLANT, Parsed
from tests.make import Person

People = dict[tuple[str, str], Person]


async def too_warm(client: httpx.AsyncClient) -> dict[str, Any]:
    """The alarm of a sensor that is too warm."""
    line = await make.line(client)
    sensor = await make.sensor(client, line, max_value=5)
    await make.readings(client, sensor, [3, 4, 9])
    return await alarm_of(client, sensor)


async def alarm_of(client: httpx.AsyncClient, sensor: dict[str, Any]) -> dict[str, Any]:
    found = (await client.get(f"{PLANT}/alarms", params={"sensor_id": sensor["id"]})).json()["results"]
    assert found
    one: dict[str, Any] = found[0]
    return one


async def state_of(client: httpx.AsyncClient, alarm: dict[str, Any]) -> str:
    return str((await client.get(f"{PLANT}/alarms/{alarm['id']}")).json()["state"])


async def at_the_browser(app: FastAPI, database: Database, people: People, role: str) -> Visitor:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://foodflow.test")
    return await forms.visitor(client, database, people["demo", role])


def row_of(page: Parsed, alarm: dict[str, Any]) -> bool:
    return bool(page.all("li", id=f"alarm-{alarm['id']}"))


async def test_without_alarms_the_board_says_so(akron_client: httpx.AsyncClient) -> None:
    await make.line(akron_client)
    page = await make.page(akron_client)
    assert page.text.count("No open alarms") == 2


async def test_an_open_alarm_stands_on_the_board(client: httpx.AsyncClient) -> None:
    alarm = await too_warm(client)
    page = await make.page(client)
    assert row_of(page, alarm)
    assert "Above limit" in page.text
    assert alarm["sensor_code"] in page.text
    assert words.sentence(alarm["why"]) in page.text
    assert "certainty 100.0 %" in page.text
    assert page.all("p", id="alarm-count")


async def test_every_page_counts_alarms_by_priority(client: httpx.AsyncClient) -> None:
    await too_warm(client)
    shown = (await make.page(client, "/people")).text
    summary = (await client.get(f"{PLANT}/alarms/summary")).json()
    for name, count in summary["priorities"].items():
        if count:
            assert f"{count} {name}" in shown


async def test_a_flood_is_one_row(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    sensors = [await make.sensor(client, line, name=f"S{number}", max_value=5) for number in range(12)]
    for sensor in sensors:
        await make.readings(client, sensor, [9])
    alarms = [await alarm_of(client, sensor) for sensor in sensors]
    assert len({alarm["flood_id"] for alarm in alarms}) == 1
    page = await make.page(client)
    assert sum(row_of(page, alarm) for alarm in alarms) == 1
    assert "12 open alarms of" in page.text
    of_flood = await make.page(client, f"/alarms?flood_id={alarms[0]['flood_id']}")
    assert sum(row_of(of_flood, alarm) for alarm in alarms) == 12


async def test_what_is_filtered(client: httpx.AsyncClient) -> None:
    one, other = await too_warm(client), await too_warm(client)
    for query in (f"line_id={one['line_id']}", f"search={one['sensor_code']}"):
        page = await make.page(client, f"/alarms?{query}")
        assert (row_of(page, one), row_of(page, other)) == (True, False)
        assert f"line_id={one['line_id']}&format=csv" in page.html.replace("&amp;", "&") or "search=" in query
    for query in ("priority=low", "state=closed", "rule=stuck"):
        assert not row_of(await make.page(client, f"/alarms?{query}"), one)
    assert "No alarm fits" in (await make.page(client, "/alarms?search=nothing-has-this-name")).text


async def test_the_file_of_a_list_is_there(client: httpx.AsyncClient) -> None:
    alarm = await too_warm(client)
    page = await make.page(client, f"/alarms?line_id={alarm['line_id']}")
    (link,) = [each["href"] for each in page.all("a") if "format=csv" in (each.get("href") or "")]
    answer = await client.get(link or "")
    assert answer.headers["content-type"].startswith("text/csv")
    assert alarm["sensor_code"] in answer.text


@pytest.mark.parametrize("query", ["priority=urgent", "line_id=7", "state=odd"])
async def test_what_cannot_be_asked_is_refused(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"/alarms?{query}", headers=make.BROWSER)).status_code == 422


async def test_acknowledging_is_told_with_who_did_it(
    client: httpx.AsyncClient, app: FastAPI, database: Database, people: People
) -> None:
    alarm = await too_warm(client)
    visitor = await at_the_browser(app, database, people, "operator")
    answer = await visitor.send(f"/alarms/{alarm['id']}/acknowledge")
    forms.led_to(answer, f"/alarms/{alarm['id']}")
    assert await state_of(client, alarm) == "acknowledged"
    page = await visitor.page(f"/alarms/{alarm['id']}")
    assert "acknowledged" in page.text
    assert people["demo", "operator"].username in page.text or "user:" not in page.text
    again = await visitor.send(f"/alarms/{alarm['id']}/acknowledge")
    assert again.status_code == 409
    assert "has acknowledged this alarm" in again.text


async def test_a_form_leads_back_to_the_page_it_was_on(
    client: httpx.AsyncClient, app: FastAPI, database: Database, people: People
) -> None:
    alarm = await too_warm(client)
    visitor = await at_the_browser(app, database, people, "operator")
    visitor.client.headers["referer"] = "http://foodflow.test/?hours=24"
    forms.led_to(await visitor.send(f"/alarms/{alarm['id']}/acknowledge"), "/?hours=24")
    visitor.client.headers["referer"] = "http://elsewhere.test/x"
    forms.led_to(
        await visitor.send(f"/alarms/{alarm['id']}/silence", minutes="15", reason="known"), f"/alarms/{alarm['id']}"
    )


async def test_silencing_takes_it_off_the_board_with_a_reason(
    client: httpx.AsyncClient, app: FastAPI, database: Database, people: People
) -> None:
    alarm = await too_warm(client)
    visitor = await at_the_browser(app, database, people, "operator")
    refused = await visitor.send(f"/alarms/{alarm['id']}/silence", minutes="15", reason=" ")
    assert refused.status_code == 422
    assert (
        await visitor.send(f"/alarms/{alarm['id']}/silence", minutes="60", reason="door is open")
    ).status_code == 303
    assert await state_of(client, alarm) == "shelved"
    assert not row_of(await visitor.page("/"), alarm)
    assert "door is open" in (await visitor.page("/alarms?state=shelved")).text
    assert (await visitor.send(f"/alarms/{alarm['id']}/unsilence")).status_code == 303
    assert row_of(await visitor.page("/"), alarm)


async def test_closing_needs_the_cause_to_be_gone(
    client: httpx.AsyncClient, app: FastAPI, database: Database, people: People
) -> None:
    line = await make.line(client)
    sensor = await make.sensor(client, line, max_value=5)
    await make.readings(client, sensor, [9])
    alarm = await alarm_of(client, sensor)
    visitor = await at_the_browser(app, database, people, "operator")
    refused = await visitor.send(f"/alarms/{alarm['id']}/close", cause="fan broken")
    assert refused.status_code == 409
    assert "still in alarm" in refused.text
    assert not (await visitor.page("/")).all("details", id=f"close-{alarm['id']}")


async def test_all_shown_are_acknowledged_at_once(
    client: httpx.AsyncClient, app: FastAPI, database: Database, people: People
) -> None:
    one, other = await too_warm(client), await too_warm(client)
    visitor = await at_the_browser(app, database, people, "operator")
    page = await visitor.page(f"/alarms?line_id={one['line_id']}")
    ids = [str(each["value"]) for each in page.all("input", name="ids")]
    assert ids == [one["id"]]
    forms.led_to(await visitor.send("/alarms/acknowledge", ids=ids), "/alarms")
    assert (await state_of(client, one), await state_of(client, other)) == ("acknowledged", "unacknowledged")
    assert (await visitor.send("/alarms/acknowledge")).status_code == 422


async def test_a_viewer_sees_and_does_nothing(
    client: httpx.AsyncClient, app: FastAPI, database: Database, people: People
) -> None:
    alarm = await too_warm(client)
    visitor = await at_the_browser(app, database, people, "viewer")
    page = await visitor.page("/alarms")
    assert row_of(page, alarm)
    assert "Acknowledge" not in page.text.replace("Not acknowledged", "").replace("Acknowledged", "")
    for deed in ("acknowledge", "silence", "close", "unsilence"):
        assert (await visitor.send(f"/alarms/{alarm['id']}/{deed}", reason="x", minutes="15")).status_code == 403
    assert (await visitor.send("/alarms/acknowledge", ids=[alarm["id"]])).status_code == 403
    assert await state_of(client, alarm) == "unacknowledged"


async def test_another_company_s_alarm_is_not_there(client: httpx.AsyncClient, akron_client: httpx.AsyncClient) -> None:
    alarm = await too_warm(client)
    answer = await akron_client.get(f"/alarms/{alarm['id']}", headers=make.BROWSER)
    assert answer.status_code == 404


async def test_names_are_escaped(client: httpx.AsyncClient) -> None:
    line = await make.line(client, name="<script>alert(1)</script>")
    sensor = await make.sensor(client, line, name="<img src=x>", max_value=5, sensor_code=f"<b>{UUID(int=7)}&\"'")
    await make.readings(client, sensor, [9])
    for path in ("/", "/alarms", f"/alarms/{(await alarm_of(client, sensor))['id']}"):
        html = (await make.page(client, path)).html
        assert "<script>alert" not in html
        assert "<b>0000" not in html
        assert "<img src=x" not in html


def test_every_rule_state_and_priority_has_words() -> None:
    assert set(words.RULES) == {*map(str, Rule), "calibration_overdue"}
    assert set(words.ALARM_STATES) == set(map(str, AlarmState))
    assert set(words.PRIORITIES) == set(map(str, Priority))


async def test_parts_are_fetched_as_they_stand_on_the_page(client: httpx.AsyncClient) -> None:
    alarm = await too_warm(client)
    assert row_of(await make.page(client, "/fragments/alarms"), alarm)
    assert row_of(await make.page(client, f"/fragments/alarm-list?line_id={alarm['line_id']}"), alarm)
    assert (await make.page(client, "/fragments/alarm-count")).all("p", id="alarm-count")
