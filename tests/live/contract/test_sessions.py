"""The contract's sessions, as a client from elsewhere sees them: with a key, and with no word of its own."""

import json
import re
from typing import Any

import httpx
import pytest

from tests.live.contract.make import ACTIVITY, MOMENT, SESSION, STATUSES, faults, refused
from tests.live.make import (
    ACTIVITIES,
    SESSIONS,
    UNKNOWN,
    Json,
    activity,
    joined,
    of,
    session,
)


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
