"""Effectiveness and losses over many lines, by line, site, product, shift and day: groups add up to their total."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.conftest import ClientOf
from tests.plant import make
from tests.plant.make import PLANT, Json, fields_of, good, name, refusal, wire

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
SHIFTS = [
    {"name": each, "weekdays": [1, 2, 3, 4, 5, 6, 7], "start": start, "end": end}
    for each, start, end in (("Early", "06:00", "14:00"), ("Late", "14:00", "22:00"), ("Night", "22:00", "06:00"))
]
WINDOW = {"start_time": wire(MONDAY), "end_time": wire(MONDAY + timedelta(days=2))}
RATIOS = ("availability", "performance", "quality", "oee")
SUMS = ("planned_busy_seconds", "production_seconds", "produced", "good", "scrap", "rework", "ideal_seconds_good")


def at(hours: float) -> str:
    return wire(MONDAY + timedelta(hours=hours))


async def ask(client: httpx.AsyncClient, what: str = "oee", **wanted: Any) -> Json:  # noqa: ANN401 - parameters
    answer: Json = good(await client.get(f"{PLANT}/{what}", params={**WINDOW, **wanted}))
    return answer


async def batch_of(
    client: httpx.AsyncClient, line: Json, product: str, start: float, end: float, **made: float
) -> None:
    planned = await make.batch(client, line["id"], product_code=product)
    good(await make.run(client, planned["id"], "start", at(start)))
    good(await make.count(client, line["id"], at=at(end), batch_id=planned["id"], **made))
    good(await make.run(client, planned["id"], "complete", at(end)))


@pytest.fixture
async def site(client: httpx.AsyncClient) -> str:
    """A site with three shifts and two lines that made three batches in two days."""
    site = name("Site")
    good(await client.put(f"{PLANT}/calendars/{site}", json={"time_zone": "Europe/Berlin", "patterns": SHIFTS}))
    first = await make.line(client, plant_name=site, design_speed=10, hourly_cost=600)
    second = await make.line(client, plant_name=site, design_speed=20)
    await batch_of(client, first, "SOUP", 6, 12, good=3000, scrap=100)
    good(await make.state(client, first["id"], "downtime", at(12.5)))
    await batch_of(client, first, "STEW", 13, 23, good=5000, scrap=50)
    good(await make.state(client, first["id"], "not_scheduled", at(24)))
    await batch_of(client, second, "SOUP", 20, 30, good=9000, scrap=1000)
    good(await make.state(client, second["id"], "not_scheduled", at(31)))
    return site


GROUPS = ("line", "plant_name", "product_code", "shift", "day")


@pytest.mark.parametrize("group_by", [list(c) for n in range(1, 6) for c in itertools.combinations(GROUPS, n)], ids=str)
async def test_groups_add_up_to_the_whole_however_it_is_told_apart(
    client: httpx.AsyncClient, site: str, group_by: list[str]
) -> None:
    whole = (await ask(client, plant_name=site))["total"]
    answer = await ask(client, plant_name=site, group_by=group_by)
    assert answer["total"] == whole
    for element in SUMS:
        assert sum(row[element] for row in answer["groups"]) == pytest.approx(whole[element]), element
    assert whole["oee"] == pytest.approx(whole["ideal_seconds_good"] / whole["planned_busy_seconds"])
    keys = [tuple(row["group"].values()) for row in answer["groups"]]
    assert len(set(keys)) == len(keys)


async def test_a_line_s_row_is_what_the_line_says_of_itself(client: httpx.AsyncClient, site: str) -> None:
    for row in (await ask(client, plant_name=site, group_by="line"))["groups"]:
        own = await make.oee(client, row["group"]["line_id"], WINDOW["start_time"], WINDOW["end_time"])
        assert {key: row[key] for key in (*RATIOS, *SUMS)} == {key: own[key] for key in (*RATIOS, *SUMS)}


async def test_the_total_is_of_the_sums_and_not_the_mean_of_ratios(client: httpx.AsyncClient, site: str) -> None:
    answer = await ask(client, plant_name=site, group_by="line")
    mean = sum(row["oee"] for row in answer["groups"]) / 2
    assert answer["total"]["oee"] != pytest.approx(mean)


async def test_a_night_shift_is_one_shift_of_the_day_that_it_begins_on(client: httpx.AsyncClient, site: str) -> None:
    answer = await ask(client, plant_name=site, group_by=["shift", "day"])
    nights = {row["group"]["day"]: row for row in answer["groups"] if row["group"]["shift"] == "Night"}
    # 22:00 to 06:00 in Berlin is 21:00 to 05:00 in UTC: 2 h and 1 h of the first line, 8 h of the second.
    assert nights["2026-01-05"]["planned_busy_seconds"] == (2 + 1 + 8) * 3600
    assert nights["2026-01-05"]["good"] == 5000
    assert nights["2026-01-04"]["planned_busy_seconds"] == 0


async def test_time_and_items_of_a_product_are_those_of_its_batches(client: httpx.AsyncClient, site: str) -> None:
    answer = await ask(client, plant_name=site, group_by="product_code")
    rows = {row["group"]["product_code"]: row for row in answer["groups"]}
    assert (rows["SOUP"]["production_seconds"], rows["SOUP"]["good"]) == (16 * 3600, 12_000)
    assert (rows["STEW"]["production_seconds"], rows["STEW"]["good"]) == (10 * 3600, 5000)
    assert rows[None]["production_seconds"] == 0
    only = await ask(client, plant_name=site, product_code="STEW")
    assert only["total"]["good"] == 5000
    assert only["total"]["planned_busy_seconds"] == rows["STEW"]["planned_busy_seconds"]


async def test_a_shift_can_be_asked_for_by_itself(client: httpx.AsyncClient, site: str) -> None:
    rows = {row["group"]["shift"]: row for row in (await ask(client, plant_name=site, group_by="shift"))["groups"]}
    late = await ask(client, plant_name=site, shift="Late")
    assert late["total"]["planned_busy_seconds"] == rows["Late"]["planned_busy_seconds"] > 0


async def test_losses_and_valuable_time_are_the_planned_busy_time(client: httpx.AsyncClient, site: str) -> None:
    for group_by in ([], ["line"], ["shift", "product_code"]):
        answer = await ask(client, "losses", plant_name=site, group_by=group_by)
        for row in (*answer["groups"], answer["total"]):
            lost = sum(each["minutes"] for each in row["losses"])
            assert lost + row["valuable_minutes"] == pytest.approx(row["planned_busy_minutes"])
            if row["planned_busy_minutes"]:
                assert row["oee"] == pytest.approx(row["valuable_minutes"] / row["planned_busy_minutes"])


async def test_a_shift_s_losses_in_minutes_and_money(client: httpx.AsyncClient) -> None:
    """Eight hours at 10 a minute and 600 an hour: 40 min changeover, a breakdown of 50 with a reason, a stop of 2, 10
    idle; 3,400 made in 378 minutes, of them 100 scrapped while starting up and 80 later, at 0.50 each.
    """
    settings = await client.put(f"{PLANT}/settings", json={"currency": "EUR"})
    assert settings.status_code in {200, 409}, settings.text
    codes = {}
    for loss in ("startup_rejects", "process_defects"):
        codes[loss] = name("reason")
        body = {"code": codes[loss], "name": loss, "loss": loss, "unit_cost": 0.5}
        good(await client.post(f"{PLANT}/scrap-reasons", json=body))
    jam = good(
        await client.post(
            f"{PLANT}/stop-reasons",
            json={"code": name("jam"), "name": "Jam", "category": "mechanical", "loss": "breakdowns"},
        )
    )
    line = await make.line(client, design_speed=10, hourly_cost=600)
    moments = (
        (0, "changeover"),
        (40, "running"),
        (100, "downtime"),
        (150, "running"),
        (200, "downtime"),
        (202, "running"),
    )
    for minute, status in (*moments, (300, "idle"), (310, "running")):
        good(await make.state(client, line["id"], status, at(minute / 60)))
    stop = next(
        each
        for each in good(await client.get(f"{PLANT}/downtimes", params={"line_id": line["id"]}))["results"]
        if each["start_time"] == at(100 / 60)
    )
    good(await client.patch(f"{PLANT}/downtimes/{stop['id']}", json={"reason_id": jam["id"]}))
    good(await make.count(client, line["id"], at=at(1), scrap=100, scrap_reason=codes["startup_rejects"]))
    good(await make.count(client, line["id"], at=at(8), good=3220))
    good(await make.count(client, line["id"], at=at(8), scrap=80, scrap_reason=codes["process_defects"]))
    found = await ask(client, "losses", line_id=line["id"], start_time=at(0), end_time=at(8))
    losses = {each["loss"]: (round(each["minutes"], 6), each["cost"]) for each in found["total"]["losses"]}
    assert losses == {
        "breakdowns": (50, 500),
        "setup_and_adjustment": (40, 400),
        "minor_stops": (12, 120),
        "reduced_speed": (378 - 340, 380),
        "process_defects": (8, 40),
        "startup_rejects": (10, 50),
    }
    assert (found["currency"], found["total"]["cost"]) == ("EUR", 1490)
    reasons = {each["reason_code"]: each["minutes"] for each in found["total"]["reasons"]}
    assert reasons == {jam["code"]: 50, None: 52}


async def test_what_an_hour_costs_is_not_guessed(client: httpx.AsyncClient, site: str) -> None:
    rows = (await ask(client, "losses", plant_name=site, group_by="line"))["groups"]
    costed, uncosted = sorted(rows, key=lambda row: row["uncosted_minutes"])
    assert (costed["uncosted_minutes"], costed["cost"] is not None) == (0, True)
    assert uncosted["uncosted_minutes"] > 0
    assert {each["cost"] for each in uncosted["losses"]} == {None}


async def test_whoever_is_for_other_companies_or_asks_for_nothing_finds_nothing(
    client: httpx.AsyncClient, akron_client: httpx.AsyncClient, site: str
) -> None:
    line = (await ask(client, plant_name=site, group_by="line"))["groups"][0]["group"]["line_id"]
    answer = await ask(akron_client, line_id=line, group_by="line")
    assert (answer["groups"], answer["total"]["oee"], answer["total"]["planned_busy_seconds"]) == ([], None, 0)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"group_by": "colour"}, "group_by"),
        ({"group_by": ["line", "line"]}, "group_by"),
        ({"line": "L1"}, "line"),
        ({"line_id": "L1"}, "line_id"),
        ({"start_time": WINDOW["end_time"], "end_time": WINDOW["start_time"]}, "start_time"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(
    client: httpx.AsyncClient, wanted: dict[str, Any], field: str
) -> None:
    problem = refusal(await client.get(f"{PLANT}/oee", params=wanted), 422)
    assert any(named.startswith(field) for named in fields_of(problem)), problem


async def test_a_question_of_too_many_slices_is_refused_with_its_number(client: httpx.AsyncClient) -> None:
    site = name("Site")
    good(await client.put(f"{PLANT}/calendars/{site}", json={"time_zone": "Europe/Berlin", "patterns": SHIFTS}))
    for _ in range(5):
        await make.line(client, plant_name=site)
    wanted = {"plant_name": site, "group_by": "shift", "start_time": "2021-06-01T00:00:00Z"}
    problem = refusal(await client.get(f"{PLANT}/oee", params={**wanted, "end_time": "2026-01-01T00:00:00Z"}), 422)
    assert problem["errors"][0]["code"] == "plant.losses.too_many_slices"


async def test_operators_may_ask_too(client_of: ClientOf, site: str) -> None:
    assert (await ask(client_of("viewer"), plant_name=site))["total"]["good"] == 17_000
