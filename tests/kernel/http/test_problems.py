"""Every refusal and failure is answered as a problem, and says neither more nor less than it should."""

from collections.abc import AsyncIterator

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from foodflow.kernel import credentials
from foodflow.kernel.actor import Actor
from foodflow.kernel.credentials import AccessClaims
from foodflow.kernel.db import tenant_transaction
from foodflow.kernel.errors import Conflict
from foodflow.kernel.events import Event, Listener
from foodflow.main import create_app
from foodflow.settings import Settings
from tests import make
from tests.conftest import ClientOf
from tests.kernel.http.conftest import REFUSALS
from tests.kernel.http.make import call, fields, problem
from tests.kernel.make import ThingHappened

JSON = {"content-type": "application/json"}
NOTES = "/api/v1/probe/notes"
Listening = dict[type[Event], list[Listener]]


async def notes(app: FastAPI, demo: Actor) -> int:
    async with tenant_transaction(app.state.database, demo) as session:
        return await session.scalar(text("SELECT count(*) FROM notes")) or 0


@pytest.fixture
async def listeners(app: FastAPI) -> AsyncIterator[Listening]:
    """What listens within the application's transactions, for this test."""
    listeners: Listening = {}
    database = app.state.database
    before, database.listeners = database.listeners, listeners
    yield listeners
    database.listeners = before


@pytest.mark.parametrize("status", sorted(REFUSALS))
async def test_a_refusal_is_a_problem_of_its_status(anonymous_client: httpx.AsyncClient, status: int) -> None:
    refused = problem(await anonymous_client.get(f"/api/v1/probe/refusals/{status}"), status)
    assert (refused["detail"], refused["code"]) == ("because of the moon", REFUSALS[status].code)


@pytest.mark.parametrize(
    "body", [b"{", b"{'note': 1}", b'{"note": "a",}', b"\xff\xfe", b"[" * 100_000, b"1" * 5000, b"{} {}", b"nonsense"]
)
async def test_a_body_that_is_not_json_is_malformed(client: httpx.AsyncClient, body: bytes) -> None:
    assert problem(await client.post(NOTES, content=body, headers=JSON), 400)["code"] == "malformed"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "text/csv", "application/jsonp", ""]
)
async def test_a_body_of_another_type_is_not_taken(client: httpx.AsyncClient, kind: str) -> None:
    refused = problem(await client.post(NOTES, content=b'{"note": "a"}', headers={"content-type": kind}), 415)
    assert refused["code"] == "wrong_content_type"


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"]
)
async def test_json_is_taken_under_each_of_its_names(anonymous_client: httpx.AsyncClient, kind: str) -> None:
    sent = await anonymous_client.post(
        "/api/v1/probe/open-notes", content=b'{"note": " a "}', headers={"content-type": kind}
    )
    assert sent.json() == {"note": "a"}


async def test_forms_and_streams_are_not_asked_for_json(anonymous_client: httpx.AsyncClient) -> None:
    form = await anonymous_client.post("/api/v1/probe/forms", data={"note": "a"})
    assert form.json() == {"note": "a"}
    stream = await anonymous_client.post(
        "/api/v1/probe/streams", content=b"1,2\n", headers={"content-type": "text/csv"}
    )
    assert stream.json() == {"bytes": 4}


async def test_who_is_not_signed_in_is_told_how(anonymous_client: httpx.AsyncClient) -> None:
    response = await anonymous_client.get("/api/v1/probe/numbers/1")
    assert problem(response, 401)["code"] == "unauthenticated"
    assert response.headers["www-authenticate"].startswith("Bearer")


async def test_who_is_not_signed_in_is_refused_before_the_body_is_looked_at(
    app: FastAPI, anonymous_client: httpx.AsyncClient
) -> None:
    assert problem(await anonymous_client.post(NOTES, content=b"{", headers=JSON), 401)
    sent = await call(app, NOTES, method="POST", headers=[(b"content-length", b"9"), (b"content-type", b"text/csv")])
    assert sent[0]["status"] == 401


async def test_who_may_not_is_forbidden_before_the_body_is_looked_at(client_of: ClientOf) -> None:
    refused = problem(await client_of("viewer").post(NOTES, content=b"{", headers=JSON), 403)
    assert "plant.configure" in refused["detail"]


async def test_an_unknown_path_is_not_found(client: httpx.AsyncClient) -> None:
    refused = problem(await client.get("/api/v1/nothing"), 404)
    assert refused["code"] == "not_found"
    assert "/api/v1/nothing" in refused["detail"]


async def test_a_method_that_a_path_does_not_have_is_not_allowed(client: httpx.AsyncClient) -> None:
    response = await client.delete("/api/v1/probe/numbers/1")
    assert problem(response, 405)["code"] == "method_not_allowed"
    assert response.headers["allow"] == "GET"


async def test_all_that_is_wrong_with_a_body_is_named_at_once(client: httpx.AsyncClient) -> None:
    body = {"number": "many", "at": "2001-02-03T04:05:06", "parts": [{"label": "a"}, {"label": " "}], "colour": "red"}
    assert fields(await client.post(NOTES, json=body)) == {"note", "number", "at", "parts.1.label", "colour"}


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"1", b'"a"'])
async def test_a_body_that_is_no_object_is_invalid(client: httpx.AsyncClient, body: bytes) -> None:
    assert fields(await client.post(NOTES, content=body, headers=JSON)) == {"body"}


@pytest.mark.parametrize("id", ["7", "not-an-id", "00000000-0000-0000-0000-00000000000g", "%F0%9F%8D%85", "a" * 4000])
async def test_an_id_of_another_form_is_invalid(client: httpx.AsyncClient, id: str) -> None:
    assert fields(await client.get(f"/api/v1/probe/ids/{id}")) == {"id"}


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"])
async def test_a_moment_beyond_the_calendar_in_utc_is_invalid(client: httpx.AsyncClient, at: str) -> None:
    assert fields(await client.post(NOTES, json={"note": "a", "at": at})) == {"at"}


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, 2**63, 10**40])
async def test_a_number_that_cannot_be_stored_is_invalid(client: httpx.AsyncClient, number: int) -> None:
    assert fields(await client.get(f"/api/v1/probe/numbers/{number}")) == {"request"}
    assert fields(await client.post(NOTES, json={"note": "a", "number": number})) == {"request"}


async def test_a_failure_says_the_request_id_and_nothing_else_and_the_log_says_the_rest(
    client: httpx.AsyncClient,
) -> None:
    for path in ("failures", "impossible-statements"):
        with capture_logs() as logs:
            response = await client.get(f"/api/v1/probe/{path}", headers={"x-request-id": "r-1"})
        failed = problem(response, 500)
        assert (failed["code"], failed["request_id"]) == ("internal", "r-1")
        assert "hunter2" not in response.text
        logged = [entry for entry in logs if entry["event"] == "request.failed"]
        assert [entry["request_id"] for entry in logged] == ["r-1"]
        assert "hunter2" in str(logged[0]["exc_info"])


@pytest.mark.parametrize("path", ["slow-statements", "slow-copies"])
async def test_a_statement_that_takes_too_long_is_not_now(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(f"/api/v1/probe/{path}")
    assert problem(response, 503)["code"] == "unavailable"
    assert response.headers["retry-after"] == "1"


async def test_when_all_connections_are_taken_it_is_not_now(
    client: httpx.AsyncClient, app: FastAPI, demo: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = app.state.database.engine.sync_engine.pool
    monkeypatch.setattr(pool, "_timeout", 0.1)
    taken = [await app.state.database.engine.connect() for _ in range(pool.size())]
    response = await client.get("/api/v1/probe/numbers/1")
    for connection in taken:
        await connection.close()
    assert problem(response, 503)["code"] == "unavailable"
    assert response.headers["retry-after"] == "1"
    assert (await client.get("/api/v1/probe/numbers/1")).status_code == 200


async def test_when_the_connections_are_cut_it_is_not_now_and_soon_again(
    client: httpx.AsyncClient, superuser_url: str
) -> None:
    assert (await client.get("/api/v1/probe/numbers/1")).status_code == 200
    async with await psycopg.AsyncConnection.connect(superuser_url, autocommit=True) as superuser:
        await superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    problem(await client.get("/api/v1/probe/numbers/1"), 503)
    assert (await client.get("/api/v1/probe/numbers/1")).status_code == 200


async def test_without_a_database_it_is_not_now(settings: Settings, people: dict[tuple[str, str], make.Person]) -> None:
    assert settings.database_url is not None
    nowhere = settings.model_copy(update={"database_url": make.url_of("nowhere", settings.database_url)})
    token = credentials.sign_access_token(make.SECRET_KEY, AccessClaims(people["demo", "viewer"].id, "demo"))
    transport = httpx.ASGITransport(create_app(nowhere), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        response = await client.get("/api/v1/auth/user", headers={"authorization": f"Bearer {token}"})
        assert problem(response, 503)["code"] == "unavailable"
        assert (await client.get("/health/ready")).json()["database"] != "ok"
        assert (await client.get("/health/ready")).status_code == 503
        whole = await client.get("/api/v1/health/")
        assert (whole.status_code, whole.json()["status"]) == (503, "unhealthy")
        assert (await client.get("/health/live")).status_code == 200


async def test_a_commit_that_fails_is_answered_as_a_failure_and_not_as_done(
    client: httpx.AsyncClient, app: FastAPI, demo: Actor
) -> None:
    assert (await client.post(NOTES, json={"note": "first", "number": 77})).status_code == 200
    before = await notes(app, demo)
    problem(await client.post(NOTES, json={"note": "second", "number": 77}), 500)
    assert await notes(app, demo) == before


async def test_a_listener_that_refuses_refuses_the_request(client: httpx.AsyncClient, listeners: Listening) -> None:
    async def refuse(_session: AsyncSession, _event: Event) -> None:
        raise Conflict("the line is busy")

    listeners[ThingHappened] = [refuse]
    refused = problem(await client.post("/api/v1/probe/events?number=1"), 409)
    assert refused["detail"] == "the line is busy"


async def test_a_listener_writes_in_the_transaction_of_the_request(
    client: httpx.AsyncClient, app: FastAPI, demo: Actor, listeners: Listening
) -> None:
    async def note(session: AsyncSession, event: Event) -> None:
        assert isinstance(event, ThingHappened)
        await session.execute(text("INSERT INTO notes (note) VALUES ('heard')"))
        if event.number == 2:
            raise Conflict("only once")

    listeners[ThingHappened] = [note]
    before = await notes(app, demo)
    assert (await client.post("/api/v1/probe/events?number=1")).json() == {"told": True}
    problem(await client.post("/api/v1/probe/events?number=2"), 409)
    assert await notes(app, demo) == before + 1
