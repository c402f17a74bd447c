"""Connections at their bounds: over real sockets, with waits that are short enough for a test."""

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import ClassVar

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode

from foodflow.kernel.http.connections import Connection
from foodflow.kernel.http.serving import configured
from foodflow.kernel.http.sockets import Socket, write_of
from tests.make import until

PATIENCE = 15
GET = b"GET /%d HTTP/1.1\r\nHost: t\r\n\r\n"
CHUNKED = b"POST /0 HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"


class Hasty(Connection):
    """Waits for nothing for long."""

    seconds_for_head: ClassVar = 0.3
    seconds_without_body: ClassVar = 0.3
    seconds_idle: ClassVar = 0.3
    seconds_to_hear: ClassVar = 0.3


class Pinging(Socket):
    """Asks its peer all the time whether it is there."""

    seconds_between_pings: ClassVar = 0.1
    seconds_to_pong: ClassVar = 0.3


class Application:
    """Answers with what it was asked, once it has read the body; `may_answer` and `may_read` hold it up."""

    def __init__(self) -> None:
        self.may_answer, self.may_read, self.left = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.may_answer.set()
        self.may_read.set()
        self.scopes: list[Scope] = []
        self.heard: list[object] = []
        self.sockets: list[Socket] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for _ in ("startup", "shutdown"):
                await send({"type": f"{(await receive())['type']}.complete"})
            return
        self.scopes.append(scope)
        if scope["type"] == "websocket":
            self.sockets.append(receive.__self__)  # type: ignore[attr-defined]  # it is a method, as ASGI need not say
            await self.listen(receive, send)
            return
        await self.may_read.wait()
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message["more_body"]:
                break
        if message["type"] == "http.disconnect":
            self.left.set()
            return
        await self.may_answer.wait()
        answer = scope["path"].encode() + body
        headers = [(b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def listen(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await self.may_read.wait()
        while (message := await receive())["type"] == "websocket.receive":
            self.heard.append(message.get("text") or message.get("bytes"))
        self.left.set()


class Peer:
    """Somebody who speaks bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, data: bytes) -> "Peer":
        self.writer.write(data)
        await self.writer.drain()
        return self

    async def answer(self) -> tuple[int, bytes]:
        """The next answer: its status and its body."""
        async with asyncio.timeout(PATIENCE):
            head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            return int(head.split()[1]), await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """All that still comes until the connection ends."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read()


Calls = Callable[[], Awaitable[Peer]]


@asynccontextmanager
async def served(app: Application, http: type[Connection], ws: type[Socket] = Socket) -> AsyncIterator[int]:
    """The port of a server of this application."""
    config = configured(app, host="127.0.0.1", port=0, http=http, ws=ws)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        app.may_answer.set()
        app.may_read.set()
        await server.shutdown()


@pytest.fixture
async def app() -> Application:
    return Application()


@asynccontextmanager
async def calls(app: Application, http: type[Connection], ws: type[Socket] = Socket) -> AsyncIterator[Calls]:
    """Opens connections to a server of this application."""
    async with served(app, http, ws) as port:
        peers: list[Peer] = []

        async def call() -> Peer:
            peers.append(Peer(*await asyncio.open_connection("127.0.0.1", port)))
            return peers[-1]

        yield call
        for peer in peers:
            peer.writer.close()
            with suppress(OSError):
                await peer.writer.wait_closed()


@pytest.fixture
async def hasty(app: Application) -> AsyncIterator[Calls]:
    async with calls(app, Hasty) as call:
        yield call


@pytest.fixture
async def patient(app: Application) -> AsyncIterator[Calls]:
    async with calls(app, Connection) as call:
        yield call


@pytest.mark.parametrize(
    "beginning",
    [b"", b"\r\n", b"GET / HT", b"GET / HTTP/1.1\r\nHost: t\r\n"],
    ids=["nothing", "a break", "line", "head"],
)
async def test_a_head_that_does_not_come_in_time_ends_the_connection(hasty: Calls, beginning: bytes) -> None:
    peer = await (await hasty()).say(beginning)
    assert await peer.rest() == b""


@pytest.mark.parametrize("before", [b"", GET % 1], ids=["the first", "the second"])
async def test_a_head_that_comes_byte_by_byte_has_no_more_time_for_it(hasty: Calls, before: bytes) -> None:
    peer = await (await hasty()).say(before + b"GET / HTTP/1.1\r\n")
    if before:
        assert await peer.answer() == (200, b"/1")
    ended = asyncio.create_task(peer.rest())
    while not ended.done():
        peer.writer.write(b"x")
        await asyncio.wait({ended}, timeout=0.05)
    assert ended.exception() is not None or ended.result() == b""


async def test_a_connection_on_which_nothing_follows_ends(hasty: Calls) -> None:
    peer = await (await hasty()).say(GET % 1)
    assert await peer.answer() == (200, b"/1")
    assert await peer.rest() == b""


async def test_a_body_that_stops_ends_the_connection_and_its_reader_hears_of_it(app: Application, hasty: Calls) -> None:
    peer = await (await hasty()).say(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nabc")
    assert await peer.rest() == b""
    await asyncio.wait_for(app.left.wait(), PATIENCE)


async def test_a_body_that_is_slow_and_never_stops_for_long_is_read_to_its_end(hasty: Calls) -> None:
    peer = await (await hasty()).say(b"POST /0 HTTP/1.1\r\nHost: t\r\nContent-Length: 8\r\n\r\n")
    for number in range(8):
        await asyncio.sleep(0.08)
        await peer.say(b"%d" % number)
    assert await peer.answer() == (200, b"/001234567")


async def test_whoever_waits_for_us_to_read_is_not_cut_off(app: Application, hasty: Calls) -> None:
    app.may_read.clear()
    body = b"x" * 200_000
    peer = await hasty()
    peer.writer.write(b"POST /0 HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    await asyncio.sleep(3 * Hasty.seconds_without_body)
    app.may_read.set()
    assert await peer.answer() == (200, b"/0" + body)


async def test_an_answer_may_take_its_time(app: Application, hasty: Calls) -> None:
    app.may_answer.clear()
    peer = await (await hasty()).say(GET % 1)
    await asyncio.sleep(3 * Hasty.seconds_idle)
    app.may_answer.set()
    assert await peer.answer() == (200, b"/1")


def _head(size: int) -> bytes:
    """A head of this many bytes, as they are counted: without the spaces of its first line, its version and its end."""
    return b"POST /0 HTTP/1.1\r\nContent-Length: 5\r\nX: %s\r\n\r\n" % (
        b"x" * (size - len("/0Content-Length: 5\r\nX: \r\n"))
    )


@pytest.mark.parametrize(("size", "status"), [(65_536, 200), (65_537, 431), (200_000, 431), (3_000_000, 431)])
async def test_a_head_has_a_bound_whatever_stands_behind_it(patient: Calls, size: int, status: int) -> None:
    peer = await patient()
    peer.writer.write(_head(size) + b"abcde")
    assert (await peer.answer())[0] == status


@pytest.mark.parametrize(("number", "status"), [(99, 200), (100, 431), (20_000, 431)])
async def test_headers_have_a_number(patient: Calls, number: int, status: int) -> None:
    headers = b"".join(b"X-%d: 1\r\n" % each for each in range(number))
    peer = await patient()
    peer.writer.write(b"GET / HTTP/1.1\r\nHost: t\r\n%s\r\n" % headers)
    assert (await peer.answer())[0] == status


async def test_a_large_body_in_one_piece_with_its_head_is_no_large_head(patient: Calls) -> None:
    body = b"x" * 1_000_000
    peer = await patient()
    peer.writer.write(b"POST /0 HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    assert await peer.answer() == (200, b"/0" + body)


async def test_headers_behind_the_body_are_not_those_of_the_request(app: Application, patient: Calls) -> None:
    peer = await (await patient()).say(CHUNKED + b"3\r\nabc\r\n0\r\nAuthorization: none\r\n\r\n" + GET % 7)
    assert await peer.answer() == (200, b"/0abc")
    assert await peer.answer() == (200, b"/7")
    assert [dict(scope["headers"]).keys() for scope in app.scopes] == [{b"host", b"transfer-encoding"}, {b"host"}]


@pytest.mark.parametrize(
    "endless", [b"3;x=", b"3\r\nabc\r\n0\r\nX: "], ids=["what is said of a chunk", "what follows the last chunk"]
)
async def test_what_surrounds_a_body_has_a_bound(app: Application, patient: Calls, endless: bytes) -> None:
    peer = await (await patient()).say(CHUNKED + endless)
    peer.writer.write(b"x" * 1_000_000)
    assert (await peer.answer())[0] == 431
    await asyncio.wait_for(app.left.wait(), PATIENCE)


async def test_requests_in_a_row_are_answered_in_order_up_to_a_number_and_the_rest_has_to_come_again(
    app: Application, patient: Calls
) -> None:
    peer = await (await patient()).say(b"".join(GET % number for number in range(1000)))
    answered = Connection.max_waiting + 1
    assert [await peer.answer() for _ in range(answered)] == [(200, b"/%d" % number) for number in range(answered)]
    assert await peer.rest() == b""
    assert len(app.scopes) == answered


async def test_a_row_of_requests_within_the_number_leaves_the_connection_open(patient: Calls) -> None:
    peer = await patient()
    for start in (0, 20):
        await peer.say(b"".join(GET % number for number in range(start, start + 20)))
        assert [await peer.answer() for _ in range(20)] == [(200, b"/%d" % (start + number)) for number in range(20)]


async def test_rubbish_behind_a_request_does_not_cost_its_answer(app: Application, patient: Calls) -> None:
    app.may_answer.clear()
    peer = await (await patient()).say(GET % 1 + GET % 2 + b"rubbish\r\n\r\n" + GET % 3)
    app.may_answer.set()
    assert [await peer.answer(), await peer.answer()] == [(200, b"/1"), (200, b"/2")]
    assert await peer.rest() == b""


async def test_somebody_who_would_speak_another_protocol_is_answered_in_this_one(patient: Calls) -> None:
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    peer = await (await patient()).say(b"GET /1 HTTP/1.1\r\nHost: t\r\n%s\r\nPRI * HTTP/2.0" % upgrade)
    assert await peer.answer() == (200, b"/1")
    assert await peer.rest() == b""


@asynccontextmanager
async def socket(app: Application, ws: type[Socket] = Socket) -> AsyncIterator[ClientConnection]:
    """A WebSocket to this application, whose client answers no ping by itself."""
    async with (
        served(app, Connection, ws) as port,
        connect(f"ws://127.0.0.1:{port}/", proxy=None, ping_interval=None, close_timeout=1) as client,
    ):
        yield client


async def closed(client: ClientConnection) -> int | None:
    """The code that the server closes with."""
    with pytest.raises(ConnectionClosed) as ended:
        async with asyncio.timeout(PATIENCE):
            await client.recv()
    return ended.value.rcvd.code if ended.value.rcvd else None


async def test_a_message_has_a_bound(app: Application) -> None:
    async with socket(app) as client:
        await client.send("x" * 65_536)
        await client.send(["x" * 40_000, "x" * 25_536])
        await asyncio.wait_for(await client.ping(), PATIENCE)  # answered behind them, so both are there
        await client.send("x" * 65_537)
        assert await closed(client) == 1009
    await asyncio.wait_for(app.left.wait(), PATIENCE)
    assert [len(str(each)) for each in app.heard] == [65_536] * 2


async def test_a_message_in_pieces_without_end_is_given_up(app: Application) -> None:
    async with socket(app) as client:
        most = Socket.max_pieces - 1  # the client ends a message with an empty one
        await client.send(["a"] * most)
        client.transport.write(Frame(Opcode.TEXT, b"a", fin=False).serialize(mask=True))
        client.transport.write(Frame(Opcode.CONT, b"", fin=False).serialize(mask=True) * 10_000)
        assert await closed(client) == 1009
    await asyncio.wait_for(app.left.wait(), PATIENCE)
    assert app.heard == ["a" * most]


async def test_what_is_no_text_ends_the_socket_and_is_no_failure_of_ours(
    app: Application, caplog: pytest.LogCaptureFixture
) -> None:
    async with socket(app) as client:
        client.transport.write(Frame(Opcode.TEXT, b"\xff\xfe").serialize(mask=True))
        assert await closed(client) == 1007
    await asyncio.wait_for(app.left.wait(), PATIENCE)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_messages_that_nobody_reads_wait_with_their_sender_and_then_arrive(app: Application) -> None:
    app.may_read.clear()
    async with socket(app) as client:
        numbers = [f"{number}" for number in range(20_000)]
        sending = asyncio.create_task(_send_all(client, numbers))
        await asyncio.sleep(0.2)
        app.may_read.set()
        await asyncio.wait_for(sending, PATIENCE)
        await client.close()
    await asyncio.wait_for(app.left.wait(), PATIENCE)
    assert app.heard == numbers


async def _send_all(client: ClientConnection, messages: list[str]) -> None:
    for message in messages:
        await client.send(message)


async def test_few_messages_wait_within_the_server(app: Application) -> None:
    app.may_read.clear()
    async with socket(app) as client:
        client.transport.write(Frame(Opcode.TEXT, b"").serialize(mask=True) * 10_000)
        await asyncio.sleep(0.2)
        waiting = app.sockets[0].queue.qsize()
        app.may_read.set()
    assert Socket.max_waiting <= waiting < 500


async def test_a_peer_that_answers_no_ping_is_left(app: Application) -> None:
    async with calls(app, Connection, Pinging) as call:
        peer = await call()
        upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        key = b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        await peer.say(b"GET / HTTP/1.1\r\nHost: t\r\n%s%s\r\n" % (upgrade, key))
        assert b" 101 " in (await peer.rest())[:20]
        await asyncio.wait_for(app.left.wait(), PATIENCE)


async def test_a_peer_that_answers_pings_stays(app: Application) -> None:
    async with socket(app, Pinging) as client:
        await asyncio.sleep(0.5)
        await client.send("still here")
        await client.close()
    await asyncio.wait_for(app.left.wait(), PATIENCE)
    assert app.heard == ["still here"]


async def test_what_is_written_at_once_arrives_in_order_and_never_waits_for_a_peer_that_does_not_read(
    app: Application,
) -> None:
    async with socket(app) as client:
        await client.send("here")
        await until(lambda: app.heard == ["here"])
        write = write_of(app.scopes[0])
        assert write is not None
        texts = iter([f"{number:9}" * 5000 for number in range(1000)])
        written = list(itertools.takewhile(write, texts))
        assert 0 < len(written) < 1000
        assert [await client.recv() for _ in written] == written
        await until(lambda: write("ä"))
        assert await client.recv() == "ä"
        await client.close()
        await asyncio.wait_for(app.left.wait(), PATIENCE)
        assert not write("too late")


async def test_what_is_no_handshake_is_refused_and_is_no_failure_of_ours(
    app: Application, caplog: pytest.LogCaptureFixture
) -> None:
    async with calls(app, Connection) as call:
        peer = await call()
        await peer.say(b"GET / HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        assert b" 400 " in (await peer.rest())[:20]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("name", ["X-Long", "Cookie"])
async def test_a_socket_whose_head_is_too_long_is_refused(app: Application, name: str) -> None:
    async with served(app, Connection) as port:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"ws://127.0.0.1:{port}/", proxy=None, additional_headers={name: "x" * 9000}):
                pass
    assert refused.value.response.status_code == 431
