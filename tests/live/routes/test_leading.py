"""Leading a session: its deeds in their order, one activity after the other, by hand and by the clock."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.live.jobs import close_due_activities, have_activities_closed
from foodflow.live.rules.progression import LAST
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.usecases.leading import close_due
from tests.conftest import ClientOf
from tests.live.make import ACTIVITIES, NO_ACTIVITY, Json, activity, begun, of, poll, session, turns
from tests.make import everything


async def done(client: httpx.AsyncClient, path: str, **body: object) -> Json:
    answer = await client.post(path, json=body or None)
    assert answer.status_code == 200, answer.text
    said: Json = answer.json()
    return said


async def states(client: httpx.AsyncClient, session_id: int) -> list[str]:
    found = (await client.get(of(session_id, "/activities"))).json()["activities"]
    return [each["state"] for each in found]


async def pass_time(database: Database, actor: Actor, id: str, seconds: float) -> None:
    """Have an activity been opened so much earlier."""
    async with tenant_transaction(database, actor) as transaction:
        row: Any = await transaction.get_one(LiveActivity, id)
        for name in ("opened_at", "step_opened_at", "closes_at", "expires_at"):
            moment: datetime | None = getattr(row, name)
            setattr(row, name, None if moment is None else moment - timedelta(seconds=seconds))


async def let_clock_work(database: Database, actor: Actor, id: int) -> datetime | None:
    async with tenant_transaction(database, actor) as transaction:
        return await close_due(transaction, actor, id, clock.now())


async def test_a_session_goes_from_a_draft_to_its_end_and_on_again(client: httpx.AsyncClient) -> None:
    made = await session(client)
    path = of(made["id"])
    seen = [(await done(client, f"{path}/{deed}"))["status"] for deed in ("start", "complete", "reopen", "complete")]
    assert seen == ["active", "completed", "active", "completed"]
    said = ["session.started", "session.completed", "session.reopened", "session.completed"]
    assert await turns(client, made["id"]) == said


@pytest.mark.parametrize(
    ("status", "deeds"),
    [("draft", {"start"}), ("active", {"complete"}), ("completed", {"reopen"})],
)
async def test_other_deeds_do_not_fit(client: httpx.AsyncClient, status: str, deeds: set[str]) -> None:
    made = await session(client)
    await client.put(of(made["id"]), json={"status": status})
    for deed in {"start", "complete", "reopen"} - deeds:
        answer = await client.post(of(made["id"], f"/{deed}"))
        assert (answer.status_code, answer.json()["code"]) == (409, "live.session.not_there")


async def test_of_two_who_start_a_session_at_once_one_does(client: httpx.AsyncClient) -> None:
    made = await session(client)
    answers = await asyncio.gather(*(client.post(of(made["id"], "/start")) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]


async def test_an_end_closes_what_is_open(client: httpx.AsyncClient) -> None:
    made = await begun(client)
    held = await poll(client, made["id"])
    await done(client, f"{ACTIVITIES}/{held['id']}/open")
    await done(client, of(made["id"], "/complete"))
    assert await states(client, made["id"]) == ["expired"]


async def test_what_is_done_to_a_session_is_recorded_and_told(client: httpx.AsyncClient) -> None:
    made = await begun(client)
    await done(client, of(made["id"], "/complete"))
    trail = (await client.get("/api/v1/audit-entries", params={"subject": str(made["id"])})).json()["results"]
    actions = [entry["action"] for entry in trail if entry["action"].startswith("live_session.")]
    assert actions == ["live_session.completed", "live_session.started", "live_session.created"]


async def test_a_session_is_opened_to_fifty_thousand(client: httpx.AsyncClient) -> None:
    path = of((await session(client))["id"], "/capacity")
    assert (await client.put(path, json={"max_participants": 50_000})).json()["max_participants"] == 50_000
    assert (await client.put(path, json={"max_participants": 50_001})).status_code == 422
    assert (await client.put(path, json={})).status_code == 422


async def test_the_settings_of_a_session_are_changed_by_name(client: httpx.AsyncClient) -> None:
    made = await session(client)
    path = of(made["id"], "/settings")
    settings = {
        "purpose": "haccp_quiz",
        "site": "North",
        "line_id": NO_ACTIVITY,
        "admission": "members",
        "progression": "clock",
        "allows_late_join": False,
        "filters_nicknames": False,
        "pass_mark": 80,
    }
    answer = await client.put(path, json=settings)
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in settings} == settings
    assert (await client.put(path, json={"pass_mark": None})).json()["pass_mark"] is None
    for wrong in ({}, {"pass_mark": 101}, {"colour": "red"}, {"progression": "magic"}):
        assert (await client.put(path, json=wrong)).status_code == 422


async def test_the_leaderboard_is_shown_and_hidden(client: httpx.AsyncClient) -> None:
    made = await session(client)
    shown = [(await done(client, of(made["id"], "/leaderboard"), shown=each)) for each in (True, True, False)]
    assert [each["shows_leaderboard"] for each in shown] == [True, True, False]
    assert await turns(client, made["id"]) == ["leaderboard.shown", "leaderboard.hidden"]


async def test_an_activity_that_is_opened_closes_the_one_before(client: httpx.AsyncClient) -> None:
    made = await begun(client)
    first, second = [await poll(client, made["id"], order_index=index) for index in range(2)]
    opened = await done(client, f"{ACTIVITIES}/{first['id']}/open")
    assert (opened["state"], opened["shows_results"], opened["steps"]) == ("active", True, 1)
    assert opened["closes_at"] == opened["expires_at"] is not None
    await done(client, f"{ACTIVITIES}/{second['id']}/open")
    assert await states(client, made["id"]) == ["expired", "active"]
    await done(client, f"{ACTIVITIES}/{first['id']}/open")
    assert await states(client, made["id"]) == ["active", "expired"]


async def test_of_activities_opened_at_once_one_is_open_in_the_end(client: httpx.AsyncClient) -> None:
    made = await begun(client)
    ids = [(await poll(client, made["id"]))["id"] for _ in range(5)]
    answers = await asyncio.gather(*(client.post(f"{ACTIVITIES}/{id}/open") for id in ids))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(await states(client, made["id"])) == ["active", *["expired"] * 4]


async def test_what_is_not_to_be_opened_is_not(client: httpx.AsyncClient) -> None:
    draft, made = await session(client), await begun(client)
    early = await poll(client, draft["id"])
    cancelled = await activity(client, made["id"], status="cancelled")
    unknown = await activity(client, made["id"], type="charades")
    unreadable = await activity(client, made["id"], config={})
    codes = {}
    for name, held in {"early": early, "cancelled": cancelled, "unknown": unknown, "unreadable": unreadable}.items():
        answer = await client.post(f"{ACTIVITIES}/{held['id']}/open")
        codes[name] = (answer.status_code, answer.json()["code"])
    assert codes == {
        "early": (409, "live.session.not_there"),
        "cancelled": (409, "live.activity.not_there"),
        "unknown": (400, "live.activity.configuration_refused"),
        "unreadable": (400, "live.activity.configuration_refused"),
    }


async def test_a_session_is_led_on_in_the_order_of_its_activities(client: httpx.AsyncClient) -> None:
    made = await begun(client)
    ids = [(await poll(client, made["id"], order_index=index))["id"] for index in (2, 0, 1)]
    await activity(client, made["id"], order_index=1, status="cancelled")
    led = [await client.post(of(made["id"], "/next")) for _ in range(4)]
    assert [(answer.json() or {}).get("id") for answer in led] == [ids[1], ids[2], ids[0], None]
    assert await states(client, made["id"]) == ["expired", "expired", "cancelled", "expired"]


async def test_what_is_open_is_closed_revealed_and_shown(client: httpx.AsyncClient) -> None:
    made = await begun(client)
    path = f"{ACTIVITIES}/{(await poll(client, made['id']))['id']}"
    for deed in ("close", "reveal", "next-question"):
        assert (await client.post(f"{path}/{deed}")).status_code == 409
    await done(client, f"{path}/open")
    last = await client.post(f"{path}/next-question")
    assert (last.status_code, last.json()["code"]) == (409, "live.activity.no_question_left")
    assert [(await done(client, f"{path}/reveal"))["is_revealed"] for _ in range(2)] == [True, True]
    shown = [(await done(client, f"{path}/{deed}-results"))["shows_results"] for deed in ("hide", "hide", "show")]
    assert shown == [False, False, True]
    assert (await done(client, f"{path}/close"))["state"] == "expired"
    said = await turns(client, made["id"])
    assert said[said.index("activity.opened") :] == [
        "activity.opened",
        "question.revealed",
        "results.hidden",
        "results.shown",
        "activity.closed",
    ]


async def test_results_are_shown_from_the_beginning_as_the_activity_says(client: httpx.AsyncClient) -> None:
    made = await begun(client)
    hidden = await poll(client, made["id"], configuration={**POLL_HIDDEN})
    assert (await done(client, f"{ACTIVITIES}/{hidden['id']}/open"))["shows_results"] is False


POLL_HIDDEN = {"question": "Ready?", "options": ["Yes", "No"], "show_live_results": False}


async def test_who_only_takes_part_sees_no_more_than_the_kind_shows(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    made = await begun(client)
    secret = {"question": "Ready?", "options": ["Yes", "No"], "note_to_self": "the right one is Yes"}
    held = await activity(client, made["id"], config=secret, status="active")
    unreadable = await activity(client, made["id"], config={"note_to_self": "Yes"})
    seen = [
        (await anonymous_client.get(f"{ACTIVITIES}/{held['id']}")).text,
        (await anonymous_client.get(f"{ACTIVITIES}/{unreadable['id']}")).text,
        (await anonymous_client.get(of(made["id"]))).text,
        (await anonymous_client.get(of(made["id"], "/activities"))).text,
        (await anonymous_client.get(of(made["id"], "/activities/active"))).text,
        (await anonymous_client.post(of(made["id"], "/join"), json={"nickname": "Ann"})).text,
    ]
    assert not any("note_to_self" in each for each in seen)
    assert (await client.get(f"{ACTIVITIES}/{held['id']}")).json()["config"] == secret


async def test_an_activity_whose_time_is_over_is_closed_before_anybody_closes_it(
    client: httpx.AsyncClient, database: Database, demo: Actor
) -> None:
    made = await begun(client)
    held = await poll(client, made["id"])
    await done(client, f"{ACTIVITIES}/{held['id']}/open")
    assert (await client.get(of(made["id"], "/activities/active"))).json()["id"] == held["id"]
    await pass_time(database, demo, held["id"], 301)
    assert (await client.get(f"{ACTIVITIES}/{held['id']}")).json()["status"] == "completed"
    assert (await client.get(of(made["id"], "/activities/active"))).json() is None
    listed = await client.get(of(made["id"], "/activities"), params={"status": "completed"})
    assert [each["id"] for each in listed.json()["activities"]] == [held["id"]]


async def test_the_clock_closes_what_is_over_once(client: httpx.AsyncClient, database: Database, demo: Actor) -> None:
    made = await begun(client)
    held = await poll(client, made["id"])
    opened = await done(client, f"{ACTIVITIES}/{held['id']}/open")
    ends = await let_clock_work(database, demo, made["id"])
    assert ends == datetime.fromisoformat(opened["expires_at"]) + LAST
    await pass_time(database, demo, held["id"], 301)
    assert await asyncio.gather(*(let_clock_work(database, demo, made["id"]) for _ in range(3))) == [None] * 3
    assert (await turns(client, made["id"])).count("activity.closed") == 1


async def test_by_the_clock_the_next_activity_opens_when_one_is_over(
    client: httpx.AsyncClient, database: Database, demo: Actor
) -> None:
    made = await begun(client, progression="clock")
    ids = [(await poll(client, made["id"], order_index=index))["id"] for index in range(2)]
    await activity(client, made["id"], order_index=5, config={})
    await client.post(of(made["id"], "/next"))
    await pass_time(database, demo, ids[0], 301)
    assert await let_clock_work(database, demo, made["id"]) is not None
    assert await states(client, made["id"]) == ["expired", "active", "draft"]
    await pass_time(database, demo, ids[1], 301)
    assert await let_clock_work(database, demo, made["id"]) is None
    assert await states(client, made["id"]) == ["expired", "expired", "draft"]


async def test_by_hand_nothing_opens_by_itself(client: httpx.AsyncClient, database: Database, demo: Actor) -> None:
    made = await begun(client)
    ids = [(await poll(client, made["id"], order_index=index))["id"] for index in range(2)]
    await client.post(of(made["id"], "/next"))
    await pass_time(database, demo, ids[0], 301)
    await let_clock_work(database, demo, made["id"])
    assert await states(client, made["id"]) == ["expired", "draft"]


async def test_a_job_does_what_the_clock_has_to_where_nobody_looks_on(
    client: httpx.AsyncClient, database: Database, demo: Actor
) -> None:
    made = await begun(client)
    held = await poll(client, made["id"])
    await done(client, f"{ACTIVITIES}/{held['id']}/open")
    await pass_time(database, demo, held["id"], 301)
    await have_activities_closed(database)
    for _ in range(2):
        await close_due_activities(database, everything("demo"))
    assert await states(client, made["id"]) == ["expired"]
    assert (await turns(client, made["id"])).count("activity.closed") == 1


async def test_the_clock_of_a_session_that_is_gone_has_nothing_to_do(database: Database, demo: Actor) -> None:
    assert await let_clock_work(database, demo, 2_000_000_000) is None


async def test_viewers_look_on_and_lead_nothing(client: httpx.AsyncClient, client_of: ClientOf) -> None:
    made, viewer = await begun(client), client_of("viewer")
    held = await poll(client, made["id"])
    seen = (await viewer.get(of(made["id"]))).json()
    assert (seen["id"], seen["qr_code"]) == (made["id"], made["qr_code"])
    answers = [
        await viewer.post(of(made["id"], "/complete")),
        await viewer.post(of(made["id"], "/next")),
        await viewer.put(of(made["id"]), json={"title": "Other"}),
        await viewer.delete(of(made["id"])),
        await viewer.post(f"{ACTIVITIES}/{held['id']}/open"),
        await viewer.post(of(made["id"], "/activities"), json={"type": "poll"}),
    ]
    assert {answer.status_code for answer in answers} == {403}
