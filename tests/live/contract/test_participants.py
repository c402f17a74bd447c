"""The contract's participants, as a client from elsewhere sees them: with a key, and with no word of its own."""

import re
from datetime import timedelta

import httpx
import pytest

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.live.tables.participants import LiveParticipant
from tests.live.contract.make import MOMENT, faults, refused
from tests.live.make import (
    NO_ACTIVITY,
    POLL,
    UNKNOWN,
    Json,
    activity,
    joined,
    of,
    participants,
    session,
)


async def test_somebody_who_joins_is_told_their_number_and_how_the_session_is(client: httpx.AsyncClient) -> None:
    made = await session(client, title="Talk")
    answer = await client.post(of(made["id"], "/join"), json={"nickname": "Ann"})
    assert answer.status_code == 200
    assert re.fullmatch(r"\d+", answer.json()["participant_id"])
    assert answer.json()["session_state"] == {
        "session_id": made["id"],
        "session_title": "Talk",
        "session_status": "draft",
        "current_activity": None,
        "participant_count": 1,
    }


async def test_somebody_who_joins_is_told_what_is_open_even_if_two_are(client: httpx.AsyncClient) -> None:
    made = await session(client)
    await activity(client, made["id"], status="active")
    latest = await activity(client, made["id"], status="active")
    state = (await joined(client, made["id"]))["session_state"]
    assert state["current_activity"] == {"id": latest["id"], "type": "poll", "config": POLL}


async def test_a_nickname_that_is_taken_gets_a_number(client: httpx.AsyncClient) -> None:
    made = await session(client)
    names = [(await joined(client, made["id"], "Ann"))["nickname"] for _ in range(3)]
    assert names == ["Ann", "Ann1", "Ann2"]


@pytest.mark.parametrize("other", ["ann", " Ann", "Ann ", "Ånn"])
async def test_nicknames_are_alike_only_letter_by_letter(client: httpx.AsyncClient, other: str) -> None:
    made = await session(client)
    await joined(client, made["id"], "Ann")
    assert (await joined(client, made["id"], other))["nickname"] == other


@pytest.mark.parametrize("nickname", [" ", "李雷", "👩‍🔧", "a" * 50])
async def test_any_fifty_characters_are_a_nickname(client: httpx.AsyncClient, nickname: str) -> None:
    made = await session(client)
    assert (await joined(client, made["id"], nickname))["nickname"] == nickname


@pytest.mark.parametrize("body", [{}, {"nickname": ""}, {"nickname": "a" * 51}, {"nickname": None}], ids=str)
async def test_a_nickname_of_no_length_that_is_taken_is_not_valid(client: httpx.AsyncClient, body: Json) -> None:
    made = await session(client)
    assert faults(await client.post(of(made["id"], "/join"), json=body))[0]["loc"] == ["body", "nickname"]


async def test_a_nickname_with_no_room_for_a_number_is_refused(client: httpx.AsyncClient) -> None:
    made = await session(client)
    await joined(client, made["id"], "a" * 50)
    refused(await client.post(of(made["id"], "/join"), json={"nickname": "a" * 50}), 400)
    said = (await client.get(of(made["id"], "/nicknames/validate"), params={"nickname": "a" * 50})).json()
    assert said == {"available": False, "suggested_nickname": None}


async def test_an_unknown_session_is_not_joined(client: httpx.AsyncClient) -> None:
    refused(await client.post(of(UNKNOWN, "/join"), json={"nickname": "Ann"}), 400, "Session not found")
    refused(await client.post(of(2**40, "/join"), json={"nickname": "Ann"}), 400, "Session not found")


async def test_a_session_that_is_full_is_not_joined(client: httpx.AsyncClient) -> None:
    made = await session(client, max_participants=1)
    await joined(client, made["id"])
    refused(await client.post(of(made["id"], "/join"), json={"nickname": "Ben"}), 400, "Session is full")


async def test_a_session_that_goes_on_is_joined_too(client: httpx.AsyncClient) -> None:
    made = await session(client)
    await client.put(of(made["id"]), json={"status": "active"})
    assert (await joined(client, made["id"]))["session_state"]["session_status"] == "active"


async def test_a_nickname_is_looked_at_before_it_is_taken(client: httpx.AsyncClient) -> None:
    path = of((made := await session(client))["id"], "/nicknames/validate")
    free = await client.get(path, params={"nickname": "Ann"})
    assert (free.status_code, free.json()) == (200, {"available": True, "suggested_nickname": None})
    await joined(client, made["id"], "Ann")
    await joined(client, made["id"], "Ann1")
    taken = (await client.get(path, params={"nickname": "Ann"})).json()
    assert taken == {"available": False, "suggested_nickname": "Ann2"}


@pytest.mark.parametrize("params", [{}, {"nickname": ""}, {"nickname": "a" * 51}], ids=str)
async def test_a_nickname_that_cannot_be_one_is_not_looked_at(client: httpx.AsyncClient, params: Json) -> None:
    made = await session(client)
    assert faults(await client.get(of(made["id"], "/nicknames/validate"), params=params))


async def test_in_an_unknown_session_nothing_is_taken(client: httpx.AsyncClient) -> None:
    answer = await client.get(of(UNKNOWN, "/nicknames/validate"), params={"nickname": "Ann"})
    assert (answer.status_code, answer.json()["available"]) == (200, True)


async def test_participants_are_listed_in_the_order_in_which_they_came(client: httpx.AsyncClient) -> None:
    made = await session(client)
    for nickname in ("Zoe", "Ann", "Mia"):
        await joined(client, made["id"], nickname)
    found = (await client.get(of(made["id"], "/participants"))).json()
    assert found["total_count"] == 3
    assert [each["nickname"] for each in found["participants"]] == ["Zoe", "Ann", "Mia"]
    first = found["participants"][0]
    assert set(first) == {"participant_id", "nickname", "status", "joined_at", "last_seen"}
    assert (first["status"], type(first["participant_id"])) == ("online", str)
    assert MOMENT.fullmatch(first["joined_at"])


async def test_nobody_is_in_an_unknown_session(client: httpx.AsyncClient) -> None:
    answer = await client.get(of(UNKNOWN, "/participants"))
    assert (answer.status_code, answer.json()) == (200, {"participants": [], "total_count": 0})


@pytest.mark.parametrize(
    ("seconds", "status"), [(0, "online"), (28, "online"), (31, "idle"), (118, "idle"), (121, "disconnected")]
)
async def test_presence_follows_from_when_somebody_was_last_seen(
    client: httpx.AsyncClient, database: Database, demo: Actor, seconds: int, status: str
) -> None:
    made = await session(client)
    place = await joined(client, made["id"])
    async with tenant_transaction(database, demo) as transaction:
        row = await transaction.get_one(LiveParticipant, int(place["participant_id"]))
        row.last_seen = clock.now() - timedelta(seconds=seconds)
    assert (await participants(client, made["id"]))[0]["status"] == status
    beat = await client.post(f"/api/v1/participants/{place['participant_id']}/heartbeat", json={})
    assert (beat.status_code, beat.json()["status"]) == (200, "online")
    assert (await participants(client, made["id"]))[0]["status"] == "online"


async def test_a_heartbeat_is_answered_with_what_is_open(client: httpx.AsyncClient) -> None:
    made = await session(client)
    path = f"/api/v1/participants/{(await joined(client, made['id']))['participant_id']}/heartbeat"
    quiet = (await client.post(path, json={"activity_context": None})).json()
    assert set(quiet) == {"status", "activity_context", "updated_at"}
    assert quiet["activity_context"] == {"message": "No active activity"}
    held = await activity(client, made["id"], config=POLL | {"instructions": "Be quick"}, status="active")
    busy = (await client.post(path, json={"activity_context": {"at": "poll"}})).json()["activity_context"]
    assert busy == {
        "activity_id": held["id"],
        "activity_type": "poll",
        "config": POLL | {"instructions": "Be quick"},
        "instructions": "Be quick",
        "status": "active",
    }


@pytest.mark.parametrize("id", [UNKNOWN, 2**31, -1])
async def test_a_participant_that_there_is_not_is_not_found(client: httpx.AsyncClient, id: int) -> None:
    refused(await client.post(f"/api/v1/participants/{id}/heartbeat", json={}), 404, "Participant not found")
    refused(await client.delete(f"/api/v1/participants/{id}"), 404, "Participant not found")


async def test_a_participant_whose_id_is_no_number_is_not_valid(client: httpx.AsyncClient) -> None:
    assert faults(await client.post("/api/v1/participants/x/heartbeat", json={}))
    assert faults(await client.delete(f"/api/v1/participants/{NO_ACTIVITY}"))


async def test_a_participant_is_removed_and_counts_no_more(client: httpx.AsyncClient) -> None:
    made = await session(client)
    place = await joined(client, made["id"])
    gone = await client.delete(f"/api/v1/participants/{place['participant_id']}")
    assert (gone.status_code, set(gone.json())) == (200, {"message"})
    assert await participants(client, made["id"]) == []
    assert (await client.get(of(made["id"]))).json()["participant_count"] == 0
