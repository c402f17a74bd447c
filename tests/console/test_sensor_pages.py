"""The page of a sensor: its past, how far it is to be trusted, and its alarms."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from foodflow.kernel import clock
from tests.console import make
from tests.console.make import PLANT, Parsed

UNCERTAIN, BAD = 0x4000_0000, 0x8000_0000


async def shown(client: httpx.AsyncClient, sensor: dict[str, Any], query: str = "") -> Parsed:
    return await make.page(client, f"/sensors/{sensor['sensor_code']}{query}")


async def with_readings(
    client: httpx.AsyncClient, values: list[float], *, max_value: float | None = None
) -> dict[str, Any]:
    sensor = await make.sensor(client, await make.line(client), max_value=max_value)
    await make.readings(client, sensor, values)
    return sensor


async def test_the_latest_reading_is_told_with_limits_and_alarm(client: httpx.AsyncClient) -> None:
    sensor = await with_readings(client, [1, 2, 9], max_value=5)
    page = await shown(client, sensor)
    assert "9 °C Good" in page.text
    assert "Above limit; at most 5 °C" in page.text
    assert "3 readings" in page.text
    assert "triangles are alarms" in page.text
    assert len(page.all("path", class_="trace")) == 1
    assert len(page.all("path", class_="limit")) == 1
    assert len(page.all("path", class_="mark")) == 1
    assert len(page.all("rect", class_="band")) == 1


async def test_bad_readings_are_gaps_and_uncertain_ones_marked(client: httpx.AsyncClient) -> None:
    sensor = await make.sensor(client, await make.line(client))
    now = clock.now()
    statuses = [0, 0, BAD, 0, UNCERTAIN, 0]
    rows = [
        {"sensor_id": sensor["id"], "timestamp": (now - timedelta(minutes=9 - place)).isoformat(), "value": place}
        | ({"status_code": status} if status else {})
        for place, status in enumerate(statuses)
    ]
    await make.posted(client, "/sensors/readings/bulk", {"readings": rows})
    page = await shown(client, sensor, "?span=hour")
    assert len(page.all("path", class_="trace")) == 2
    assert len(page.all("circle", class_="uncertain")) == 1
    assert "1 Bad reading left out" in page.text


@pytest.mark.parametrize("span", ["hour", "day", "week", "month", "year"])
async def test_every_span_has_a_chart(client: httpx.AsyncClient, span: str) -> None:
    sensor = await with_readings(client, [1, 2, 3])
    page = await shown(client, sensor, f"?span={span}")
    assert page.all("svg", class_="large")


async def test_a_sensor_without_readings_says_so(client: httpx.AsyncClient) -> None:
    sensor = await make.sensor(client, await make.line(client))
    page = await shown(client, sensor)
    assert "No reading yet" in page.text
    assert "This sensor never raised an alarm" in page.text
    assert "— never recorded" in page.text


async def test_an_overdue_calibration_is_shown(client: httpx.AsyncClient) -> None:
    sensor = await make.sensor(client, await make.line(client))
    at, due = clock.now() - timedelta(days=9), clock.now() - timedelta(days=1)
    body = {"at": at.isoformat(), "next_due": due.isoformat(), "offset": 0.5}
    await make.posted(client, f"/sensors/{sensor['id']}/calibrations", body)
    page = await shown(client, sensor)
    assert "Calibration overdue" in page.text
    assert "0.5 °C" in page.text


async def test_a_moment_is_shown_with_what_lies_around(client: httpx.AsyncClient) -> None:
    sensor = await with_readings(client, [1, 2, 9], max_value=5)
    alarm = (await client.get(f"{PLANT}/alarms", params={"sensor_id": sensor["id"]})).json()["results"][0]
    page = await make.page(client, "/alarms")
    links = [each["href"] or "" for each in page.all("a")]
    (link, *_) = [each for each in links if each.startswith(f"/sensors/{sensor['sensor_code']}?at=")]
    assert f"/alarms/{alarm['id']}" in links
    around = await make.page(client, link)
    assert "Readings around" in around.text
    assert around.all("path", class_="mark")


async def test_what_cannot_be_asked_is_refused(client: httpx.AsyncClient) -> None:
    sensor = await with_readings(client, [1])
    for query in ("span=century", "at=yesterday"):
        answer = await client.get(f"/sensors/{sensor['sensor_code']}?{query}", headers=make.BROWSER)
        assert answer.status_code == 422


async def test_other_companies_sensors_are_not_there(
    client: httpx.AsyncClient, akron_client: httpx.AsyncClient
) -> None:
    sensor = await with_readings(client, [1])
    for path in (f"/sensors/{sensor['sensor_code']}", f"/fragments/sensor-page/{sensor['id']}"):
        assert (await akron_client.get(path, headers=make.BROWSER)).status_code == 404
        assert (await client.get(path, headers=make.BROWSER)).status_code == 200
