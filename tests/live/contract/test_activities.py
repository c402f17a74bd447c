"""The contract's activities, as a client from elsewhere sees them: with a key, and with no word of its own."""

import httpx
import pytest

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database
from tests.live.contract.make import ACTIVITY, MOMENT, faults, keep, refused
from tests.live.make import (
    ACTIVITIES,
    NO_ACTIVITY,
    UNKNOWN,
    Json,
    activity,
    joined,
    of,
    session,
)


async def test_a_new_activity_is_a_draft_of_any_type(client: httpx.AsyncClient) -> None:
    made = await session(client)
    answer = await client.post(of(made["id"], "/activities"), json={"type": "charades", "colour": "red"})
    assert answer.status_code == 201
    said = answer.json()
    assert set(said) >= ACTIVITY
    assert (said["session_id"], said["type"], said["config"]) == (made["id"], "charades", {})
    assert (said["order_index"], said["status"]) == (0, "draft")
    assert (await client.get(f"{ACTIVITIES}/{said['id']}")).json() == said


@pytest.mark.parametrize("status", ["draft", "active", "completed", "cancelled"])
async def test_an_activity_is_made_in_any_status(client: httpx.AsyncClient, status: str) -> None:
    made = await session(client)
    assert (await activity(client, made["id"], status=status))["status"] == status


@pytest.mark.parametrize("fields", [{"status": None}, {"type": ""}, {"type": "a" * 50}, {"order_index": -5}], ids=str)
async def test_what_is_unusual_in_an_activity_is_taken(client: httpx.AsyncClient, fields: Json) -> None:
    made = await session(client)
    said = await activity(client, made["id"], **fields)
    assert said["status"] == "draft"
    assert {name: said[name] for name in fields if name != "status"} == {
        name: value for name, value in fields.items() if name != "status"
    }


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": 5},
        {"type": "poll", "config": []},
        {"type": "poll", "config": {"a": "\0"}},
        {"type": "poll", "order_index": "x"},
        {"type": "poll", "order_index": 2**31},
        {"type": "poll", "status": "paused"},
    ],
    ids=str,
)
async def test_an_activity_that_cannot_be_is_not_valid(client: httpx.AsyncClient, body: Json) -> None:
    made = await session(client)
    assert faults(await client.post(of(made["id"], "/activities"), json=body))


@pytest.mark.parametrize("config", ['{"a": NaN}', '{"a": Infinity}', '{"a": "\\ud800"}', '{"\\ud800": 1}'])
async def test_a_configuration_that_cannot_be_kept_is_not_valid(client: httpx.AsyncClient, config: str) -> None:
    made = await session(client)
    body = f'{{"type": "poll", "config": {config}}}'
    headers = {"content-type": "application/json"}
    assert faults(await client.post(of(made["id"], "/activities"), content=body, headers=headers))


async def test_an_activity_of_an_unknown_session_is_refused(client: httpx.AsyncClient) -> None:
    refused(await client.post(of(UNKNOWN, "/activities"), json={"type": "poll"}), 400, "Session not found")
    made = await session(client)
    refused(await client.post(of(made["id"], "/activities"), json={"type": "a" * 51}), 400)


async def test_activities_are_listed_by_their_order_and_then_by_age(client: httpx.AsyncClient) -> None:
    made = await session(client)
    indices = [2, 0, 1, 0]
    ids = [(await activity(client, made["id"], order_index=index))["id"] for index in indices]
    found = (await client.get(of(made["id"], "/activities"))).json()
    assert [each["id"] for each in found["activities"]] == [ids[1], ids[3], ids[2], ids[0]]
    assert found["total"] == 4
    page = (await client.get(of(made["id"], "/activities"), params={"offset": 1, "limit": 2})).json()
    assert ([each["id"] for each in page["activities"]], page["total"]) == ([ids[3], ids[2]], 4)


async def test_activities_are_listed_by_status(client: httpx.AsyncClient) -> None:
    made = await session(client)
    for status in ("draft", "active", "active", "completed", "cancelled"):
        await activity(client, made["id"], status=status)
    counts = {
        status: (await client.get(of(made["id"], "/activities"), params={"status": status})).json()["total"]
        for status in ("draft", "active", "completed", "cancelled")
    }
    assert counts == {"draft": 1, "active": 2, "completed": 1, "cancelled": 1}


@pytest.mark.parametrize("params", [{"offset": -1}, {"limit": 0}, {"limit": 1001}, {"status": "paused"}], ids=str)
async def test_a_page_of_activities_that_cannot_be_is_not_valid(client: httpx.AsyncClient, params: Json) -> None:
    made = await session(client)
    assert faults(await client.get(of(made["id"], "/activities"), params=params))


async def test_an_unknown_session_has_no_activities(client: httpx.AsyncClient) -> None:
    listed, current = [await client.get(of(UNKNOWN, f"/activities{rest}")) for rest in ("", "/active")]
    assert (listed.status_code, listed.json()) == (200, {"activities": [], "total": 0})
    assert (current.status_code, current.json()) == (200, None)


async def test_the_activity_that_is_open_is_the_one_changed_last(client: httpx.AsyncClient) -> None:
    made = await session(client)
    path = of(made["id"], "/activities/active")
    assert (await client.get(path)).json() is None
    first, second = [await activity(client, made["id"], status="active") for _ in range(2)]
    assert (await client.get(path)).json()["id"] == second["id"]
    await client.put(f"{ACTIVITIES}/{second['id']}", json={"status": "completed"})
    assert (await client.get(path)).json()["id"] == first["id"]


async def test_an_activity_is_changed_field_by_field(client: httpx.AsyncClient) -> None:
    made = await session(client)
    path = f"{ACTIVITIES}/{(await activity(client, made['id'], config={'a': 1, 'b': {'c': None}}))['id']}"
    changed = (await client.put(path, json={"config": {"b": {"d": None}}, "colour": "red"})).json()
    assert (changed["config"], changed["type"], changed["status"]) == ({"b": {"d": None}}, "poll", "draft")
    changed = (await client.put(path, json={"type": "qna", "order_index": 4, "config": None})).json()
    assert (changed["config"], changed["type"], changed["order_index"]) == ({"b": {"d": None}}, "qna", 4)


@pytest.mark.parametrize("source", ["draft", "active", "completed", "cancelled"])
@pytest.mark.parametrize("target", ["draft", "active", "completed", "cancelled"])
async def test_an_activity_goes_from_any_status_to_any(client: httpx.AsyncClient, source: str, target: str) -> None:
    made = await session(client)
    path = f"{ACTIVITIES}/{(await activity(client, made['id'], status=source))['id']}"
    put = await client.put(path, json={"status": target})
    assert (put.status_code, put.json()["status"]) == (200, target)
    patched = await client.patch(f"{path}/status", params={"status": source})
    assert (patched.status_code, patched.json()["status"]) == (200, source)


async def test_a_status_in_the_body_of_a_patch_is_not_read(client: httpx.AsyncClient) -> None:
    made = await session(client)
    path = f"{ACTIVITIES}/{(await activity(client, made['id']))['id']}/status"
    assert faults(await client.patch(path, json={"status": "active"}))
    assert faults(await client.patch(path, params={"status": "paused"}))


async def test_an_activity_that_there_is_not_is_not_found(client: httpx.AsyncClient) -> None:
    path = f"{ACTIVITIES}/{NO_ACTIVITY}"
    refused(await client.get(path), 404, "Activity not found")
    refused(await client.put(path, json={}), 404, "Activity not found")
    refused(await client.patch(f"{path}/status", params={"status": "active"}), 404, "Activity not found")
    refused(await client.delete(path), 404, "Activity not found")
    assert faults(await client.get(f"{ACTIVITIES}/x"))


async def test_an_activity_is_removed(client: httpx.AsyncClient) -> None:
    made = await session(client)
    path = f"{ACTIVITIES}/{(await activity(client, made['id']))['id']}"
    gone = await client.delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    refused(await client.get(path), 404, "Activity not found")


async def test_the_status_of_an_activity_counts_its_responses(
    client: httpx.AsyncClient, database: Database, demo: Actor
) -> None:
    made, other = await session(client), await session(client)
    held = await activity(client, made["id"])
    path = of(made["id"], f"/activities/{held['id']}/status")
    assert (await client.get(path)).json() == {
        "activity_id": held["id"],
        "status": "draft",
        "response_count": 0,
        "last_response_at": None,
        "last_updated": held["updated_at"],
    }
    place = await joined(client, made["id"])
    await keep(database, demo, held, place, [clock.now()])
    after = (await client.get(path)).json()
    assert (after["response_count"], after["last_updated"]) == (1, held["updated_at"])
    assert MOMENT.fullmatch(after["last_response_at"])
    refused(await client.get(of(other["id"], f"/activities/{held['id']}/status")), 404, "Activity not found")
