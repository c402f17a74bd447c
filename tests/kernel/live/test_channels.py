"""Live channels over real connections: only what is one's own, in order, exactly once, and never silently less."""

import asyncio
import json
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack

import httpx
import psycopg
import pytest
from sqlalchemy import text
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from foodflow.identity.public.signing_in import SESSION_COOKIE
from foodflow.kernel import events, live, relay
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction, tenant_transaction, write_consequences
from foodflow.kernel.errors import Conflict
from tests.identity.make import browser
from tests.kernel.live import make
from tests.kernel.live.conftest import Server
from tests.kernel.live.make import Message, Opener, Reader, publish, relay_all
from tests.kernel.make import ThingHappened
from tests.make import CHANCE, Person, until

HeadersOf = Callable[[str, str], dict[str, str]]
KINDS = pytest.mark.parametrize("open_reader", [make.stream, make.socket], ids=["events", "socket"])
CATCH_UP = 1000
TOO_MANY_TOPICS = "?" + "&".join(f"topic={number}" for number in range(51))


async def tell(database: Database, actor: Actor, *numbers: int, thing: str = "a") -> None:
    async with tenant_transaction(database, actor) as session:
        for number in numbers:
            events.tell(session, ThingHappened(thing=thing, number=number))


async def last_sequence(database: Database) -> int:
    await relay_all(database)
    async with platform_transaction(database) as session:
        return (await relay.kept(session))[1]


async def numbers(reader: Reader, count: int) -> list[int]:
    return [(await reader.next())["data"]["number"] for _ in range(count)]


def as_reset(message: Message) -> Message:
    assert message["type"] == "reset"
    return message


async def status(server: Server, headers: dict[str, str], query: str = "") -> int:
    """The status that a stream is answered with when it is refused."""
    async with httpx.AsyncClient(base_url=server.url, headers=headers) as client:
        return (await client.get(f"/api/v1/live{query}")).status_code


async def handshake(server: Server, headers: dict[str, str], query: str = "") -> int:
    """The status that a WebSocket's handshake is answered with when it is not accepted."""
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"ws://{server.host}/api/v1/live/socket{query}", additional_headers=headers, proxy=None):
            pass
    response = refused.value.response
    assert response.headers["content-type"] == "application/problem+json"
    assert json.loads(response.body)["request_id"] == response.headers["x-request-id"]
    return response.status_code


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic YTpi"}, {"Cookie": "a=b"}]
)
async def test_who_is_not_signed_in_hears_nothing(server: Server, headers: dict[str, str]) -> None:
    assert await status(server, headers) == 401
    assert await handshake(server, headers) == 401


async def test_sockets_are_counted_under_their_path_with_what_they_were_answered(
    server: Server, headers_of: HeadersOf
) -> None:
    async with make.socket(server.host, headers_of("viewer", "demo")):
        pass
    await handshake(server, {})
    wanted = [f'route="/api/v1/live/socket",status="{status}"' for status in (101, 401)]
    await until(lambda: [each in httpx.get(f"{server.url}/metrics").text for each in wanted] == [True, True])


@pytest.mark.parametrize("query", ["?after=x", "?after=-1", "?after=9999999999999999999", TOO_MANY_TOPICS])
async def test_a_question_that_makes_no_sense_is_refused_before_the_connection_is_accepted(
    server: Server, headers_of: HeadersOf, query: str
) -> None:
    headers = headers_of("viewer", "demo")
    assert await status(server, headers, query) == 422
    assert await handshake(server, headers, query) == 422


async def test_a_page_of_our_own_opens_a_socket_with_its_cookie_and_a_page_of_others_does_not(
    server: Server, database: Database, people: dict[tuple[str, str], Person]
) -> None:
    secret = await browser(database, people["demo", "viewer"], "demo")
    cookie = {"Cookie": f"{SESSION_COOKIE}={secret}"}
    async with make.socket(server.host, cookie | {"Origin": server.url}):
        pass
    for origin in ({}, {"Origin": "http://evil.test"}, {"Origin": "null"}, {"Origin": f"{server.url}.evil.test"}):
        assert await handshake(server, cookie | origin) == 401


@KINDS
async def test_a_reader_hears_what_its_own_company_says_and_nothing_of_another(
    server: Server, database: Database, demo: Actor, akron: Actor, headers_of: HeadersOf, open_reader: Opener
) -> None:
    async with (
        open_reader(server.host, headers_of("viewer", "demo")) as ours,
        open_reader(server.host, headers_of("administrator", "akron")) as theirs,
    ):
        for number, actor in enumerate((demo, akron, akron, demo)):
            await publish(database, actor, "plant.line/1", needs="live.listen", whose=actor.tenant, number=number)
        first, second = await ours.next(), await ours.next()
        assert first == {
            "type": "reading",
            "topic": "plant.line/1",
            "data": {"whose": "demo", "number": 0},
            "sequence": None,
            "time": None,
        }
        assert second["data"] == {"whose": "demo", "number": 3}
        assert [(await theirs.next())["data"]["number"] for _ in range(2)] == [1, 2]


@KINDS
async def test_a_reader_hears_only_what_its_permissions_let_it_hear(
    server: Server, database: Database, demo: Actor, headers_of: HeadersOf, open_reader: Opener
) -> None:
    async with (
        open_reader(server.host, headers_of("viewer", "demo")) as viewer,
        open_reader(server.host, headers_of("administrator", "demo")) as administrator,
    ):
        for number, needs in enumerate(("payroll.read", "plant.configure", "plant.read")):
            await publish(database, demo, "a/1", needs=needs, number=number)
        assert await numbers(viewer, 1) == [2]
        assert await numbers(administrator, 3) == [0, 1, 2]


@KINDS
async def test_a_reader_hears_the_topics_that_it_names_each_or_all_of_a_kind(
    server: Server, database: Database, demo: Actor, headers_of: HeadersOf, open_reader: Opener
) -> None:
    async with open_reader(server.host, headers_of("viewer", "demo"), topic=["plant.line/1", "sensor"]) as reader:
        await publish(
            database, demo, "plant.line/1", "plant.line/2", "plant.line/11", "plant.line", "sensor/9", "sensors/9"
        )
        await publish(database, demo, "sensor")
        heard = [(await reader.next())["topic"] for _ in range(3)]
        assert heard == ["plant.line/1", "sensor/9", "sensor"]


async def test_what_was_taken_back_is_not_heard(
    server: Server, database: Database, demo: Actor, headers_of: HeadersOf
) -> None:
    async def refused() -> None:
        async with tenant_transaction(database, demo) as session:
            live.publish(session, topic="a/1", type="x", needs="plant.read", data={"number": 1})
            await write_consequences(session)
            raise Conflict("no")

    async with make.stream(server.host, headers_of("viewer", "demo")) as reader:
        with pytest.raises(Conflict):
            await refused()
        await publish(database, demo, "a/1", number=2)
        assert await numbers(reader, 1) == [2]


async def test_a_body_too_large_for_a_notification_is_left_out_and_said_to_be(
    server: Server, database: Database, demo: Actor, headers_of: HeadersOf
) -> None:
    async with make.stream(server.host, headers_of("administrator", "demo")) as reader:
        for text_ in ("x" * 20_000, "ä" * 5_000, '"' * 5_000):
            await publish(database, demo, "a/1", text=text_)
            assert (await reader.next())["data"] == {"truncated": True}
        await publish(database, demo, "a/1", text="ä" * 3_000)
        assert (await reader.next())["data"] == {"text": "ä" * 3_000}
        await tell(database, demo, 1, thing="x" * 400)
        await relay_all(database)
        assert (await reader.next())["data"]["number"] == 1


async def test_what_is_no_message_is_passed_over(
    server: Server, database: Database, demo: Actor, headers_of: HeadersOf
) -> None:
    async with make.stream(server.host, headers_of("viewer", "demo")) as reader:
        async with platform_transaction(database) as session:
            for payload in ("", "nonsense", "[]", "{}", '{"tenant": 1, "topic": 2, "type": 3, "needs": 4, "data": 5}'):
                await session.execute(text("SELECT pg_notify('foodflow_live', :payload)"), {"payload": payload})
        await publish(database, demo, "a/1", number=7)
        assert await numbers(reader, 1) == [7]


@KINDS
async def test_a_reader_that_comes_back_gets_what_it_missed_once_and_then_what_happens(
    server: Server, database: Database, demo: Actor, akron: Actor, headers_of: HeadersOf, open_reader: Opener
) -> None:
    start = await last_sequence(database)
    await tell(database, demo, 1, 2, 3)
    await tell(database, akron, 99)
    await relay_all(database)
    headers = headers_of("administrator", "demo")
    async with open_reader(server.host, headers, after=start + 1, topic="thing") as reader:
        await tell(database, demo, 4)
        await relay_all(database)
        assert await numbers(reader, 3) == [2, 3, 4]


async def test_an_event_source_says_what_it_saw_last_in_a_header(
    server: Server, database: Database, demo: Actor, headers_of: HeadersOf
) -> None:
    start = await last_sequence(database)
    await tell(database, demo, 1, 2)
    await relay_all(database)
    async with make.stream(
        server.host, headers_of("administrator", "demo") | {"Last-Event-ID": str(start + 1)}
    ) as reader:
        assert await numbers(reader, 1) == [2]


@KINDS
async def test_a_reader_that_loses_its_connection_again_and_again_hears_all_once_and_in_order(
    server: Server, database: Database, demo: Actor, headers_of: HeadersOf, open_reader: Opener
) -> None:
    seen = await last_sequence(database)
    count = 150

    async def keep_telling() -> None:
        for number in range(count):
            await tell(database, demo, number)
            await relay_all(database)

    telling = asyncio.create_task(keep_telling())
    heard: list[int] = []
    while len(heard) < count:
        async with open_reader(server.host, headers_of("administrator", "demo"), after=seen) as reader:
            for _ in range(min(CHANCE.randint(1, 40), count - len(heard))):
                message = await reader.next()
                heard.append(message["data"]["number"])
                seen = message["sequence"]
    await telling
    assert heard == list(range(count))


@KINDS
async def test_a_reader_that_missed_more_than_can_be_given_starts_over(
    server: Server, database: Database, demo: Actor, headers_of: HeadersOf, open_reader: Opener
) -> None:
    start = await last_sequence(database)
    await tell(database, demo, *range(CATCH_UP + 1))
    last = await last_sequence(database)
    headers = headers_of("administrator", "demo")
    async with open_reader(server.host, headers, after=start) as reader:
        assert as_reset(await reader.next())["sequence"] == last
        await tell(database, demo, 5000)
        await relay_all(database)
        assert await numbers(reader, 1) == [5000]
    async with open_reader(server.host, headers, after=start + 2) as reader:
        assert await numbers(reader, CATCH_UP) == [*range(2, CATCH_UP + 1), 5000]


async def test_a_reader_of_another_time_starts_over(
    server: Server, database: Database, demo: Actor, headers_of: HeadersOf
) -> None:
    headers = headers_of("administrator", "demo")
    last = await last_sequence(database)
    async with make.stream(server.host, headers, after=last + 1_000_000) as reader:
        assert as_reset(await reader.next())["sequence"] == last
        await tell(database, demo, 1)
        await relay_all(database)
        assert await numbers(reader, 1) == [1]
    async with platform_transaction(database) as session:
        await session.execute(text("DELETE FROM outbox WHERE sequence <= :last"), {"last": last})
    async with make.stream(server.host, headers, after=last) as reader:
        assert await numbers(reader, 1) == [1]
    async with make.stream(server.host, headers, after=last - 1) as reader:
        as_reset(await reader.next())


async def test_a_reader_that_does_not_read_is_told_to_start_over(
    server: Server, database: Database, demo: Actor, headers_of: HeadersOf, readers: AsyncExitStack
) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", int(server.host.partition(":")[2])))
        lines = [f"{name}: {value}" for name, value in headers_of("viewer", "demo").items()]
        request = "\r\n".join(["GET /api/v1/live HTTP/1.1", f"Host: {server.host}", *lines, "", ""])
        connection.sendall(request.encode())
        await asyncio.to_thread(connection.recv, 1)
        prompt = await readers.enter_async_context(make.stream(server.host, headers_of("viewer", "demo")))
        for block in range(20):
            topics = [f"a/{number}" for number in range(block * 100, block * 100 + 100)]
            await publish(database, demo, *topics, text="x" * 7_000)
            for _ in topics:
                assert (await prompt.next())["type"] == "reading"
        connection.settimeout(make.PATIENCE)
        received = b""
        while b"event: reset" not in received:
            received = received[-20:] + await asyncio.to_thread(connection.recv, 1_000_000)


@KINDS
async def test_when_the_server_loses_its_own_connection_readers_start_over_and_hear_on(
    server: Server,
    database: Database,
    demo: Actor,
    headers_of: HeadersOf,
    superuser_url: str,
    open_reader: Opener,
) -> None:
    async with open_reader(server.host, headers_of("viewer", "demo")) as reader:
        async with await psycopg.AsyncConnection.connect(superuser_url, autocommit=True) as superuser:
            found = "FROM pg_stat_activity WHERE query LIKE 'LISTEN foodflow%' AND datname = current_database()"
            cut = await superuser.execute(f"SELECT pg_terminate_backend(pid) {found}")
            assert cut.rowcount == 1
            # Whoever comes before the server listens again has missed something without knowing it.
            async with open_reader(server.host, headers_of("viewer", "demo")) as latecomer:
                as_reset(await latecomer.next())
        as_reset(await reader.next())
        await publish(database, demo, "a/1", number=3)
        assert await numbers(reader, 1) == [3]


async def test_a_server_that_ends_ends_its_connections(server: Server, headers_of: HeadersOf) -> None:
    """The last test of this module, for it ends the module's server."""
    headers = headers_of("viewer", "demo")
    async with make.socket(server.host, headers) as over_socket, make.stream(server.host, headers) as over_events:
        server.process.terminate()
        with pytest.raises(ConnectionClosed):
            await over_socket.next()
        with pytest.raises((KeyError, httpx.TransportError)):
            await over_events.next()
    assert await asyncio.to_thread(server.process.wait, 10) == 0
