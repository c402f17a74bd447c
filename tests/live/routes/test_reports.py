"""A session as a file: each answer in words, who was there, and a report that can be read."""

import csv
import io
from typing import Any

import httpx
import openpyxl
import pypdf
import pytest

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.live.tables.sessions import LiveSession
from tests.conftest import ClientOf
from tests.kernel.http.make import fields, problem
from tests.live.make_records import POLL, QUIZ, activity, live_session, place, response
from tests.make import Person


@pytest.fixture(scope="module")
async def live(database: Database, demo: Actor, people: dict[tuple[str, str], Person]) -> LiveSession:
    """A session of four activities that one of the company and two guests took part in."""
    ada, leader = (f"user:{people['demo', role].id}" for role in ("operator", "supervisor"))
    async with tenant_transaction(database, demo) as session:
        live = await live_session(session, title="Übergabe: Früh", site="Hall", created_by=leader, pass_mark=80)
        one = await place(session, live, ada, nickname="=Ada", score=1000, correct=1, answered=1)
        two, three = await place(session, live, nickname="Бен"), await place(session, live, nickname="Cid")
        poll = await activity(session, live, "poll", POLL, title="Ready: now?")
        for by in (one, two):
            await response(session, poll, by, {"type": "poll_response", "selected_options": ["Yes"], "anonymous": True})
        await response(session, poll, three, {"selected_options": ["No"]}, is_counted=False)
        quiz = await activity(session, live, "quiz", QUIZ)
        right = {"question": 0, "choice": "5 °C", "seconds": 1.5}
        await response(session, quiz, one, right, is_correct=True, points=1000)
        await response(session, quiz, two, {**right, "choice": "9 °C"}, is_correct=False)
        qna = await activity(session, live, "qna", {"topic": "Line 2"})
        signed = {"participant_info": {"nickname": "Cid"}, "anonymous": False}
        question = {"type": "question", "question_id": "q1", "question_text": "=Why?", **signed}
        await response(session, qna, three, question)
        await response(session, qna, one, {"type": "vote", "question_id": "q1"})
        await activity(session, live, "open_text", {"question": "Anything else?"})
    return live


async def file(client: httpx.AsyncClient, live: LiveSession, **wanted: str) -> httpx.Response:
    answer = await client.get(f"/api/v1/sessions/{live.id}/export", params=wanted)
    assert answer.status_code == 200, answer.text
    form = wanted.get("format", "csv")
    assert answer.headers["content-disposition"] == f'attachment; filename="session-{live.id}.{form}"'
    return answer


SAID = [
    ("1", "poll", "Ready?", "anonymous", "Yes", "", "0"),
    ("1", "poll", "Ready?", "anonymous", "Yes", "", "0"),
    ("2", "quiz", "How cold?", "=Ada", "question 1: 5 °C", "true", "1000"),
    ("2", "quiz", "How cold?", "Бен", "question 1: 9 °C", "false", "0"),
    ("3", "qna", "Line 2", "Cid", "=Why?", "", "0"),
    ("3", "qna", "Line 2", "anonymous", "vote for: =Why?", "", "0"),
]
COLUMNS = ("activity", "kind", "question", "participant", "answer", "correct", "points")


async def test_csv_has_a_row_for_each_answer_that_counts(client: httpx.AsyncClient, live: LiveSession) -> None:
    found = csv.DictReader(io.StringIO((await file(client, live)).content.decode("utf-8-sig"), newline=""))
    rows = [tuple(row[column].removeprefix("'") for column in COLUMNS) for row in found]
    assert rows == SAID


async def test_a_text_of_a_guest_is_no_formula(client: httpx.AsyncClient, live: LiveSession) -> None:
    text = (await file(client, live, format="csv")).text
    assert '"\'=Ada"' in text
    assert '"\'=Why?"' in text


def rows_of(sheet: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - the library's
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


async def test_a_workbook_has_a_sheet_for_each_activity_and_for_who_was_there(
    client: httpx.AsyncClient, live: LiveSession
) -> None:
    book = openpyxl.load_workbook(io.BytesIO((await file(client, live, format="xlsx")).content))
    assert book.sheetnames == [
        "Summary", "Attendance", "1. Ready  now", "2. Hygiene", "3. Line 2", "4. Anything else",
    ]  # fmt: skip
    facts = {row["what"]: row["value"] for row in rows_of(book["Summary"])}
    assert facts | {"Facilitator": "supervisor.demo", "Participants": "3", "Answers": "6", "Site": "Hall"} == facts
    there = [(row["nickname"], row["person"], row["score"]) for row in rows_of(book["Attendance"])]
    assert there == [("=Ada", "operator.demo", 1000), ("Бен", "", 0), ("Cid", "", 0)]
    quiz = rows_of(book["2. Hygiene"])
    assert [(row["answer"], row["correct"], row["points"]) for row in quiz] == [
        ("question 1: 5 °C", True, 1000), ("question 1: 9 °C", False, 0),
    ]  # fmt: skip
    assert quiz[0]["at"].year == 2026
    assert rows_of(book["4. Anything else"]) == []


async def test_a_report_can_be_read(client: httpx.AsyncClient, live: LiveSession) -> None:
    content = (await file(client, live, format="pdf")).content
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    in_order = [
        "Übergabe: Früh", "Purpose: toolbox talk", "Facilitator: supervisor.demo", "Started: 2026-01-05 06:00 UTC",
        "Participants: 3", "Attendance", "Бен", "1. Ready: now?", "Yes\n2\n100\n", "No\n0\n0\n", "2. Hygiene",
        "question 1: 5 °C\n1\n50\n1\n", "3. Line 2", "vote for: =Why?", "4. Anything else?", "Nothing here.",
    ]  # fmt: skip
    places = [text.find(said) for said in in_order]
    assert -1 not in places, [said for said, place in zip(in_order, places, strict=True) if place < 0]
    assert places == sorted(places)


async def test_a_session_of_nothing_says_so(client: httpx.AsyncClient, database: Database, demo: Actor) -> None:
    async with tenant_transaction(database, demo) as session:
        live = await live_session(session, title="", started_at=None, completed_at=None)
    assert len((await file(client, live)).text.splitlines()) == 1
    pages = pypdf.PdfReader(io.BytesIO((await file(client, live, format="pdf")).content)).pages
    text = pages[0].extract_text()
    assert f"Session {live.id}" in text
    assert "Answers: 0" in text
    assert "Nothing here." in text


async def test_many_different_answers_are_counted_together(
    client: httpx.AsyncClient, database: Database, demo: Actor
) -> None:
    async with tenant_transaction(database, demo) as session:
        live = await live_session(session)
        asked = await activity(session, live, "word_cloud", {"prompt": "In a word?"})
        by = await place(session, live)
        for number in range(70):
            await response(session, asked, by, {"words": [f"word{number:02}", "safe"]})
    content = (await file(client, live, format="pdf")).content
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    assert "safe\n70\n100" in text
    assert "(21 others)\n21" in text


async def test_nobody_gets_a_session_that_is_not_theirs(
    client: httpx.AsyncClient, client_of: ClientOf, live: LiveSession
) -> None:
    path = f"/api/v1/sessions/{live.id}/export"
    assert (await client_of("viewer").get(path)).status_code == 200
    problem(await client_of(None).get(path), 401)
    problem(await client_of("administrator", company="akron").get(path), 404)
    problem(await client.get("/api/v1/sessions/2000000000/export"), 404)
    assert fields(await client.get(path, params={"format": "json"})) == {"format"}
    assert fields(await client.get(path, params={"colour": "red"})) == {"colour"}
