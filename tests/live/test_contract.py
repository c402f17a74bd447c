"""The contract, path by path, as a client from elsewhere sees it: with a key, and with no word of its own."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.live.tables.participants import LiveParticipant
from foodflow.live.tables.responses import LiveResponse
from tests.live.make import (
    ACTIVITIES,
    NO_ACTIVITY,
    POLL,
    SESSIONS,
    UNKNOWN,
    Json,
    activity,
    joined,
    of,
    participants,
    poll,
    session,
)

SESSION: Final = {
    "id",
    "created_at",
    "updated_at",
    "title",
    "description",
    "status",
    "qr_code",
    "admin_code",
    "max_participants",
    "started_at",
    "completed_at",
    "participant_count",
    "activity_count",
}
ACTIVITY: Final = {"id", "session_id", "type", "config", "order_index", "status", "created_at", "updated_at"}
RIGHTS: Final = ["live.facilitate", "live.read", "live.take_part"]
STATUSES: Final = ("draft", "active", "completed")
MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@pytest.fixture
async def client(client: httpx.AsyncClient, app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The black box's caller: an API key of an administrator and nothing else."""
    made = (await client.post("/api/v1/api-keys", json={"name": "Black box", "permissions": RIGHTS})).json()
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://foodflow.test", headers={"X-API-Key": made["key"]}
    ) as caller:
        yield caller


def faults(answer: httpx.Response) -> list[Json]:
    """What a 422 lists in `detail`, as FastAPI does."""
    assert answer.status_code == 422, answer.text
    listed: list[Json] = answer.json()["detail"]
    assert listed
    for fault in listed:
        assert {"type", "loc", "msg", "input"} <= set(fault)
    return listed


def refused(answer: httpx.Response, status: int, detail: str | None = None) -> None:
    assert answer.status_code == status, answer.text
    said = answer.json()["detail"]
    assert isinstance(said, str)
    if detail is not None:
        assert said == detail


# --- Health ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "status"), [("", "healthy"), ("ready", "ready"), ("live", "alive")])
async def test_health_says_how_it_is(anonymous_client: httpx.AsyncClient, path: str, status: str) -> None:
    answer = await anonymous_client.get(f"/api/v1/health/{path}")
    assert (answer.status_code, answer.json()["status"]) == (200, status)
    assert answer.json()["version"] == "0.1.0"
    assert answer.json()["timestamp"].endswith("Z")


async def test_health_names_environment_and_version_of_what_was_deployed(anonymous_client: httpx.AsyncClient) -> None:
    said = (await anonymous_client.get("/api/v1/health/")).json()
    assert (said["environment"], said["app_version"], said["database"]) == ("development", "unknown", "ok")


# --- Sessions -------------------------------------------------------------------------------------------------------


async def test_a_new_session_is_a_draft_with_two_codes(client: httpx.AsyncClient) -> None:
    answer = await client.post(SESSIONS, json={"title": "Talk", "status": "active", "colour": "red"})
    made = answer.json()
    assert answer.status_code == 201
    assert set(made) >= SESSION
    assert (made["status"], made["max_participants"], made["description"]) == ("draft", 100, None)
    assert (made["participant_count"], made["activity_count"]) == (0, 0)
    assert re.fullmatch(r"[A-Z0-9]{8}", made["qr_code"])
    assert re.fullmatch(r"[A-Z0-9]{6}", made["admin_code"])
    assert MOMENT.fullmatch(made["created_at"])
    assert isinstance(made["id"], int)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": ""},
        {"title": "a" * 256},
        {"title": None},
        {"title": "a\0b"},
        {"title": "a\ud800b"},
        {"title": "T", "max_participants": 0},
        {"title": "T", "max_participants": 1001},
        {"title": "T", "max_participants": None},
        {"title": "T", "description": 5},
        [],
    ],
    ids=["empty", "no title", "long title", "null title", "NUL", "half a letter", "none", "many", "null", "5", "list"],
)
async def test_a_session_that_cannot_be_is_refused_with_a_list(client: httpx.AsyncClient, body: Any) -> None:  # noqa: ANN401
    headers = {"content-type": "application/json"}
    answer = await client.post(SESSIONS, content=json.dumps(body), headers=headers)
    assert faults(answer)
    assert {"title", "status", "code", "errors", "request_id"} <= set(answer.json())


@pytest.mark.parametrize("title", [" ", "a" * 255, "Übergabe 🏭"])
async def test_any_title_of_255_characters_is_taken_as_it_comes(client: httpx.AsyncClient, title: str) -> None:
    assert (await session(client, title=title))["title"] == title


@pytest.mark.parametrize("most", [1, 1000])
async def test_a_session_takes_up_to_a_thousand(client: httpx.AsyncClient, most: int) -> None:
    assert (await session(client, max_participants=most))["max_participants"] == most


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{", "application/json"),
        (b"", "application/json"),
        (b"\xff", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"title=Talk", "application/x-www-form-urlencoded"),
        (b'{"title": "Talk"}', "text/plain"),
    ],
    ids=["cut off", "nothing", "no text", "too deep", "a form", "plain text"],
)
async def test_what_is_no_json_is_refused_like_what_is_wrong(
    client: httpx.AsyncClient, content: bytes, kind: str
) -> None:
    assert faults(await client.post(SESSIONS, content=content, headers={"content-type": kind}))


async def test_sessions_are_listed_latest_first_with_a_true_total(akron_client: httpx.AsyncClient) -> None:
    made = [(await session(akron_client, title=f"Talk {number}"))["id"] for number in range(3)]
    found = (await akron_client.get(SESSIONS)).json()
    assert (found["total"], found["offset"], found["limit"]) == (3, 0, 100)
    assert [each["id"] for each in found["sessions"]] == made[::-1]
    page = (await akron_client.get(SESSIONS, params={"offset": 1, "limit": 1})).json()
    assert ([each["id"] for each in page["sessions"]], page["total"]) == ([made[1]], 3)
    assert (await akron_client.get(SESSIONS, params={"limit": 0})).json()["sessions"] == []


async def test_a_list_counts_what_belongs_to_a_session(client: httpx.AsyncClient) -> None:
    made = await session(client)
    await activity(client, made["id"])
    await joined(client, made["id"])
    newest = (await client.get(SESSIONS, params={"limit": 1})).json()["sessions"][0]
    assert (newest["id"], newest["participant_count"], newest["activity_count"]) == (made["id"], 1, 1)


@pytest.mark.parametrize(("name", "value"), [("offset", "-1"), ("limit", "-1")])
async def test_a_page_before_the_first_is_refused(client: httpx.AsyncClient, name: str, value: str) -> None:
    refused(await client.get(SESSIONS, params={name: value}), 400)


@pytest.mark.parametrize("name", ["offset", "limit"])
async def test_a_page_that_is_no_number_is_not_valid(client: httpx.AsyncClient, name: str) -> None:
    assert faults(await client.get(SESSIONS, params={name: "x"}))[0]["loc"] == ["query", name]


async def test_a_page_far_beyond_the_last_is_empty(client: httpx.AsyncClient) -> None:
    answer = await client.get(SESSIONS, params={"offset": 10**30, "limit": 10**30})
    assert (answer.status_code, answer.json()["sessions"]) == (200, [])


async def test_both_forms_of_the_path_are_answered_without_a_redirect(client: httpx.AsyncClient) -> None:
    assert (await client.get(SESSIONS)).status_code == (await client.get(SESSIONS.rstrip("/"))).status_code == 200


async def test_a_session_is_shown_with_all_that_belongs_to_it(client: httpx.AsyncClient) -> None:
    made = await session(client)
    await activity(client, made["id"])
    place = await joined(client, made["id"])
    found = (await client.get(of(made["id"]))).json()
    assert set(found) >= SESSION | {"activities", "participants"}
    assert set(found["activities"][0]) >= ACTIVITY
    assert found["participants"][0]["participant_id"] == place["participant_id"]
    assert (found["activity_count"], found["participant_count"]) == (1, 1)


@pytest.mark.parametrize("id", [UNKNOWN, 0, -1, 2**31, 2**63, 10**30])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_session_that_there_is_not_is_not_found(client: httpx.AsyncClient, method: str, id: int) -> None:
    body: dict[str, Any] = {"json": {}} if method == "PUT" else {}
    refused(await client.request(method, of(id), **body), 404, "Session not found")
    refused(await client.get(of(id, "/status")), 404, "Session not found")


async def test_a_session_whose_id_is_no_number_is_not_valid(client: httpx.AsyncClient) -> None:
    assert faults(await client.get(of("x")))[0]["loc"] == ["path", "id"]


async def test_a_session_is_changed_field_by_field(client: httpx.AsyncClient) -> None:
    made = await session(client, description="Long")
    changed = await client.put(of(made["id"]), json={"title": "Other", "max_participants": 7, "colour": "red"})
    assert changed.status_code == 200
    assert (changed.json()["title"], changed.json()["max_participants"]) == ("Other", 7)
    assert changed.json()["description"] == "Long"
    unchanged = await client.put(of(made["id"]), json={"title": None, "description": None, "status": None})
    assert (unchanged.json()["title"], unchanged.json()["description"]) == ("Other", "Long")
    assert (await client.put(of(made["id"]), json={"description": ""})).json()["description"] == ""


@pytest.mark.parametrize(
    "change", [{"title": ""}, {"title": "a" * 256}, {"max_participants": 0}, {"status": "paused"}], ids=str
)
async def test_a_change_that_cannot_be_is_not_valid(client: httpx.AsyncClient, change: Json) -> None:
    made = await session(client)
    assert faults(await client.put(of(made["id"]), json=change))


@pytest.mark.parametrize("source", STATUSES)
@pytest.mark.parametrize("target", STATUSES)
async def test_a_status_goes_from_anything_to_anything(client: httpx.AsyncClient, source: str, target: str) -> None:
    made = await session(client)
    for status in (source, target):
        answer = await client.put(of(made["id"]), json={"status": status})
        assert (answer.status_code, answer.json()["status"]) == (200, status)


async def test_a_start_is_noted_each_time_and_an_end_the_first_time_alone(client: httpx.AsyncClient) -> None:
    path = of((await session(client))["id"])
    assert (await client.get(path)).json()["started_at"] is None
    first = (await client.put(path, json={"status": "active"})).json()
    ended = (await client.put(path, json={"status": "completed"})).json()
    again = (await client.put(path, json={"status": "draft"})).json()
    assert (again["started_at"], again["completed_at"]) == (first["started_at"], ended["completed_at"])
    second = (await client.put(path, json={"status": "active"})).json()
    assert second["started_at"] > first["started_at"]
    last = (await client.put(path, json={"status": "completed"})).json()
    assert last["completed_at"] == ended["completed_at"]


async def test_a_session_goes_with_all_that_belongs_to_it(client: httpx.AsyncClient) -> None:
    made = await session(client)
    held = await activity(client, made["id"])
    place = await joined(client, made["id"])
    gone = await client.delete(of(made["id"]))
    assert (gone.status_code, gone.content) == (204, b"")
    refused(await client.get(of(made["id"])), 404, "Session not found")
    refused(await client.get(f"{ACTIVITIES}/{held['id']}"), 404, "Activity not found")
    refused(await client.delete(f"/api/v1/participants/{place['participant_id']}"), 404, "Participant not found")


async def test_a_session_is_not_patched(client: httpx.AsyncClient) -> None:
    made = await session(client)
    assert (await client.patch(of(made["id"]), json={"title": "T"})).status_code == 405


async def test_a_join_code_leads_to_a_session_and_hides_both_codes(client: httpx.AsyncClient) -> None:
    made = await session(client)
    found = (await client.get(of(f"code/{made['qr_code']}"))).json()
    assert (found["id"], found["qr_code"], found["admin_code"]) == (made["id"], None, None)


async def test_a_facilitators_code_leads_to_a_session_and_shows_both(client: httpx.AsyncClient) -> None:
    made = await session(client)
    found = (await client.get(of(f"code/{made['admin_code']}"), params={"code_type": "admin"})).json()
    assert (found["id"], found["qr_code"], found["admin_code"]) == (made["id"], made["qr_code"], made["admin_code"])


async def test_a_code_of_the_other_kind_leads_nowhere(client: httpx.AsyncClient) -> None:
    made = await session(client)
    refused(await client.get(of(f"code/{made['admin_code']}")), 404)
    refused(await client.get(of(f"code/{made['qr_code']}"), params={"code_type": "admin"}), 404)
    refused(await client.get(of("code/00000000")), 404)
    refused(await client.get(of(f"code/{made['qr_code']}"), params={"code_type": "other"}), 400)


async def test_the_status_of_a_session_names_what_is_open(client: httpx.AsyncClient) -> None:
    made = await session(client)
    said = (await client.get(of(made["id"], "/status"))).json()
    assert said == {
        "session_id": made["id"],
        "status": "draft",
        "current_activity_id": None,
        "participant_count": 0,
        "last_updated": made["updated_at"],
    }
    first, second = [await activity(client, made["id"], status="active") for _ in range(2)]
    assert (await client.get(of(made["id"], "/status"))).json()["current_activity_id"] == second["id"]
    await client.put(f"{ACTIVITIES}/{first['id']}", json={"order_index": 3})
    after = (await client.get(of(made["id"], "/status"))).json()
    assert (after["current_activity_id"], after["last_updated"]) == (first["id"], made["updated_at"])


# --- Participants ---------------------------------------------------------------------------------------------------


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


# --- Activities -----------------------------------------------------------------------------------------------------


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


# --- Kinds of activity ----------------------------------------------------------------------------------------------


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


# --- Responses ------------------------------------------------------------------------------------------------------


async def keep(database: Database, actor: Actor, held: Json, place: Json, moments: list[datetime]) -> list[str]:
    """Responses of a participant to an activity, one at each moment."""
    whose = {"session_id": held["session_id"], "participant_id": int(place["participant_id"])}
    rest = {"slot": "", "status": "approved", "is_counted": False, "is_listed": False, "points": 0}
    made = [
        LiveResponse(
            id=clock.new_id(),
            activity_id=held["id"],
            response_data={"n": number},
            created_at=at,
            updated_at=at,
            **whose,
            **rest,
        )
        for number, at in enumerate(moments)
    ]
    async with tenant_transaction(database, actor) as transaction:
        transaction.add_all(made)
    return [str(each.id) for each in made]


async def test_responses_are_read_in_each_of_the_contracts_ways(
    client: httpx.AsyncClient, database: Database, demo: Actor
) -> None:
    made = await session(client)
    held, ann = await activity(client, made["id"]), await joined(client, made["id"], "Ann")
    ben = await joined(client, made["id"], "Ben")
    start = datetime.now(UTC) - timedelta(minutes=1)
    first, second = await keep(database, demo, held, ann, [start, start + timedelta(seconds=1)])
    (third,) = await keep(database, demo, held, ben, [start + timedelta(seconds=2)])
    path = of(made["id"], f"/activities/{held['id']}/responses")

    found = (await client.get(path, params={"limit": 2})).json()
    assert [each["id"] for each in found["responses"]] == [third, second]
    assert (found["summary"]["total_responses"], found["summary"]["unique_participants"]) == (3, 2)
    assert MOMENT.fullmatch(found["summary"]["last_updated"])
    assert found["responses"][1]["response_data"] == {"n": 1}
    assert found["responses"][1]["participant_id"] == int(ann["participant_id"])

    assert (await client.get(f"{path}/{ann['participant_id']}")).json()["id"] == second
    assert (await client.get(f"{path}/{UNKNOWN}")).json() is None
    since = (await client.get(f"{path}/since/{start.isoformat().replace('+00:00', 'Z')}")).json()
    assert ([each["id"] for each in since["items"]], since["count"]) == ([second, third], 2)
    own = (await client.get(of(made["id"], f"/participants/{ann['participant_id']}/responses"))).json()
    assert [each["id"] for each in own] == [second, first]


async def test_nothing_is_answered_where_nothing_is(client: httpx.AsyncClient) -> None:
    made = await session(client)
    for id in (made["id"], UNKNOWN, 2**40):
        path = of(id, f"/activities/{NO_ACTIVITY}/responses")
        empty = (await client.get(path)).json()
        nothing = {"total_responses": 0, "unique_participants": 0, "last_updated": None}
        assert empty == {"responses": [], "summary": nothing}
        assert (await client.get(f"{path}/{UNKNOWN}")).json() is None
        assert (await client.get(f"{path}/since/2026-01-05T06:00:00+02:00")).json()["count"] == 0
        assert (await client.get(of(id, f"/participants/{UNKNOWN}/responses"))).json() == []


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
async def test_since_a_moment_that_is_none_is_refused(client: httpx.AsyncClient, text: str) -> None:
    made = await session(client)
    refused(await client.get(of(made["id"], f"/activities/{NO_ACTIVITY}/responses/since/{text}")), 400)


@pytest.mark.parametrize("params", [{"offset": -1}, {"limit": 0}, {"limit": 1001}], ids=str)
async def test_a_page_of_responses_that_cannot_be_is_not_valid(client: httpx.AsyncClient, params: Json) -> None:
    made = await session(client)
    assert faults(await client.get(of(made["id"], f"/activities/{NO_ACTIVITY}/responses"), params=params))
    assert faults(await client.get(of(made["id"], f"/participants/{UNKNOWN}/responses"), params=params))
