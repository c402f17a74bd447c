"""The board at `/`."""

import re
from datetime import UTC, datetime, timedelta

import httpx
from fastapi import FastAPI
from sqlalchemy import event

from foodflow.kernel.db import Database
from tests.console import make
from tests.console.make import PLANT, Parsed

HOUR = timedelta(hours=1)


async def test_a_company_without_lines_reads_how_to_get_some(akron_client: httpx.AsyncClient) -> None:
    page = await make.page(akron_client)
    assert "foodflow simulate" in page.text
    assert "foodflow ingest FILE --line L1 --sensor temperature" in page.text
    assert page.all("a", href="/api/docs")


async def test_a_line_tells_its_state_since_when_and_why(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    await make.state(client, line, "running", ago=6 * HOUR)
    await make.state(client, line, "downtime", ago=2 * HOUR + timedelta(minutes=10, seconds=30), reason="film jam")
    await make.state(client, line, "downtime", ago=1 * HOUR, reason="waiting for the mechanic")
    page = await make.page(client, f"/?line={line['line_number']}")
    assert page.all("article", data_state="downtime")
    assert "Down for 2 h 10 min: waiting for the mechanic" in page.text
    assert {block["class"] for block in page.all("rect")} == {"running", "downtime"}


async def test_a_line_without_records_says_so(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    page = await make.page(client, f"/?line={line['line_number']}")
    assert "no state in the records" in page.text
    assert "OEE — nothing recorded" in page.text
    assert "Quality — nothing counted" in page.text
    assert "no sensors" in page.text


async def test_a_line_that_was_not_planned_has_no_effectiveness(client: httpx.AsyncClient) -> None:
    line = await make.line(client, design_speed=60)
    await make.state(client, line, "not_scheduled", ago=9 * HOUR)
    page = await make.page(client, f"/?line={line['line_number']}")
    assert "OEE — not planned to run" in page.text


async def test_effectiveness_is_told_with_its_factors(client: httpx.AsyncClient) -> None:
    line = await make.line(client, design_speed=60)
    await make.state(client, line, "running", ago=2 * HOUR)
    await make.count(client, line, 5400, scrap=600)
    page = await make.page(client, f"/?line={line['line_number']}")
    assert "OEE 75.0 % Availability 100.0 % Performance 83.3 % Quality 90.0 %" in page.text
    assert "Nothing is recorded for 75.0 % of this time" in page.text


async def test_a_wrong_ideal_speed_is_shown_and_flagged(client: httpx.AsyncClient) -> None:
    line = await make.line(client, design_speed=10)
    await make.state(client, line, "running", ago=1 * HOUR)
    await make.count(client, line, 1200)
    page = await make.page(client, f"/?line={line['line_number']}")
    assert "Performance 200.0 %" in page.text
    assert "Performance is above 100 %: the ideal speed is set too low" in page.text


async def test_without_an_ideal_speed_there_is_no_effectiveness(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    await make.state(client, line, "running", ago=1 * HOUR)
    await make.count(client, line, 1200)
    page = await make.page(client, f"/?line={line['line_number']}")
    assert "OEE — no ideal speed" in page.text
    assert "1,200 items were made without a known ideal speed" in page.text


async def test_counts_without_running_are_a_contradiction(client: httpx.AsyncClient) -> None:
    line = await make.line(client, design_speed=10)
    await make.state(client, line, "idle", ago=1 * HOUR)
    await make.count(client, line, 12)
    page = await make.page(client, f"/?line={line['line_number']}")
    assert "OEE — counted while not running" in page.text


async def test_a_batch_tells_how_far_it_is(client: httpx.AsyncClient) -> None:
    line = await make.line(client, design_speed=60)
    fields = {"batch_number": f"B-{line['line_number']}", "product_code": "P-1", "product_name": "Tomato soup"}
    batch = await make.posted(client, "/batches", fields | {"line_id": line["id"], "target_quantity": 2000})
    assert (await client.post(f"{PLANT}/batches/{batch['id']}/start")).is_success
    await make.posted(client, f"/lines/{line['id']}/counts", {"good": 480, "scrap": 20})
    page = await make.page(client, f"/?line={line['line_number']}")
    assert "Tomato soup 500 of 2,000 (25.0 %), 20 scrap" in page.text
    assert [bar["value"] for bar in page.all("progress")] == ["25.0"]


async def test_a_reading_of_years_ago_does_not_look_current(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    sensor = await make.sensor(client, line)
    await make.readings(client, sensor, [1.5, 2.5], last=datetime(2014, 2, 19, 15, 25, tzinfo=UTC))
    page = await make.page(client, f"/?line={line['line_number']}")
    assert re.search(r"Not current: latest reading 2014-02-19 15:25 UTC, \d+ years ago", page.text)
    assert "2.5 °C" in page.text


async def test_a_fresh_reading_looks_current(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    await make.readings(client, await make.sensor(client, line), [1.5])
    page = await make.page(client, f"/?line={line['line_number']}")
    assert "Not current" not in page.text
    assert "under a minute ago" in page.text


async def test_zero_is_a_limit(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    sensor = await make.sensor(client, line, max_value=0)
    await make.readings(client, sensor, [-2, -1, 3, 4])
    page = await make.page(client, f"/?line={line['line_number']}")
    assert "Above limit (at most 0 °C)" in page.text
    assert len(page.all("path", class_="limit")) == 1
    assert "still outside" in page.text
    assert "above, up to 4 °C" in page.text


async def test_a_sensor_that_never_reported_says_so(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    await make.sensor(client, line, name="Silent")
    assert "no reading yet" in (await make.page(client, f"/?line={line['line_number']}")).text


async def test_only_what_is_outside_its_limits_can_be_asked_for(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    await make.readings(client, await make.sensor(client, line, name="Too warm", max_value=5), [4, 6])
    await make.readings(client, await make.sensor(client, line, name="Just right", max_value=5), [4, 5])
    page = await make.page(client, f"/?line={line['line_number']}&outside=1")
    assert "Too warm" in page.text
    assert "Just right" not in page.text
    assert "checked" in page.all("input", name="outside")[0]


async def test_lines_are_found_by_a_part_of_their_name(client: httpx.AsyncClient) -> None:
    line = await make.line(client, name="Palletising of jars")
    await make.line(client, name="Anything else")
    page = await make.page(client, "/?line=TISING of")
    assert [card["data-line"] for card in page.all("article")] == [line["id"]]


async def test_a_line_that_is_not_there_is_told(client: httpx.AsyncClient) -> None:
    assert (
        "No line has “does not exist” in its number or name." in (await make.page(client, "/?line=does not exist")).text
    )


async def test_a_line_out_of_service_is_not_shown(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    assert (await client.patch(f"{PLANT}/lines/{line['id']}", json={"is_active": False})).is_success
    assert line["id"] not in (await make.page(client)).html
    assert (await client.get(f"/fragments/line/{line['id']}")).status_code == 404


async def test_so_many_sensors_are_drawn_and_the_others_are_a_link_away(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    for number in range(26):
        await make.readings(client, await make.sensor(client, line, name=f"Sensor {number}"), [number])
    page = await make.page(client, f"/?line={line['line_number']}")
    assert len(page.all("figure")) == 24
    assert "Sensors 1–24 of 26 are drawn" in page.text
    assert "2 more sensors on other pages" in page.text
    (following,) = page.all("a", rel="next")
    assert len((await make.page(client, following["href"] or "")).all("figure")) == 2
    elsewhere = await make.page(client)
    assert elsewhere.all("a", href=f"/?line={line['line_number']}")


async def test_what_is_outside_its_limits_is_drawn_before_all_else(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    for number in range(25):
        await make.readings(client, await make.sensor(client, line, name=f"Sensor {number}", max_value=20), [number])
    page = await make.page(client, f"/?line={line['line_number']}")
    assert all(f"Sensor {number} " in page.text for number in (21, 22, 23, 24))


async def test_the_card_of_a_line_can_be_fetched_alone(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    await make.readings(client, await make.sensor(client, line), [1, 2, 3])
    card = Parsed((await client.get(f"/fragments/line/{line['id']}")).text)
    assert [article["id"] for article in card.all("article")] == [f"line-{line['id']}"]
    assert card.elements[0][0] == "article"
    assert card.all("path", class_="trace")


async def test_the_figures_name_the_lines_that_are_shown(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    (figures,) = Parsed((await client.get(f"/fragments/figures?line={line['line_number']}")).text).all("section")
    assert figures["data-shown"] == line["id"]


async def test_another_company_sees_nothing_of_it(client: httpx.AsyncClient, akron_client: httpx.AsyncClient) -> None:
    line = await make.line(client, name="Secret recipe")
    await make.readings(client, await make.sensor(client, line), [1])
    page = await make.page(akron_client)
    assert "Secret recipe" not in page.html
    assert "No lines yet" in page.text
    assert (await akron_client.get(f"/fragments/line/{line['id']}")).status_code == 404


async def test_a_board_of_many_lines_takes_no_more_statements(client: httpx.AsyncClient, app: FastAPI) -> None:
    line = await make.line(client)
    await make.readings(client, await make.sensor(client, line), [1, 2])
    few = await _statements(client, app)
    for _ in range(4):
        line = await make.line(client)
        await make.state(client, line, "running", ago=1 * HOUR)
        for _ in range(3):
            await make.readings(client, await make.sensor(client, line), [1, 2])
    assert await _statements(client, app) == few


async def _statements(client: httpx.AsyncClient, app: FastAPI) -> int:
    """How many statements the board takes."""
    database: Database = app.state.database
    told: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        told.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        await make.page(client)
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    return len(told)
