"""Open streams and sockets end at once with the right to them, and nobody else's do."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from websockets.exceptions import ConnectionClosed

from foodflow.identity.public.signing_in import SESSION_COOKIE, Caller, SignedIn, begin_browser_session
from foodflow.kernel import clock, credentials
from foodflow.kernel.actor import Actor
from foodflow.kernel.credentials import AccessClaims
from foodflow.kernel.db import Database, platform_transaction
from foodflow.kernel.live import access
from foodflow.kernel.live.hub import Hub, Subscription
from tests.identity.make import SESSIONS, sign_in, somebody
from tests.kernel.live import make
from tests.kernel.live.conftest import Server
from tests.kernel.live.make import Opener, Reader, publish
from tests.make import SECRET_KEY, Person

KINDS = pytest.mark.parametrize("open_reader", [make.stream, make.socket], ids=["events", "socket"])
Happen = Callable[[Database, Person], Awaitable[None]]


@pytest.fixture
def person(database_url: str, password_hash: str) -> Person:
    return somebody(database_url, password_hash, "akron")


@pytest.fixture
def colleague(database_url: str, password_hash: str) -> Person:
    return somebody(database_url, password_hash, "akron", "demo")


def bearer(person: Person, company: str = "akron", *, until: datetime | None = None) -> dict[str, str]:
    claims = AccessClaims(person.id, company, until=until)
    return {"Authorization": f"Bearer {credentials.sign_access_token(SECRET_KEY, claims)}"}


async def require_end(reader: Reader) -> None:
    with pytest.raises((KeyError, ConnectionClosed, httpx.TransportError)):
        await reader.next()


async def require_open(reader: Reader, database: Database, company: Actor) -> None:
    await publish(database, company, "a/1", number=1)
    assert (await reader.next())["data"] == {"number": 1}


async def change(database: Database, statement: str, person: Person) -> None:
    async with await psycopg.AsyncConnection.connect(database.url) as connection:
        await connection.execute(statement.encode(), {"id": person.id})


async def deactivate(database: Database, person: Person) -> None:
    await change(database, "UPDATE platform.memberships SET is_active = false WHERE user_id = %(id)s", person)
    async with platform_transaction(database) as session:
        await access.changed(session, actor=f"user:{person.id}", tenant="akron")


async def take_role(database: Database, person: Person) -> None:
    await change(database, "UPDATE platform.memberships SET roles = '{}' WHERE user_id = %(id)s", person)
    async with platform_transaction(database) as session:
        await access.changed(session, actor=f"user:{person.id}")


@KINDS
@pytest.mark.parametrize("happen", [deactivate, take_role])
async def test_who_loses_the_right_hears_nothing_more(
    server: Server,
    database: Database,
    akron: Actor,
    person: Person,
    colleague: Person,
    open_reader: Opener,
    happen: Happen,
) -> None:
    async with (
        open_reader(server.host, bearer(person)) as theirs,
        open_reader(server.host, bearer(colleague)) as others,
    ):
        await happen(database, person)
        await require_end(theirs)
        await require_open(others, database, akron)


@KINDS
async def test_who_keeps_the_right_hears_on_what_they_still_may(
    server: Server, database: Database, akron: Actor, person: Person, open_reader: Opener
) -> None:
    async with open_reader(server.host, bearer(person)) as reader:
        roles = "UPDATE platform.memberships SET roles = '{manager}' WHERE user_id = %(id)s"
        await publish(database, akron, "a/1", needs="plant.configure", number=0)
        await change(database, roles, person)
        async with platform_transaction(database) as session:
            await access.changed(session, actor=f"user:{person.id}")
        while True:
            await publish(database, akron, "a/1", needs="plant.configure", number=2)
            await publish(database, akron, "a/1", number=3)
            if (await reader.next())["data"]["number"] == 2:
                break


@KINDS
async def test_a_suspended_company_hears_nothing_more_and_others_do(
    server: Server, database: Database, demo: Actor, person: Person, colleague: Person, open_reader: Opener
) -> None:
    suspend = "UPDATE platform.tenants SET suspended_at = {} WHERE slug = 'akron'"
    async with AsyncExitStack() as open_readers:
        theirs = [
            await open_readers.enter_async_context(open_reader(server.host, bearer(each)))
            for each in (person, colleague)
        ]
        others = await open_readers.enter_async_context(open_reader(server.host, bearer(colleague, "demo")))
        open_readers.push_async_callback(change, database, suspend.format("NULL"), person)
        await change(database, suspend.format("now()"), person)
        async with platform_transaction(database) as session:
            await access.changed(session, tenant="akron")
        for reader in theirs:
            await require_end(reader)
        await require_open(others, database, demo)


@KINDS
async def test_a_stay_that_is_ended_takes_its_streams_along_and_leaves_those_of_others(
    server: Server, database: Database, akron: Actor, person: Person, open_reader: Opener
) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        apps = [(await sign_in(client, person.username)).json()["access_token"] for _ in range(2)]
        first, second = ({"Authorization": f"Bearer {each}"} for each in apps)
        listed = (await client.get(SESSIONS, headers=first)).json()["results"]
        id = next(each["id"] for each in listed if each["current"])
        async with open_reader(server.host, first) as theirs, open_reader(server.host, second) as others:
            assert (await client.delete(f"{SESSIONS}/{id}", headers=second)).status_code == 204
            await require_end(theirs)
            await require_open(others, database, akron)


@KINDS
async def test_a_credential_whose_time_is_over_ends_its_streams(
    server: Server, database: Database, akron: Actor, person: Person, open_reader: Opener
) -> None:
    short = bearer(person, until=clock.now() + timedelta(seconds=2))
    async with open_reader(server.host, short) as theirs, open_reader(server.host, bearer(person)) as others:
        await require_end(theirs)
        await require_open(others, database, akron)


@KINDS
async def test_a_session_that_idles_for_too_long_ends_its_streams(
    server: Server, database: Database, person: Person, open_reader: Opener
) -> None:
    stay = await begin_browser_session(database, SignedIn(person.id, "akron", ("pwd",)), Caller())
    idle = "UPDATE platform.tokens SET last_used_at = now() - interval '4:00:01' WHERE user_id = %(id)s"
    cookie = {"Cookie": f"{SESSION_COOKIE}={stay.secret}", "Origin": server.url}
    async with open_reader(server.host, cookie) as reader:
        await change(database, idle, person)
        async with platform_transaction(database) as session:
            await access.changed(session, credential=f"session:{stay.family}")
        await require_end(reader)


async def test_rights_that_were_lost_while_a_stream_was_being_opened_are_noticed(
    app: FastAPI, database: Database, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe = Hub.subscribe

    @asynccontextmanager
    async def late(hub: Hub, actor: Actor, topics: frozenset[str]) -> AsyncIterator[Subscription]:
        await take_role(database, person)  # told to everybody who listens, which this reader does not yet
        async with subscribe(hub, actor, topics) as subscription:
            yield subscription

    monkeypatch.setattr(Hub, "subscribe", late)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://foodflow.test") as client:
        answer = await client.get("/api/v1/live", headers=bearer(person))
    assert (answer.status_code, answer.text) == (200, "")
