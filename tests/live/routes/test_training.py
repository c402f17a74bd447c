"""Records of training over HTTP: read by whoever may, one's own by everybody, and as files."""

from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.live.rules.participants import Participation, sign
from foodflow.live.rules.sessions import Purpose
from foodflow.live.tables.participants import LiveParticipant
from foodflow.live.usecases.training import record_attendance
from tests.conftest import ClientOf
from tests.identity.make import audited
from tests.kernel.http.make import fields, problem
from tests.live.make_records import QUIZ, activity, live_session, place
from tests.make import Person

RECORDS = "/api/v1/training-records"
People = dict[tuple[str, str], Person]


@pytest.fixture(scope="module", autouse=True)
async def guest(database: Database, demo: Actor, people: People) -> LiveParticipant:
    """Two sessions with records, at two sites, and a guest in the second one."""
    operator, viewer = (f"user:{people['demo', role].id}" for role in ("operator", "viewer"))
    async with tenant_transaction(database, demo) as session:
        talk = await live_session(session, title="Knives", site="North")
        await place(session, talk, operator)
        quiz = await live_session(session, title="Listeria", site="South", purpose=Purpose.HACCP_QUIZ, pass_mark=50)
        await activity(session, quiz, "quiz", QUIZ)
        await place(session, quiz, operator, correct=3, score=2800)
        await place(session, quiz, viewer, correct=1, score=700)
        someone = await place(session, quiz, nickname="Somebody")
        for live in (talk, quiz):
            await record_attendance(session, demo, live)
    return someone


async def names(client: httpx.AsyncClient, path: str = RECORDS, **wanted: str) -> list[tuple[str, str]]:
    answer = await client.get(path, params={"ordering": "title,person_name", **wanted})
    assert answer.status_code == 200, answer.text
    return [(record["title"], record["person_name"]) for record in answer.json()["results"]]


async def test_records_are_listed_filtered_and_searched(client: httpx.AsyncClient, people: People) -> None:
    knives = ("Knives", "operator.demo")
    listeria = [("Listeria", "operator.demo"), ("Listeria", "viewer.demo")]
    operator = str(people["demo", "operator"].id)
    assert await names(client) == [knives, *listeria]
    assert await names(client, user_id=operator) == [knives, listeria[0]]
    assert await names(client, purpose="haccp_quiz") == listeria
    assert await names(client, site="North") == [knives]
    assert await names(client, passed="false") == [listeria[1]]
    assert await names(client, search="list viewer") == [listeria[1]]
    assert await names(client, attended_from__gte="2026-02-01T00:00:00Z") == []
    assert fields(await client.get(RECORDS, params={"user_id": "ann"})) == {"user_id"}


async def test_a_record_says_who_was_where_and_how_they_did(client: httpx.AsyncClient, people: People) -> None:
    found = (await client.get(RECORDS, params={"passed": "true"})).json()["results"]
    assert len(found) == 1
    record = (await client.get(f"{RECORDS}/{found[0]['id']}")).json()
    assert record == found[0]
    expected = {
        "user_id": people["demo", "operator"].id,
        "site": "South",
        "attended_from": "2026-01-05T06:00:00Z",
        "attended_until": "2026-01-05T07:00:00Z",
        "score": 2800,
        "correct": 3,
        "questions": 3,
        "passed": True,
    }
    assert record | expected == record
    problem(await client.get(f"{RECORDS}/{UUID(int=0)}"), 404)


async def test_everybody_sees_their_own_and_some_see_all(client_of: ClientOf, akron_client: httpx.AsyncClient) -> None:
    assert await names(client_of("viewer"), f"{RECORDS}/mine") == [("Listeria", "viewer.demo")]
    problem(await client_of("viewer").get(RECORDS), 403)
    assert len(await names(client_of("quality"))) == 3
    assert await names(akron_client) == []


async def test_participants_and_guests_have_no_records(
    app: FastAPI, client_of: ClientOf, guest: LiveParticipant
) -> None:
    token = sign(app.state.participant_key, Participation("demo", guest.session_id, guest.id))
    answer = await client_of(None).get(f"{RECORDS}/mine", headers={"Authorization": f"Bearer {token}"})
    assert problem(answer, 403)["code"] == "live.training.people_alone"
    problem(await client_of(None).get(f"{RECORDS}/mine"), 401)


@pytest.mark.parametrize("form", ["csv", "xlsx", "pdf"])
async def test_records_come_as_files(client: httpx.AsyncClient, form: str) -> None:
    for path in (RECORDS, f"{RECORDS}/mine"):
        answer = await client.get(path, params={"format": form})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-disposition"] == f'attachment; filename="training-records.{form}"'


async def test_a_facilitator_says_who_a_guest_was(
    client: httpx.AsyncClient, client_of: ClientOf, guest: LiveParticipant, people: People, database_url: str
) -> None:
    path = f"/api/v1/sessions/{guest.session_id}/participants/{guest.id}/person"
    planner = people["demo", "planner"]
    problem(await client_of("viewer").post(path, json={"user_id": planner.id}), 403)
    assert fields(await client.post(path, json={"user_id": people["akron", "planner"].id})) == {"user_id"}
    given = (await client.post(path, json={"user_id": planner.id})).json()
    assert (given["participant_id"], given["nickname"]) == (str(guest.id), "Somebody")
    assert (given["user_id"], given["person_name"]) == (planner.id, "planner.demo")
    assert given["training_record"]["questions"] == 3
    assert await names(client_of("planner"), f"{RECORDS}/mine") == [("Listeria", "planner.demo")]
    assert audited(database_url, "demo", str(guest.id)) == ["live_participant.assigned"]
