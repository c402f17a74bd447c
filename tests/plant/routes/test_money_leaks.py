"""Money leaks: entered with an amount that is reckoned here, and counted once beside what is computed."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import httpx
import pytest

from tests.conftest import ClientOf
from tests.plant import make
from tests.plant.make import NOWHERE, PLANT, Json, Witness, fields_of, good, name, refusal, wire
from tests.plant.sites import NORTH, SOUTH, Limited, ids_of

LEAKS = f"{PLANT}/money-leaks"
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


def at(hours: float) -> str:
    return wire(MONDAY + timedelta(hours=hours))


WINDOW = {"start_time": at(0), "end_time": at(8)}


@pytest.fixture(autouse=True)
async def euros(client: httpx.AsyncClient) -> None:
    """The company reckons in euros."""
    good(await client.put(f"{PLANT}/settings", json={"currency": "EUR"}))


async def enter(client: httpx.AsyncClient, **fields: object) -> httpx.Response:
    told = {"period_start": at(0), "period_end": at(8), "category": "yield_loss"}
    return await client.post(LEAKS, json={**told, **fields})


async def overview(client: httpx.AsyncClient, **wanted: Any) -> Json:  # noqa: ANN401 - parameters
    answer: Json = good(await client.get(f"{LEAKS}/overview", params={**WINDOW, **wanted}))
    return answer


def by_category(answer: Json) -> dict[tuple[str, str], float]:
    return {(row["category"], row["source"]): row["amount"] for row in answer["by_category"]}


@pytest.mark.parametrize(
    ("basis", "method", "amount"),
    [
        ({"amount": 12.345}, "amount", 12.34),
        ({"amount": 12.355}, "amount", 12.36),
        ({"quantity_lost": 3, "unit_cost": 0.335}, "quantity_times_unit_cost", 1.0),
        ({"quantity_lost": 0, "unit_cost": 5}, "quantity_times_unit_cost", 0),
        ({"time_lost_minutes": 20, "hourly_cost": 100}, "minutes_times_hourly_cost", 33.33),
        ({"time_lost_minutes": 90}, "minutes_times_hourly_cost", 900),
        ({"amount": 7, "quantity_lost": 3, "time_lost_minutes": 2}, "amount", 7),
    ],
    ids=str,
)
async def test_the_amount_is_reckoned_here_and_says_how(
    client: httpx.AsyncClient, basis: Json, method: str, amount: float
) -> None:
    line = await make.line(client, hourly_cost=600, plant_name=name("Site"))
    answer = await enter(client, line_id=line["id"], **basis)
    leak = good(answer)
    assert (leak["calculation_method"], leak["amount"], leak["currency"]) == (method, amount, "EUR")
    assert leak["plant_name"] == line["plant_name"]
    assert good(await client.get(answer.headers["Location"])) == leak


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "amount"),
        ({"quantity_lost": 3}, "amount"),
        ({"unit_cost": 3}, "quantity_lost"),
        ({"hourly_cost": 3}, "time_lost_minutes"),
        ({"time_lost_minutes": 3}, "amount"),
        ({"amount": 1, "unit_cost": 3, "quantity_lost": 1}, "unit_cost"),
        ({"unit_cost": 3, "quantity_lost": 1, "hourly_cost": 1, "time_lost_minutes": 1}, "hourly_cost"),
        ({"quantity_lost": 999_999_999, "unit_cost": 999_999_999}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount_usd": 1}, "amount_usd"),
        ({"amount": 1, "category": "bananas"}, "category"),
        ({"amount": 1, "period_end": at(0)}, "period_end"),
        ({"amount": 1, "period_end": "2999-01-01T00:00:00Z"}, "period_end"),
        ({"amount": 1, "line_id": None}, "line_id"),
        ({"amount": 1, "plant_name": "Elsewhere"}, "plant_name"),
        ({"amount": 1, "calculation_method": "guessed"}, "calculation_method"),
    ],
    ids=str,
)
async def test_what_is_no_leak_is_refused_by_its_field(client: httpx.AsyncClient, fields: Json, field: str) -> None:
    line = await make.line(client)
    assert fields_of(refusal(await enter(client, **{"line_id": line["id"], **fields}), 422)) == [field]
    assert await ids_of(client, "money-leaks", line_id=line["id"]) == set()


async def test_dollars_are_taken_where_the_company_reckons_in_them(akron_client: httpx.AsyncClient) -> None:
    line = await make.line(akron_client)
    fields = {"line_id": line["id"], "amount_usd": 5}
    assert refusal(await enter(akron_client, **fields), 409)["code"] == "plant.currency_unknown"
    good(await akron_client.put(f"{PLANT}/settings", json={"currency": "USD"}))
    leak = good(await enter(akron_client, **fields))
    assert (leak["amount"], leak["currency"]) == (5, "USD")
    refused = refusal(await akron_client.put(f"{PLANT}/settings", json={"currency": "CHF"}), 409)
    assert refused["code"] == "plant.currency_in_use"


async def test_a_leak_of_a_batch_is_one_of_its_line(client: httpx.AsyncClient) -> None:
    line, other = await make.line(client), await make.line(client)
    batch = await make.batch(client, line["id"])
    assert good(await enter(client, batch_id=batch["id"], amount=1))["line_id"] == line["id"]
    refused = await enter(client, batch_id=batch["id"], line_id=other["id"], amount=1)
    assert fields_of(refusal(refused, 422)) == ["batch_id"]
    refusal(await enter(client, batch_id=NOWHERE, amount=1), 404)
    refusal(await enter(client, line_id=NOWHERE, amount=1), 404)
    assert refusal(await client.delete(f"{PLANT}/batches/{batch['id']}"), 409)["code"] == "plant.in_use"
    assert refusal(await client.delete(f"{PLANT}/lines/{line['id']}"), 409)["code"] == "plant.in_use"


@pytest.mark.parametrize(
    ("change", "method", "amount"),
    [
        ({"quantity_lost": 5}, "quantity_times_unit_cost", 10),
        ({"unit_cost": 3}, "quantity_times_unit_cost", 12),
        ({"amount": 9}, "amount", 9),
        ({"time_lost_minutes": 30, "hourly_cost": 50}, "minutes_times_hourly_cost", 25),
        ({"description": "Drip tray"}, "quantity_times_unit_cost", 8),
    ],
    ids=str,
)
async def test_a_change_reckons_the_amount_anew(
    client: httpx.AsyncClient, change: Json, method: str, amount: float
) -> None:
    leak = good(await enter(client, plant_name=name("Site"), quantity_lost=4, unit_cost=2))
    changed = good(await client.patch(f"{LEAKS}/{leak['id']}", json=change))
    assert (changed["calculation_method"], changed["amount"], changed["version"]) == (method, amount, 2)
    assert changed == good(await client.get(f"{LEAKS}/{leak['id']}"))


async def test_a_change_that_leaves_no_leak_is_refused_and_changes_nothing(client: httpx.AsyncClient) -> None:
    leak = good(await enter(client, plant_name=name("Site"), quantity_lost=4, unit_cost=2))
    address = f"{LEAKS}/{leak['id']}"
    for change, field in (
        ({"quantity_lost": None}, "quantity_lost"),
        ({"period_end": at(-1)}, "period_end"),
        ({"amount": 1, "unit_cost": 1}, "unit_cost"),
        ({"line_id": NOWHERE}, "line_id"),
    ):
        assert fields_of(refusal(await client.patch(address, json=change), 422)) == [field]
    assert good(await client.get(address)) == leak
    refusal(await client.patch(address, json={"amount": 1}, headers={"If-Match": '"7"'}), 412)


async def test_of_two_who_change_a_leak_at_once_both_changes_count(client: httpx.AsyncClient) -> None:
    leak = good(await enter(client, plant_name=name("Site"), amount=4))
    changes = ({"description": "Drip tray"}, {"root_cause": "Wear"})
    for answer in await asyncio.gather(*(client.patch(f"{LEAKS}/{leak['id']}", json=each) for each in changes)):
        good(answer)
    found = good(await client.get(f"{LEAKS}/{leak['id']}"))
    assert (found["description"], found["root_cause"], found["version"]) == ("Drip tray", "Wear", 3)


async def test_what_is_entered_changed_and_taken_out_is_recorded(client: httpx.AsyncClient, witness: Witness) -> None:
    leak = good(await enter(client, plant_name=name("Site"), amount=4))
    address = f"{LEAKS}/{leak['id']}"
    good(await client.patch(address, json={"amount": 5}))
    assert (await client.delete(address)).status_code == 204
    refusal(await client.get(address), 404)
    refusal(await client.delete(address), 404)
    entries = [entry for entry in await witness.recorded() if entry.subject == leak["id"]]
    assert [entry.action for entry in entries] == ["money_leak.entered", "money_leak.changed", "money_leak.deleted"]


async def test_leaks_are_found_by_what_they_are_of_and_when(client: httpx.AsyncClient) -> None:
    site = name("Site")
    line = await make.line(client, plant_name=site)
    of_line = good(await enter(client, line_id=line["id"], amount=4, subcategory="drip", category="quality_loss"))
    later = {"period_start": at(20), "period_end": at(30)}
    of_site = good(await enter(client, plant_name=site, amount=9, description="Drained tank", **later))
    for wanted, found in (
        ({}, {of_line["id"], of_site["id"]}),
        ({"line_id": line["id"]}, {of_line["id"]}),
        ({"category": "quality_loss"}, {of_line["id"]}),
        ({"search": "drained"}, {of_site["id"]}),
        ({"period_start__gte": at(8)}, {of_site["id"]}),
        ({"period_end__lte": at(8)}, {of_line["id"]}),
        ({"amount__gt": "4"}, {of_site["id"]}),
        ({"category": "speed_loss"}, set()),
    ):
        assert await ids_of(client, "money-leaks", plant_name=site, **wanted) == found
    refusal(await client.get(LEAKS, params={"category": "bananas"}), 422)


async def test_leaks_are_those_of_ones_own_company_and_permissions(
    client: httpx.AsyncClient, akron_client: httpx.AsyncClient, client_of: ClientOf
) -> None:
    leak = good(await enter(client, plant_name=name("Site"), amount=4))
    refusal(await akron_client.get(f"{LEAKS}/{leak['id']}"), 404)
    good(await client_of("viewer").get(f"{LEAKS}/{leak['id']}"))
    refusal(await enter(client_of("viewer"), plant_name=name("Site"), amount=4), 403)


async def test_leaks_of_lines_and_of_sites_are_those_of_ones_own_sites(
    client: httpx.AsyncClient, north: httpx.AsyncClient, limited: Limited
) -> None:
    leaks: dict[str, list[str]] = {}
    lines = {site: (await make.line(client, plant_name=site))["id"] for site in (NORTH, SOUTH)}
    for site, line in lines.items():
        entered = [await enter(client, line_id=line, amount=4), await enter(client, plant_name=site, amount=5)]
        leaks[site] = [good(each)["id"] for each in entered]
    found = await ids_of(north, "money-leaks")
    assert set(leaks[NORTH]) <= found
    assert not set(leaks[SOUTH]) & found
    assert await ids_of(limited(), "money-leaks") == set()
    for id in leaks[SOUTH]:
        for answer in (await north.get(f"{LEAKS}/{id}"), await north.delete(f"{LEAKS}/{id}")):
            refusal(answer, 404)
    assert fields_of(refusal(await enter(north, plant_name=SOUTH, amount=4), 422)) == ["plant_name"]
    refusal(await enter(north, line_id=lines[SOUTH], amount=4), 404)
    for asked in ("overview", "by-category"):
        params = {**WINDOW, "plant_name": [NORTH, SOUTH]}
        wide, own, none = [good(await who.get(f"{LEAKS}/{asked}", params=params)) for who in (client, north, limited())]
        rows = [answer["by_category"] if asked == "overview" else answer for answer in (wide, own, none)]
        amounts = [sum(row["amount"] for row in each if row["source"] == "entered") for each in rows]
        assert amounts == [18, 9, 0]


@pytest.fixture
async def leaking(client: httpx.AsyncClient) -> Json:
    """A line at 10 a minute and 600 an hour that lost all that can be computed, in eight hours."""
    codes = {}
    for loss in ("startup_rejects", "process_defects"):
        codes[loss] = name("reason")
        body = {"code": codes[loss], "name": loss, "loss": loss, "unit_cost": 0.335}
        good(await client.post(f"{PLANT}/scrap-reasons", json=body))
    line = await make.line(client, design_speed=10, hourly_cost=600, plant_name=name("Site"))
    moments = ((0, "changeover"), (40, "running"), (100, "downtime"), (150, "running"), (200, "downtime"))
    for minute, status in (*moments, (202, "running"), (300, "idle"), (310, "running")):
        good(await make.state(client, line["id"], status, at(minute / 60)))
    good(await make.count(client, line["id"], at=at(1), scrap=101, scrap_reason=codes["startup_rejects"]))
    good(await make.count(client, line["id"], at=at(8), good=3220))
    good(await make.count(client, line["id"], at=at(8), scrap=80, scrap_reason=codes["process_defects"]))
    good(await make.count(client, line["id"], at=at(8), scrap=3, scrap_reason="nobody knows"))
    return line


async def test_what_is_computed_is_what_the_losses_cost(client: httpx.AsyncClient, leaking: Json) -> None:
    site = leaking["plant_name"]
    answer = await overview(client, plant_name=site)
    losses = good(await client.get(f"{PLANT}/losses", params={**WINDOW, "plant_name": site}))["total"]
    cost = {row["loss"]: row["cost"] for row in losses["losses"]}
    assert by_category(answer) == {
        ("downtime_loss", "computed"): cost["breakdowns"],
        ("changeover_loss", "computed"): cost["setup_and_adjustment"],
        ("speed_loss", "computed"): pytest.approx(cost["minor_stops"] + cost["reduced_speed"]),
        ("scrap_loss", "computed"): cost["process_defects"],
        ("startup_loss", "computed"): cost["startup_rejects"],
    }
    assert answer["total"] == answer["computed_total"] == losses["cost"]
    assert (answer["uncosted_items"], answer["uncosted_minutes"]) == (3, 0)
    minutes = {row["loss"]: row["minutes"] for row in losses["losses"]}
    told = {row["category"]: row["minutes"] for row in answer["by_category"]}
    assert told["speed_loss"] == pytest.approx(minutes["minor_stops"] + minutes["reduced_speed"])
    assert sum(row["percentage_of_total"] for row in answer["by_category"]) == pytest.approx(100)
    assert answer["by_category"] == good(
        await client.get(f"{LEAKS}/by-category", params={**WINDOW, "plant_name": site})
    )


async def test_what_was_entered_of_a_computed_category_is_shown_and_not_counted_twice(
    client: httpx.AsyncClient, leaking: Json
) -> None:
    site = leaking["plant_name"]
    before = (await overview(client, plant_name=site))["total"]
    good(await enter(client, line_id=leaking["id"], category="downtime_loss", amount=100))
    good(await enter(client, line_id=leaking["id"], category="yield_loss", amount=7))
    good(await enter(client, plant_name=site, category="yield_loss", amount=2))
    answer = await overview(client, plant_name=site)
    assert (answer["total"], answer["entered_total"]) == (pytest.approx(before + 9), 9)
    rows = {(row["category"], row["source"]): row for row in answer["by_category"]}
    twice, other = rows["downtime_loss", "entered"], rows["yield_loss", "entered"]
    assert (twice["amount"], twice["is_added"], twice["percentage_of_total"]) == (100, False, None)
    assert (other["amount"], other["count"], other["average"], other["is_added"]) == (9, 2, 4.5, True)
    assert other["percentage_of_total"] == pytest.approx(9 / answer["total"] * 100, rel=1e-4)
    (line,) = answer["top_lines"]
    assert (line["amount"], line["computed"], line["entered"]) == (pytest.approx(before + 7), before, 7)
    both = await overview(client, plant_name=site, include_entered="true")
    assert (both["total"], both["entered_total"]) == (pytest.approx(before + 109), 109)
    assert all(row["is_added"] for row in both["by_category"])


async def test_windows_beside_each_other_share_a_leak_out_exactly(client: httpx.AsyncClient) -> None:
    site = name("Site")
    good(await enter(client, plant_name=site, amount=100, period_start=at(0), period_end=at(3)))
    parts = [await overview(client, plant_name=site, start_time=at(n), end_time=at(n + 1)) for n in range(3)]
    assert [part["total"] for part in parts] == [33.33] * 3
    assert (await overview(client, plant_name=site, start_time=at(0), end_time=at(3)))["total"] == 100
    assert (await overview(client, plant_name=site, start_time=at(3), end_time=at(9)))["by_category"] == []


async def test_sums_are_rounded_once_and_not_leak_by_leak(client: httpx.AsyncClient) -> None:
    """A hundred leaks of 0.01 of which a third lies in the window are 0.33, and not a hundred times 0.00."""
    site = name("Site")
    for _ in range(100):
        good(await enter(client, plant_name=site, amount=0.01, period_start=at(0), period_end=at(3)))
    exact = Fraction(Decimal("0.01")) * 100 / 3
    answer = await overview(client, plant_name=site, start_time=at(0), end_time=at(1))
    assert answer["total"] == 0.33 == round(float(exact), 2)


async def test_the_five_lines_that_lose_most_are_told_worst_first(client: httpx.AsyncClient) -> None:
    site = name("Site")
    lines = [await make.line(client, plant_name=site) for _ in range(7)]
    for cost, line in enumerate(lines):
        good(await enter(client, line_id=line["id"], amount=cost))
    answer = await overview(client, plant_name=site)
    assert [line["line_id"] for line in answer["top_lines"]] == [line["id"] for line in reversed(lines[2:])]


async def test_time_without_a_price_is_said_and_is_not_nothing(client: httpx.AsyncClient) -> None:
    line = await make.line(client, plant_name=name("Site"))
    good(await make.state(client, line["id"], "downtime", at(1)))
    good(await make.state(client, line["id"], "not_scheduled", at(2)))
    answer = await overview(client, plant_name=line["plant_name"])
    (row,) = answer["by_category"]
    assert (row["category"], row["amount"], row["minutes"], row["count"]) == ("downtime_loss", None, 60, 1)
    assert (answer["uncosted_minutes"], answer["total"]) == (60, 0)


async def test_leaks_cost_as_many_statements_for_many_lines_as_for_one(
    client: httpx.AsyncClient, statements: list[str]
) -> None:
    sites = {}
    for count in (1, 4):
        site = name("Site")
        for _ in range(count):
            line = await make.line(client, plant_name=site, hourly_cost=1)
            good(await make.state(client, line["id"], "downtime", at(1)))
            good(await make.state(client, line["id"], "running", at(2)))
            good(await enter(client, line_id=line["id"], amount=1))
        statements.clear()
        await overview(client, plant_name=site)
        sites[count] = len(statements)
    assert sites[1] == sites[4]


@pytest.mark.parametrize("wanted", [{"start_time": at(0)}, {"end_time": at(0)}, {**WINDOW, "plant_id": NOWHERE}])
async def test_a_window_is_named(client: httpx.AsyncClient, wanted: dict[str, str]) -> None:
    for asked in ("overview", "by-category"):
        refusal(await client.get(f"{LEAKS}/{asked}", params=wanted), 422)
