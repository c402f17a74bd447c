"""The tree of reasons over HTTP."""

import httpx

from tests.plant import make
from tests.plant.make import NOWHERE, PLANT, Json, fields_of, good, refusal

REASONS = f"{PLANT}/stop-reasons"


async def made(client: httpx.AsyncClient, **fields: object) -> Json:
    body = {"code": make.name("reason"), "name": "Jam", "category": "mechanical", "loss": "breakdowns", **fields}
    answer: Json = good(await client.post(REASONS, json=body))
    return answer


async def test_every_company_begins_with_a_tree(client: httpx.AsyncClient, akron_client: httpx.AsyncClient) -> None:
    for each in (client, akron_client):
        tree = {branch["code"]: branch for branch in good(await each.get(REASONS))}
        assert {"mechanical", "changeover", "maintenance", "no-material"} <= tree.keys()
        assert "conveyor" in {child["code"] for child in tree["mechanical"]["children"]}
        assert (tree["changeover"]["loss"], tree["maintenance"]["loss"]) == ("setup_and_adjustment", None)


async def test_a_reason_is_moved_but_never_below_itself(client: httpx.AsyncClient) -> None:
    above, other = await made(client), await made(client)
    below = await made(client, parent_id=above["id"])
    circle = await client.patch(f"{REASONS}/{above['id']}", json={"parent_id": below["id"]})
    assert refusal(circle, 422)["errors"][0]["code"] == "plant.reason.circle"
    itself = await client.patch(f"{REASONS}/{above['id']}", json={"parent_id": above["id"]})
    assert fields_of(refusal(itself, 422)) == ["parent_id"]
    moved = good(await client.patch(f"{REASONS}/{below['id']}", json={"parent_id": other["id"]}))
    assert moved["parent_id"] == other["id"]
    good(await client.delete(f"{REASONS}/{above['id']}"))


async def test_a_reason_that_is_used_is_taken_out_of_use_instead_of_deleted(
    client: httpx.AsyncClient, line: Json
) -> None:
    reason = await made(client)
    told = {"line_id": line["id"], "reason_id": reason["id"]}
    stop = good(await client.post(f"{PLANT}/downtimes", json=told))
    refusal(await client.delete(f"{REASONS}/{reason['id']}"), 409)
    good(await client.patch(f"{REASONS}/{reason['id']}", json={"is_active": False}))
    again = await client.patch(f"{PLANT}/downtimes/{stop['id']}", json={"reason_id": reason["id"]})
    assert refusal(again, 409)["code"] == "plant.reason.inactive"


async def test_codes_are_given_once_and_parents_exist(client: httpx.AsyncClient) -> None:
    reason = await made(client)
    body = {"code": reason["code"], "name": "Jam", "category": "other"}
    refusal(await client.post(REASONS, json=body), 409)
    unknown = await client.post(REASONS, json={**body, "code": make.name("reason"), "parent_id": NOWHERE})
    assert fields_of(refusal(unknown, 422)) == ["parent_id"]


async def test_a_state_is_given_a_reason_of_the_tree(client: httpx.AsyncClient, line: Json) -> None:
    reason = await made(client)
    body = {"status": "downtime", "at": make.at(), "reason_id": reason["id"]}
    good(await client.post(f"{PLANT}/lines/{line['id']}/status", json=body))
    (stop,) = good(await client.get(f"{PLANT}/downtimes", params={"line_id": line["id"]}))["results"]
    assert (stop["reason_id"], stop["reason_category"]) == (reason["id"], "mechanical")
    refusal(await client.post(f"{PLANT}/lines/{line['id']}/status", json={**body, "reason_id": NOWHERE}), 404)
