"""Scrap over HTTP: reported once, by reason, with what it cost."""

import httpx
import pytest

from tests.plant import make
from tests.plant.make import PLANT, Json, Witness, fields_of, good, refusal


@pytest.fixture
async def running(client: httpx.AsyncClient, line: Json) -> Json:
    """A batch in progress since this time yesterday, in a company that reckons in euros."""
    good(await client.put(f"{PLANT}/settings", json={"currency": "EUR", "labour_rate": 30}))
    batch = await make.batch(client, line["id"])
    started: Json = good(await make.run(client, batch["id"], "start", make.at()))
    return started


async def reason(client: httpx.AsyncClient, **fields: object) -> Json:
    made: Json = good(await client.post(f"{PLANT}/scrap-reasons", json={"code": make.name("R"), "name": "x", **fields}))
    return made


async def scrap(client: httpx.AsyncClient, batch: Json, **fields: object) -> httpx.Response:
    return await client.post(f"{PLANT}/batches/{batch['id']}/scrap", json={"scrap_type": "burnt", **fields})


EVERYTHING = {
    "scrap_type": "burnt",
    "scrap_reason": "temperature",
    "severity": "high",
    "root_cause": "burner",
    "corrective_action": "cleaned",
    "estimated_cost": 12.5,
    "detected_by": "camera 2",
    "operator_name": "Ann",
    "image_url": "https://pictures.example/1.jpg",
}


async def test_scrap_is_a_count_and_is_counted_once(
    client: httpx.AsyncClient, line: Json, running: Json, witness: Witness
) -> None:
    await witness.look_away()
    event = good(await scrap(client, running, quantity=100, event_time=make.at(minutes=5), **EVERYTHING))
    assert event.items() >= {**EVERYTHING, "quantity": 100, "event_time": make.at(minutes=5), "currency": "EUR"}.items()
    count = good(await client.get(f"{PLANT}/counts/{event['id']}"))
    assert (count["scrap"], count["scrap_type"], count["scrap_reason"]) == (100, "burnt", "temperature")
    batch = good(await client.get(f"{PLANT}/batches/{running['id']}"))
    assert (batch["scrap_quantity"], batch["scrap_cost"], batch["currency"]) == (100, 12.5, "EUR")
    [told] = await witness.told()
    assert (told.type, told.subject) == ("plant.scrap.detected", f"plant.batch/{running['id']}")
    data = {"count_id": event["id"], "quantity": 100, "scrap_type": "burnt", "severity": "high"}
    assert told.data.items() >= data.items()
    again = await scrap(client, running, quantity=100, event_time=make.at(minutes=5), **EVERYTHING)
    assert good(again)["id"] == event["id"]
    assert len(await witness.told()) == 1
    found = good(await client.get(f"{PLANT}/scrap-events", params={"line_id": line["id"], "severity": "high"}))
    assert [row["id"] for row in found["results"]] == [event["id"]]
    good(await client.post(f"{PLANT}/counts/{event['id']}/reverse", json={"reason": "it was good"}))
    assert good(await client.get(f"{PLANT}/scrap-events", params={"line_id": line["id"]}))["count"] == 0
    batch = good(await client.get(f"{PLANT}/batches/{running['id']}"))
    assert (batch["scrap_quantity"], batch["scrap_cost"]) == (0, 0)


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("quantity", {"quantity": 0}),
        ("quantity", {}),
        ("scrap_type", {"quantity": 1, "scrap_type": ""}),
        ("severity", {"quantity": 1, "severity": "bad"}),
        ("image_url", {"quantity": 1, "image_url": "http://pictures.example/1.jpg"}),
        ("image_url", {"quantity": 1, "image_url": "javascript:alert(1)"}),
        ("estimated_cost", {"quantity": 1, "estimated_cost": -1}),
        ("event_time", {"quantity": 1, "event_time": "2999-01-01T00:00:00Z"}),
    ],
    ids=str,
)
async def test_what_is_no_scrap_is_refused(client: httpx.AsyncClient, running: Json, field: str, fields: Json) -> None:
    refused = refusal(await scrap(client, running, **fields), 422)
    assert fields_of(refused)[0] in {field, "at"}


async def test_scrap_by_reason_says_shares_and_costs_the_biggest_first(
    client: httpx.AsyncClient, line: Json, running: Json
) -> None:
    hot, cold = await reason(client, unit_cost=1.5), await reason(client, loss="startup_rejects")
    good(await scrap(client, running, quantity=30, scrap_reason=cold["code"], event_time=make.at(1)))
    good(await make.count(client, line["id"], scrap=50, scrap_reason=hot["code"], at=make.at(2)))
    good(await make.count(client, line["id"], scrap=10, scrap_reason=hot["code"], at=make.at(3)))
    wrong = good(await make.count(client, line["id"], scrap=99, scrap_reason=hot["code"], at=make.at(4)))
    good(await client.post(f"{PLANT}/counts/{wrong['id']}/reverse", json={"reason": "x"}))
    good(await make.count(client, line["id"], scrap=10, at=make.at(5)))
    good(await client.patch(f"{PLANT}/scrap-reasons/{hot['id']}", json={"unit_cost": 9}))  # from now on
    of_batch = good(await client.get(f"{PLANT}/batches/{running['id']}/scrap-by-reason"))
    assert (of_batch["quantity"], of_batch["currency"]) == (100, "EUR")
    rows = [(r["reason"], r["quantity"], r["share"], r["cumulative_share"], r["cost"]) for r in of_batch["reasons"]]
    assert rows == [(hot["code"], 60, 0.6, 0.6, 90), (cold["code"], 30, 0.3, 0.9, None), ("", 10, 0.1, 1, None)]
    assert [row["loss"] for row in of_batch["reasons"]] == ["process_defects", "startup_rejects", None]
    window = {"start_time": make.at(), "end_time": make.at(3)}
    asked = {"line_id": line["id"], "product_code": "SOUP", **window}
    of_line = good(await client.get(f"{PLANT}/scrap/by-reason", params=asked))
    assert of_line["quantity"] == 90
    assert good(await client.get(f"{PLANT}/scrap/by-reason", params={**asked, "product_code": "X"}))["reasons"] == []
    refusal(await client.get(f"{PLANT}/scrap/by-reason", params={"lines": "1"}), 422)
    good(await client.patch(f"{PLANT}/batches/{running['id']}", json={"unit_cost": 2}))
    assert good(await client.get(f"{PLANT}/batches/{running['id']}"))["scrap_cost"] == 90 + 40 * 2


async def test_a_reason_is_kept_once_something_was_scrapped_for_it(
    client: httpx.AsyncClient, line: Json, running: Json
) -> None:
    used, unused = await reason(client), await reason(client)
    taken = await client.post(f"{PLANT}/scrap-reasons", json={"code": used["code"], "name": "y"})
    assert refusal(taken, 409)["code"] == "plant.taken"
    good(await make.count(client, line["id"], scrap=1, scrap_reason=used["code"]))
    assert (
        refusal(await client.delete(f"{PLANT}/scrap-reasons/{used['id']}"), 409)["code"] == "plant.scrap_reason.in_use"
    )
    good(await client.delete(f"{PLANT}/scrap-reasons/{unused['id']}"))
    good(await client.patch(f"{PLANT}/scrap-reasons/{used['id']}", json={"is_active": False}))
    found = good(await client.get(f"{PLANT}/scrap-reasons", params={"is_active": "false", "code": used["code"]}))
    assert [row["id"] for row in found["results"]] == [used["id"]]
