"""What batches cost over HTTP: labour, material and scrap, in the company's currency."""

import httpx
import pytest

from tests.plant import make
from tests.plant.make import PLANT, Json, fields_of, good, refusal

BATCHES = f"{PLANT}/batches"


@pytest.fixture
async def batch(client: httpx.AsyncClient, line: Json) -> Json:
    """A planned batch of a company that reckons in euros, 30 for an hour."""
    good(await client.put(f"{PLANT}/settings", json={"currency": "EUR", "labour_rate": 30}))
    return await make.batch(client, line["id"])


async def costs(client: httpx.AsyncClient, batch: Json) -> Json:
    found: Json = good(await client.get(f"{BATCHES}/{batch['id']}/costs"))
    return found


async def test_without_a_currency_no_amount_is_taken(akron_client: httpx.AsyncClient) -> None:
    line = await make.line(akron_client)
    batch = await make.batch(akron_client, line["id"])
    settings = good(await akron_client.get(f"{PLANT}/settings"))
    assert (settings["currency"], settings["version"]) == (None, 0)
    for answer in (
        await akron_client.post(f"{BATCHES}/{batch['id']}/labour", json={"amount": 1}),
        await akron_client.post(
            f"{BATCHES}/{batch['id']}/materials", json={"description": "a", "quantity": 1, "unit_cost": 1}
        ),
        await akron_client.patch(f"{BATCHES}/{batch['id']}", json={"unit_cost": 1}),
        await akron_client.post(f"{PLANT}/scrap-reasons", json={"code": "a", "name": "a", "unit_cost": 1}),
    ):
        assert refusal(answer, 409)["code"] == "plant.currency_unknown"
    assert fields_of(refusal(await akron_client.put(f"{PLANT}/settings", json={"currency": "ABC"}), 422)) == [
        "currency"
    ]


async def test_where_nothing_is_known_a_cost_is_null_and_not_nought(client: httpx.AsyncClient, batch: Json) -> None:
    assert [batch[f"{kind}_cost"] for kind in ("labor", "material", "scrap")] == [None] * 3
    found = await costs(client, batch)
    assert [found[kind] for kind in ("labour", "material", "scrap", "total", "per_good_item")] == [None] * 5


async def test_labour_material_and_scrap_are_added_up_in_the_company_s_currency(
    client: httpx.AsyncClient, line: Json, batch: Json
) -> None:
    address = f"{BATCHES}/{batch['id']}"
    labour = good(await client.post(f"{address}/labour", json={"minutes": 50, "people": 2}))
    assert (labour["amount"], labour["unit_cost"]) == (50, 30)
    assert good(await client.post(f"{address}/labour", json={"minutes": 10, "rate": 12.5}))["amount"] == 2.08
    good(await client.post(f"{address}/labour", json={"amount": 7.92, "description": "overtime"}))
    sugar = {"description": "Sugar", "quantity": 12.5, "unit": "kg", "unit_cost": 0.9999}
    assert good(await client.post(f"{address}/materials", json=sugar))["amount"] == 12.5
    good(await client.patch(address, json={"unit_cost": 1.5}))
    good(await make.run(client, batch["id"], "start", make.at()))
    good(await make.count(client, line["id"], good=145, scrap=4))
    found = await costs(client, batch)
    kinds = {kind: found[kind] for kind in ("labour", "material", "scrap", "total", "per_good_item", "currency")}
    expected = {"labour": 60, "material": 12.5, "scrap": 6, "total": 72.5, "per_good_item": 0.5, "currency": "EUR"}
    assert kinds == expected
    assert (found["scrap_uncosted"], len(found["costs"])) == (0, 4)
    shown = good(await client.get(address))
    assert [shown[name] for name in ("labor_cost", "material_cost", "scrap_cost", "currency")] == [60, 12.5, 6, "EUR"]
    good(await client.delete(f"{PLANT}/batch-costs/{labour['id']}"))
    assert (await costs(client, batch))["labour"] == 10
    refusal(await client.get(f"{PLANT}/batch-costs/{labour['id']}"), 404)


async def test_scrap_of_unknown_cost_is_said_to_be(client: httpx.AsyncClient, line: Json, batch: Json) -> None:
    good(await make.run(client, batch["id"], "start", make.at()))
    good(await make.count(client, line["id"], scrap=4))
    found = await costs(client, batch)
    assert (found["scrap"], found["scrap_uncosted"]) == (None, 4)


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("labour", {}),
        ("labour", {"minutes": -1}),
        ("labour", {"minutes": 1, "people": 0}),
        ("labour", {"amount": 1, "rate": 1}),
        ("materials", {"description": "a", "quantity": 0, "unit_cost": 1}),
        ("materials", {"description": "a", "quantity": 1}),
        ("materials", {"description": "", "quantity": 1, "unit_cost": 1}),
    ],
    ids=str,
)
async def test_what_is_no_cost_is_refused(client: httpx.AsyncClient, batch: Json, what: str, body: Json) -> None:
    refusal(await client.post(f"{BATCHES}/{batch['id']}/{what}", json=body), 422)


async def test_the_currency_stays_once_an_amount_is_recorded_and_the_rate_may_change(
    client: httpx.AsyncClient, batch: Json
) -> None:
    good(await client.post(f"{BATCHES}/{batch['id']}/labour", json={"amount": 1}))
    refused = refusal(await client.put(f"{PLANT}/settings", json={"currency": "USD"}), 409)
    assert refused["code"] == "plant.currency_in_use"
    changed = good(await client.put(f"{PLANT}/settings", json={"currency": "EUR"}))
    assert changed["labour_rate"] is None
    unknown = await client.post(f"{BATCHES}/{batch['id']}/labour", json={"minutes": 1})
    assert fields_of(refusal(unknown, 422)) == ["rate"]
