"""A call that is made twice with one `Idempotency-Key` is done once, and answered the same both times."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from foodflow.kernel import answers
from foodflow.kernel.actor import Actor
from foodflow.kernel.answers import Call
from foodflow.kernel.db import tenant_transaction
from tests.conftest import ClientOf
from tests.kernel.http.make import fields, problem
from tests.make import everything

PROBE = "/api/v1/probe"
NOTES = f"{PROBE}/located-notes"
numbers = iter(range(1000, 2000))


def keyed(key: str | None = None) -> dict[str, str]:
    return {"idempotency-key": key or uuid4().hex}


def note(**fields: object) -> dict[str, object]:
    return {"note": "said", "number": next(numbers)} | fields


async def asked(app: FastAPI, demo: Actor, query: str, **values: object) -> int:
    async with tenant_transaction(app.state.database, demo) as session:
        return await session.scalar(text(query), values) or 0


async def noted(app: FastAPI, demo: Actor, words: object) -> int:
    return await asked(app, demo, "SELECT count(*) FROM notes WHERE note = :words", words=words)


@pytest.fixture
async def words(app: FastAPI, demo: Actor) -> AsyncIterator[str]:
    """A note that no other test makes."""
    words = uuid4().hex
    yield words
    await asked(app, demo, "WITH gone AS (DELETE FROM notes WHERE note = :words) SELECT 1", words=words)


async def test_a_call_that_comes_again_is_done_once_and_answered_the_same(
    client: httpx.AsyncClient, app: FastAPI, demo: Actor, words: str
) -> None:
    body, key = note(note=words), keyed()
    first = await client.post(NOTES, json=body, headers=key)
    again = await client.post(NOTES, json=body, headers=key)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again.headers["location"] == first.headers["location"] == f"{PROBE}/notes/{words}"
    assert again.headers["content-type"] == first.headers["content-type"] == "application/json"
    assert [answer.headers.get("idempotency-replayed") for answer in (first, again)] == [None, "true"]
    assert await noted(app, demo, words) == 1


async def test_without_a_key_or_with_another_one_it_is_done_again(
    client: httpx.AsyncClient, app: FastAPI, demo: Actor, words: str
) -> None:
    for headers in ({}, {}, keyed(), keyed()):
        assert (await client.post(NOTES, json=note(note=words), headers=headers)).status_code == 201
    assert await noted(app, demo, words) == 4


async def test_of_two_calls_at_once_one_is_done_and_the_other_waits_for_its_answer(
    client: httpx.AsyncClient, app: FastAPI, demo: Actor, words: str
) -> None:
    body, key = note(note=words), keyed()
    both = await asyncio.gather(*(client.post(f"{PROBE}/slow-notes", json=body, headers=key) for _ in range(2)))
    assert [answer.status_code for answer in both] == [200, 200]
    assert sorted(answer.headers.get("idempotency-replayed", "") for answer in both) == ["", "true"]
    assert both[0].json() == both[1].json()
    assert await noted(app, demo, words) == 1


async def test_who_has_waited_too_long_for_the_first_call_is_told_that_it_is_in_progress(
    client: httpx.AsyncClient, app: FastAPI, demo: Actor, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foodflow.kernel.db.LOCK_TIMEOUT", "20ms")
    body, key = note(note=words), keyed()
    both = await asyncio.gather(*(client.post(f"{PROBE}/slow-notes", json=body, headers=key) for _ in range(2)))
    refused = next(answer for answer in both if answer.status_code != 200)
    assert problem(refused, 409)["code"] == "idempotency.in_progress"
    assert await noted(app, demo, words) == 1


async def test_a_key_does_not_serve_another_request(
    client: httpx.AsyncClient, app: FastAPI, demo: Actor, words: str
) -> None:
    body, key = note(note=words), keyed()
    await client.post(NOTES, json=body, headers=key)
    for other in (client.post(NOTES, json=note(), headers=key), client.post(f"{NOTES}?more=1", json=body, headers=key)):
        refused = await other
        assert fields(refused) == {"Idempotency-Key"}
        assert refused.json()["code"] == "idempotency.other_request"
    assert await noted(app, demo, words) == 1


async def test_a_key_is_of_one_person_and_one_path(
    client: httpx.AsyncClient, client_of: ClientOf, app: FastAPI, demo: Actor, words: str
) -> None:
    key = keyed()
    for who, path in ((client, NOTES), (client_of("supervisor"), NOTES), (client, f"{PROBE}/notes")):
        answer = await who.post(path, json=note(note=words), headers=key)
        assert answer.is_success, answer.text
    assert await noted(app, demo, words) == 3


def test_a_key_is_of_one_company() -> None:
    demo, akron = (Actor("user:7", everything(company).tenant) for company in ("demo", "akron"))
    assert Call.of(demo, "POST /x", "k", sent=b"").lock != Call.of(akron, "POST /x", "k", sent=b"").lock
    assert Call.of(demo, "POST /x", "k", sent=b"") == Call.of(demo, "POST /x", "k", sent=b"")


async def test_a_refused_call_may_be_mended_and_made_again_with_its_key(
    client: httpx.AsyncClient, app: FastAPI, demo: Actor, words: str
) -> None:
    key = keyed()
    assert fields(await client.post(NOTES, json=note(note=words, colour="red"), headers=key)) == {"colour"}
    assert (await client.post(NOTES, json=note(note=words), headers=key)).status_code == 201
    assert await noted(app, demo, words) == 1


async def test_an_answer_that_is_a_refusal_is_not_kept(client: httpx.AsyncClient) -> None:
    key = keyed()
    answers = [await client.post(f"{PROBE}/refused-notes", headers=key) for _ in range(2)]
    assert [(answer.status_code, "idempotency-replayed" in answer.headers) for answer in answers] == [(503, False)] * 2


async def test_when_the_commit_fails_neither_deed_nor_answer_is_kept(
    client: httpx.AsyncClient, app: FastAPI, demo: Actor, words: str
) -> None:
    body, key = note(note=words), keyed()
    in_the_way = await client.post(NOTES, json=body | {"note": "in the way"})
    assert in_the_way.status_code == 201
    problem(await client.post(NOTES, json=body, headers=key), 500)  # the number is taken, which the commit finds
    remove = "WITH gone AS (DELETE FROM notes WHERE number = :number) SELECT 1"
    await asked(app, demo, remove, number=body["number"])
    done = await client.post(NOTES, json=body, headers=key)
    assert (done.status_code, "idempotency-replayed" in done.headers) == (201, False)
    assert await noted(app, demo, words) == 1


async def test_a_body_and_an_answer_that_come_in_pieces_are_kept_too(
    client: httpx.AsyncClient, app: FastAPI, demo: Actor, words: str
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield words[:9].encode()
        yield words[9:].encode()

    key = keyed()
    first, again = [await client.post(f"{PROBE}/streamed-notes", content=pieces(), headers=key) for _ in range(2)]
    assert first.text == again.text == "noted in pieces"
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert await noted(app, demo, words) == 1
    other = await client.post(f"{PROBE}/streamed-notes", content=b"other", headers=key)
    assert fields(other) == {"Idempotency-Key"}


async def test_a_deed_on_the_shared_tables_is_done_once_too(
    client: httpx.AsyncClient, app: FastAPI, demo: Actor
) -> None:
    key, path = keyed(), f"{PROBE}/directory-notes?note={uuid4().hex}"
    first, again = [await client.post(path, headers=key) for _ in range(2)]
    assert first.json() == again.json() == {"companies": 2}
    assert again.headers["idempotency-replayed"] == "true"
    subject = path.rpartition("=")[2]
    assert await asked(app, demo, "SELECT count(*) FROM audit_entries WHERE subject = :s", s=subject) == 1


async def test_a_kept_answer_cannot_be_read_in_the_database(
    client: httpx.AsyncClient, app: FastAPI, demo: Actor, words: str
) -> None:
    await client.post(f"{PROBE}/notes", json=note(note=words), headers=keyed())
    readable = "SELECT count(*) FROM answers WHERE position(CAST(:words AS bytea) IN sealed_body) > 0"
    assert await asked(app, demo, readable, words=words.encode()) == 0
    assert await asked(app, demo, "SELECT count(*) FROM answers") > 0


async def test_after_a_day_an_answer_is_forgotten_and_its_key_is_new(
    client: httpx.AsyncClient, app: FastAPI, demo: Actor, words: str
) -> None:
    body, key = note(note=words), keyed()
    await client.post(NOTES, json=body, headers=key)
    age = "WITH old AS (UPDATE answers SET created_at = created_at - CAST(:day AS interval)) SELECT 1"
    await asked(app, demo, age, day=answers.KEPT + timedelta(minutes=1))
    again = await client.post(NOTES, json=note(note=words), headers=key)
    assert "idempotency-replayed" not in again.headers
    assert await noted(app, demo, words) == 2
    for _ in range(5):
        await client.post(NOTES, json=note(note=words), headers=keyed())
    old = "SELECT count(*) FROM answers WHERE created_at < now() - interval '1 day'"
    assert await asked(app, demo, old) == 0


@pytest.mark.parametrize("key", ["", "a b", "a" * 256, "é"])
async def test_a_key_of_another_form_is_malformed(client: httpx.AsyncClient, key: str) -> None:
    headers = {b"idempotency-key": key.encode("latin-1")}
    refused = await client.post(NOTES, json=note(), headers=headers)
    assert problem(refused, 400)["code"] == "malformed"


async def test_a_route_that_is_open_to_all_heeds_no_key(anonymous_client: httpx.AsyncClient) -> None:
    for number in range(2):
        answer = await anonymous_client.post(f"{PROBE}/open-notes", json={"note": str(number)}, headers=keyed("k"))
        assert answer.json() == {"note": str(number)}
