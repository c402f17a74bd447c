"""The contract's kinds of activity, as a client from elsewhere sees them: with a key, and with no word of its own."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.live.contract.make import faults, refused
from tests.live.make import (
    ACTIVITIES,
    NO_ACTIVITY,
    POLL,
    UNKNOWN,
    Json,
    activity,
    of,
    poll,
    session,
)


async def test_the_kinds_of_activity_are_listed(client: httpx.AsyncClient) -> None:
    kinds = {each["id"]: each for each in (await client.get(f"{ACTIVITIES}/types")).json()["activity_types"]}
    assert (kinds["poll"]["name"], kinds["poll"]["version"]) == ("Polling", "1.0.0")
    assert set(kinds["poll"]) == {"id", "name", "description", "version"}


async def test_each_kind_says_what_it_is_set_up_with(client: httpx.AsyncClient) -> None:
    said = (await client.get(f"{ACTIVITIES}/types/poll/schema")).json()
    assert set(said) == {"activity_type", "schema"}
    assert set(said["schema"]["required"]) == {"question", "options"}
    refused(await client.get(f"{ACTIVITIES}/types/charades/schema"), 404)


@pytest.mark.parametrize(
    ("kind", "configuration", "faulty"), [("poll", POLL, 0), ("poll", {"question": " "}, 2), ("x", {}, 1)]
)
async def test_a_configuration_is_looked_at(
    client: httpx.AsyncClient, kind: str, configuration: Json, faulty: int
) -> None:
    body = {"activity_type": kind, "configuration": configuration}
    said = (await client.post(f"{ACTIVITIES}/validate", json=body)).json()
    assert (said["valid"], len(said["errors"]), said["warnings"]) == (faulty == 0, faulty, [])
    assert faults(await client.post(f"{ACTIVITIES}/validate", json={"activity_type": kind}))


async def test_an_activity_of_a_kind_goes_as_its_kind_does(client: httpx.AsyncClient) -> None:
    made = await session(client)
    said = await poll(client, made["id"], activity_metadata={"duration_seconds": 60, "room": 5})
    assert (said["type"], said["config"], said["status"], said["state"]) == ("poll", POLL, "draft", "draft")
    assert said["activity_metadata"] == {
        "duration_seconds": 60,
        "max_responses": None,
        "allow_multiple_responses": False,
        "show_live_results": True,
        "requires_moderation": False,
        "activity_type": "poll",
        "room": 5,
    }


@pytest.mark.parametrize(
    "fields", [{"activity_type": "charades"}, {"configuration": {}}, {"configuration": {"question": "?"}}], ids=str
)
async def test_an_activity_that_cannot_be_led_is_refused(client: httpx.AsyncClient, fields: Json) -> None:
    made = await session(client)
    body = {"activity_type": "poll", "title": "Ready?", "configuration": POLL, **fields}
    refused(await client.post(of(made["id"], "/activities/framework"), json=body), 400)


async def test_an_activity_of_a_kind_needs_a_session_and_a_title(client: httpx.AsyncClient) -> None:
    body = {"activity_type": "poll", "title": "Ready?", "configuration": POLL}
    refused(await client.post(of(UNKNOWN, "/activities/framework"), json=body), 400, "Session not found")
    made = await session(client)
    for wrong in ({"title": ""}, {"title": "a" * 501}, {"order_index": -1}):
        assert faults(await client.post(of(made["id"], "/activities/framework"), json=body | wrong))


async def test_transitions_lead_from_a_draft_to_the_end(client: httpx.AsyncClient) -> None:
    made = await session(client)
    path = f"{ACTIVITIES}/{(await poll(client, made['id']))['id']}/transition"
    seen = []
    for target in ("published", "draft", "published", "active", "expired"):
        answer = await client.post(path, json={"target_state": target, "reason": "so"})
        seen.append((answer.status_code, answer.json()["state"], answer.json()["status"]))
    assert seen == [
        (200, "published", "draft"),
        (200, "draft", "draft"),
        (200, "published", "draft"),
        (200, "active", "active"),
        (200, "expired", "completed"),
    ]


@pytest.mark.parametrize(
    ("source", "target"), [("draft", "draft"), ("draft", "active"), ("active", "published"), ("completed", "active")]
)
async def test_other_transitions_need_force(client: httpx.AsyncClient, source: str, target: str) -> None:
    made = await session(client)
    held = await activity(client, made["id"], status=source)
    path = f"{ACTIVITIES}/{held['id']}/transition"
    answer = await client.post(path, json={"target_state": target})
    refused(answer, 400)
    assert held["state"] in answer.json()["detail"]
    assert target in answer.json()["detail"]
    forced = await client.post(path, json={"target_state": target, "force": True})
    assert (forced.status_code, forced.json()["state"]) == (200, target)


async def test_a_transition_of_nothing_is_refused_and_to_nowhere_not_valid(client: httpx.AsyncClient) -> None:
    path = f"{ACTIVITIES}/{NO_ACTIVITY}/transition"
    refused(await client.post(path, json={"target_state": "active"}), 400, "Activity not found")
    assert faults(await client.post(path, json={"target_state": "cancelled"}))
    assert faults(await client.post(path, json={"target_state": "active", "reason": "a" * 501}))


async def test_an_activity_that_is_opened_ends_after_its_time(client: httpx.AsyncClient) -> None:
    made = await session(client)
    held = await poll(client, made["id"], activity_metadata={"duration_seconds": 60})
    path = f"{ACTIVITIES}/{held['id']}/transition"
    before = datetime.now(UTC)
    said = (await client.post(path, json={"target_state": "active", "force": True})).json()
    ends = datetime.fromisoformat(said["expires_at"])
    assert before + timedelta(seconds=60) <= ends <= datetime.now(UTC) + timedelta(seconds=60)


async def test_an_activity_has_one_state_that_is_seen_twice(client: httpx.AsyncClient) -> None:
    made = await session(client)
    path = f"{ACTIVITIES}/{(await poll(client, made['id']))['id']}"
    assert (await client.put(path, json={"status": "active"})).json()["state"] == "active"
    moved = (await client.post(f"{path}/transition", json={"target_state": "expired"})).json()
    assert (moved["state"], moved["status"]) == ("expired", "completed")
    changed = (await client.put(path, json={"config": POLL | {"question": "Sure?"}})).json()
    assert changed["config"]["question"] == "Sure?"
