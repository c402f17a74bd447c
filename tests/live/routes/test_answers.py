"""Answers over HTTP: who may give them, who sees what came of them, and what facilitators do with them."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from foodflow.kernel import clock
from foodflow.kernel.db import tenant_transaction
from foodflow.live.rules.activity_states import ActivityState
from foodflow.live.rules.participants import Participation, sign
from foodflow.live.rules.sessions import Admission
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.sessions import LiveSession
from tests.conftest import ClientOf
from tests.live import make_rows as make
from tests.make import Person, everything

NOWHERE: Final = "00000000-0000-7000-8000-000000000000"
VOTE: Final = {"response_data": {"selected_options": ["A"]}}

Json = dict[str, Any]


@dataclass(frozen=True)
class Hall:
    """An activity of a session, with two participants and how each says who they are."""

    company: str
    session_id: int
    activity_id: UUID
    people: list[int]
    tokens: list[dict[str, str]]

    @property
    def plain(self) -> str:
        return f"/api/v1/sessions/{self.session_id}/activities/{self.activity_id}/responses"

    def at(self, rest: str) -> str:
        return f"/api/v1/activities/{self.activity_id}/{rest}"


async def hall_in(app: FastAPI, company: str = "demo", *, session: Json | None = None, **fields: object) -> Hall:
    """A session with an open activity, a poll unless said otherwise."""
    async with tenant_transaction(app.state.database, everything(company)) as transaction:
        live = await make.live_session(transaction, **(session or {}))
        activity = await make.activity(transaction, live, fields.pop("config", None), **fields)  # type: ignore[arg-type]
        people = await make.people(transaction, live, 2)
    key = app.state.participant_key
    tokens = [{"Authorization": f"Bearer {sign(key, Participation(company, live.id, each))}"} for each in people]
    return Hall(company, live.id, activity.id, people, tokens)


@pytest.fixture
async def hall(app: FastAPI) -> Hall:
    """An open poll."""
    return await hall_in(app)


async def change(app: FastAPI, hall: Hall, **fields: object) -> None:
    """Change the activity as if somebody had."""
    async with tenant_transaction(app.state.database, everything(hall.company)) as session:
        row = await session.get(LiveActivity, hall.activity_id)
        for name, value in fields.items():
            setattr(row, name, value)


def code(answer: httpx.Response, status: int) -> str:
    """The code of a refusal."""
    assert answer.status_code == status, answer.text
    return str(answer.json()["code"])


def good(answer: httpx.Response, status: int = 200) -> Json:
    assert answer.status_code == status, answer.text
    body: Json = answer.json()
    return body


async def counts(client: httpx.AsyncClient, hall: Hall) -> Json:
    """The votes of a poll by option, without options that have none."""
    results = good(await client.get(hall.at("results")))["results"]
    return {option: count for option, count in results["vote_counts"].items() if count}


async def test_a_participant_answers_for_themselves(anonymous_client: httpx.AsyncClient, hall: Hall) -> None:
    sent = VOTE | {"response_id": NOWHERE.replace("8000", "8001")}
    first = good(await anonymous_client.post(hall.at("responses"), json=sent, headers=hall.tokens[0]))
    assert (first["success"], first["status"]) == (True, "approved")
    assert first["processed_response"]["selected_options"] == ["A"]
    again = await anonymous_client.post(hall.at("responses"), json=sent, headers=hall.tokens[0])
    assert again.json() == first


async def test_who_names_somebody_else_is_refused(
    anonymous_client: httpx.AsyncClient, client_of: ClientOf, app: FastAPI, hall: Hall
) -> None:
    other = await hall_in(app)
    ann, ben = hall.people
    of_another = "live.activity.unknown"  # they do not learn that it is there
    for headers, named, expected in (
        (hall.tokens[0], ben, (403, "live.response.not_yours")),
        (other.tokens[0], None, (400, of_another)),
        (other.tokens[0], ann, (400, of_another)),
        ({}, None, (403, "live.response.not_yours")),
        ({}, ann, (403, "live.response.not_yours")),
    ):
        params = {} if named is None else {"participant_id": named}
        answer = await anonymous_client.post(hall.at("responses"), json=VOTE, headers=headers, params=params)
        assert (answer.status_code, answer.json()["code"]) == expected
    viewer: httpx.AsyncClient = client_of("viewer")
    refused = await viewer.post(hall.at("responses"), json=VOTE, params={"participant_id": ann})
    assert code(refused, 403) == "live.response.not_yours"
    plain = await viewer.post(hall.plain, json=VOTE, params={"participant_id": ann})
    assert code(plain, 403) == "live.response.not_yours"


async def test_somebody_of_the_company_answers_from_their_own_place(
    client_of: ClientOf, app: FastAPI, people: dict[tuple[str, str], Person], client: httpx.AsyncClient, hall: Hall
) -> None:
    viewer = people["demo", "viewer"]
    async with tenant_transaction(app.state.database, everything("demo")) as session:
        live = await session.get(LiveSession, hall.session_id)
        assert live is not None
        [own] = await make.people(session, live, 1, actor=f"user:{viewer.id}")
    answer = await client_of("viewer").post(hall.at("responses"), json=VOTE)
    assert good(answer)["processed_response"]["participant_id"] == own
    assert await counts(client, hall) == {"A": 1}


async def test_a_facilitator_answers_for_whom_they_name(client: httpx.AsyncClient, hall: Hall) -> None:
    for each in hall.people:
        good(await client.post(hall.at("responses"), json=VOTE, params={"participant_id": each}))
    assert await counts(client, hall) == {"A": 2}
    unnamed = await client.post(hall.at("responses"), json=VOTE)
    assert code(unnamed, 400) == "live.participant.unknown"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"response_data": {"selected_options": ["D"]}}, 400),
        ({"response_data": {}}, 400),
        ({"response_data": {"selected_options": ["A"], "note": "\0"}}, 422),
        ({"response_data": {"selected_options": ["A"], "note": "x" * 70_000}}, 413),
        ({"response_data": "A"}, 422),
        ({}, 422),
        ({**VOTE, "response_id": "mine"}, 422),
    ],
    ids=["no option", "nothing", "NUL", "too long", "no object", "no answer", "no id"],
)
async def test_what_is_no_answer_is_refused(client: httpx.AsyncClient, hall: Hall, body: Json, status: int) -> None:
    answer = await client.post(hall.at("responses"), json=body, params={"participant_id": hall.people[0]})
    assert answer.status_code == status, answer.text
    assert await counts(client, hall) == {}


async def test_a_closed_activity_and_one_that_is_not_there_take_no_answers(
    client: httpx.AsyncClient, app: FastAPI, hall: Hall
) -> None:
    await change(app, hall, state=ActivityState.EXPIRED)
    params = {"participant_id": hall.people[0]}
    assert code(await client.post(hall.at("responses"), json=VOTE, params=params), 400) == "live.activity.not_open"
    nowhere = f"/api/v1/activities/{NOWHERE}/responses"
    assert code(await client.post(nowhere, json=VOTE, params=params), 400) == "live.activity.unknown"
    bad = await client.post("/api/v1/activities/x/responses", json=VOTE, params=params)
    assert bad.status_code == 422


async def test_a_plain_response_counts_where_the_activity_takes_it_and_is_kept_anyway(
    client: httpx.AsyncClient, app: FastAPI, hall: Hall
) -> None:
    params = {"participant_id": hall.people[0]}
    made = good(await client.post(hall.plain, json=VOTE, params=params), 201)
    assert (made["session_id"], made["activity_id"]) == (hall.session_id, str(hall.activity_id))
    assert (made["participant_id"], made["created_at"]) == (hall.people[0], made["updated_at"])
    odd = {"response_data": {"mood": ["fine", {"why": None}]}}
    assert good(await client.post(hall.plain, json=odd, params=params), 201)["response_data"] == odd["response_data"]
    assert await counts(client, hall) == {"A": 1}
    await change(app, hall, state=ActivityState.DRAFT)
    late = {"response_data": {"selected_options": ["B"]}}
    assert good(await client.post(hall.plain, json=late, params=params), 201)["response_data"] == late["response_data"]
    assert await counts(client, hall) == {"A": 1}


async def test_a_plain_response_to_what_is_not_there_is_refused_in_words(
    client: httpx.AsyncClient, app: FastAPI, hall: Hall
) -> None:
    other = await hall_in(app)
    ann = hall.people[0]
    for path, participant in (
        (hall.plain, 2_000_000_000),
        (hall.plain, 2**40),
        (hall.plain, other.people[0]),
        (hall.plain.replace(str(hall.activity_id), NOWHERE), ann),
        (hall.plain.replace(str(hall.activity_id), str(other.activity_id)), ann),
        (hall.plain.replace(str(hall.session_id), str(other.session_id)), ann),
        (hall.plain.replace(f"/{hall.session_id}/", f"/{2**40}/"), ann),
    ):
        answer = await client.post(path, json=VOTE, params={"participant_id": participant})
        assert answer.status_code == 400, answer.text
        assert answer.json()["detail"] in {"Participant not found", "Activity not found"}
    assert await counts(client, hall) == {}


async def test_a_response_is_corrected_and_deleted(client: httpx.AsyncClient, hall: Hall) -> None:
    params = {"participant_id": hall.people[0]}
    made = good(await client.post(hall.plain, json=VOTE, params=params), 201)
    path = f"/api/v1/responses/{made['id']}"
    changed = good(await client.put(path, json={"response_data": {"selected_options": ["C"]}}))
    assert changed["response_data"]["selected_options"] == ["C"]
    assert changed["updated_at"] > changed["created_at"] == made["created_at"]
    assert await counts(client, hall) == {"C": 1}
    assert (await client.delete(path)).status_code == 204
    assert await counts(client, hall) == {}
    for answer in (await client.delete(path), await client.put(path, json=VOTE)):
        assert code(answer, 404) == "live.response.not_found"
        assert answer.json()["detail"] == "Response not found"


async def test_results_are_shown_to_everybody_when_the_facilitator_shows_them(
    client: httpx.AsyncClient, client_of: ClientOf, anonymous_client: httpx.AsyncClient, app: FastAPI, hall: Hall
) -> None:
    viewer: httpx.AsyncClient = client_of("viewer")
    good(await client.post(hall.at("responses"), json=VOTE, params={"participant_id": hall.people[0]}))
    callers: tuple[tuple[httpx.AsyncClient, dict[str, str]], ...] = (
        (anonymous_client, {}),
        (anonymous_client, hall.tokens[0]),
        (viewer, {}),
    )
    for caller, headers in callers:
        assert code(await caller.get(hall.at("results"), headers=headers), 403) == "live.results.hidden"
        assert good(await caller.get(hall.at("status/framework"), headers=headers))["results"] is None
    await change(app, hall, shows_results=True)
    expected = good(await client.get(hall.at("results")))
    assert expected["last_updated"] is not None
    for caller, headers in callers:
        assert good(await caller.get(hall.at("results"), headers=headers)) == expected
        assert good(await caller.get(hall.at("status/framework"), headers=headers))["results"]["total_responses"] == 1


async def test_nothing_came_of_what_is_not_there_or_of_no_kind(client: httpx.AsyncClient, app: FastAPI) -> None:
    odd = await hall_in(app, type="of clients")
    assert code(await client.get(odd.at("results")), 404) == "live.results.none"
    for rest in ("results", "status/framework"):
        assert code(await client.get(f"/api/v1/activities/{NOWHERE}/{rest}"), 404) == "live.activity.not_found"


async def test_the_status_says_where_an_activity_stands_and_may_go(
    client: httpx.AsyncClient, app: FastAPI, hall: Hall
) -> None:
    found = good(await client.get(hall.at("status/framework")))
    assert (found["state"], found["status"], found["valid_transitions"]) == ("active", "active", ["expired"])
    assert (found["response_count"], found["last_response_at"]) == (0, None)
    made = good(await client.post(hall.plain, json=VOTE, params={"participant_id": hall.people[0]}), 201)
    await change(app, hall, expires_at=clock.now())
    found = good(await client.get(hall.at("status/framework")))
    assert (found["state"], found["status"], found["valid_transitions"]) == ("expired", "completed", [])
    assert (found["response_count"], found["last_response_at"]) == (1, made["created_at"])


async def test_guests_do_not_answer_in_a_session_for_people_of_the_company(
    anonymous_client: httpx.AsyncClient, app: FastAPI
) -> None:
    closed = await hall_in(app, session={"admission": Admission.MEMBERS})
    for path in (closed.at("results"), closed.at("status/framework")):
        assert code(await anonymous_client.get(path), 403) == "live.session.members_only"
    good(await anonymous_client.post(closed.at("responses"), json=VOTE, headers=closed.tokens[0]))


async def test_what_waits_is_listed_and_let_through(client: httpx.AsyncClient, app: FastAPI) -> None:
    cloud = await hall_in(app, config={"prompt": "One word"}, type="word_cloud")
    for each, word in zip(cloud.people, ("salt", "heat"), strict=True):
        body = {"response_data": {"words": [word]}}
        answer = good(await client.post(cloud.at("responses"), json=body, params={"participant_id": each}))
        assert answer["message"] == "The answer waits for a moderator."
    waiting = good(await client.get(cloud.at("moderation"), params={"status": "pending", "page_size": 1}))
    assert waiting["count"] == 2
    [first] = waiting["results"]
    assert first["response_data"]["words"] == ["salt"]
    approved = good(await client.post(f"/api/v1/responses/{first['id']}/approve"))
    assert approved["status"] == "approved"
    assert good(await client.get(cloud.at("results")))["results"]["word_frequencies"] == {"salt": 1}
    good(await client.post(f"/api/v1/responses/{first['id']}/reject"))
    assert good(await client.get(cloud.at("results")))["results"]["word_frequencies"] == {}
    statuses = [each["status"] for each in good(await client.get(cloud.at("moderation")))["results"]]
    assert statuses == ["rejected", "pending"]
    refused = await client.post(f"/api/v1/responses/{first['id']}/answered")
    assert code(refused, 409) == "live.response.not_listed"


async def test_a_question_is_answered(client: httpx.AsyncClient, app: FastAPI) -> None:
    qna = await hall_in(app, config={"topic": "Line 3"}, type="qna")
    body = {"response_data": {"type": "question", "question_text": "Why this way?"}}
    sent = good(await client.post(qna.at("responses"), json=body, params={"participant_id": qna.people[0]}))
    good(await client.post(f"/api/v1/responses/{sent['response_id']}/answered"))
    [listed] = good(await client.get(qna.at("results")))["results"]["approved_questions"]
    assert (listed["id"], listed["answered"]) == (sent["response_id"], True)


async def test_answers_are_cleared_for_another_vote(client: httpx.AsyncClient, hall: Hall) -> None:
    params = {"participant_id": hall.people[0]}
    good(await client.post(hall.at("responses"), json=VOTE, params=params))
    cleared = good(await client.post(hall.at("reset"), json={"open_question_only": True}))
    assert (cleared["activity_id"], cleared["state"]) == (str(hall.activity_id), "active")
    assert await counts(client, hall) == {}
    good(await client.post(hall.at("responses"), json=VOTE, params=params))
    assert await counts(client, hall) == {"A": 1}


@pytest.mark.parametrize("role", [None, "viewer"])
async def test_only_facilitators_correct_moderate_and_clear(
    client_of: ClientOf, client: httpx.AsyncClient, hall: Hall, role: str | None
) -> None:
    made = good(await client.post(hall.plain, json=VOTE, params={"participant_id": hall.people[0]}), 201)
    caller: httpx.AsyncClient = client_of(role)
    path = f"/api/v1/responses/{made['id']}"
    answers = [
        await caller.put(path, json=VOTE),
        await caller.delete(path),
        *[await caller.post(f"{path}/{deed}") for deed in ("approve", "reject", "answered")],
        await caller.get(hall.at("moderation")),
        await caller.post(hall.at("reset"), json={}),
    ]
    assert {answer.status_code for answer in answers} == {401 if role is None else 403}
    assert await counts(client, hall) == {"A": 1}


async def test_what_was_answered_is_counted_as_an_activity_now_reads_it(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    questions = [{"kind": "single", "text": "1 + 1", "options": ["2", "3"], "solution": "3", "seconds": 600}]
    hall = await hall_in(app, type="quiz", config={"questions": questions}, is_revealed=False)
    for person in hall.people:
        sent = {"response_data": {"question": 0, "choice": "2"}}
        given = await client.post(hall.at("responses"), params={"participant_id": person}, json=sent)
        assert given.status_code == 200, given.text
    assert (await client.post(hall.at("reveal"))).status_code == 200

    async def right() -> object:
        [question] = (await client.get(hall.at("results"))).json()["results"]["questions"]
        return question["correct"], question["counts"]

    assert await right() == (0, {"2": 2, "3": 0})
    mended = {"questions": [{**questions[0], "options": ["2", "4"], "solution": "2"}]}
    assert (await client.put(hall.at("")[:-1], json={"config": mended})).status_code == 200
    assert await right() == (2, {"2": 2, "4": 0})


async def test_nobody_reaches_what_was_answered_in_another_company(
    akron_client: httpx.AsyncClient, client: httpx.AsyncClient, hall: Hall
) -> None:
    params = {"participant_id": hall.people[0]}
    made = good(await client.post(hall.plain, json=VOTE, params=params), 201)
    path = f"/api/v1/responses/{made['id']}"
    for answer in (
        await akron_client.put(path, json=VOTE),
        await akron_client.delete(path),
        await akron_client.post(f"{path}/approve"),
        await akron_client.get(hall.at("results")),
        await akron_client.get(hall.at("moderation")),
        await akron_client.get(hall.at("status/framework")),
        await akron_client.post(hall.at("reset"), json={}),
    ):
        assert answer.status_code == 404, answer.text
    for address in (hall.plain, hall.at("responses")):
        assert code(await akron_client.post(address, json=VOTE, params=params), 400) == "live.activity.unknown"
    assert await counts(client, hall) == {"A": 1}
