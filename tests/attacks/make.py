"""Calls an application as no client would: any bytes in headers and body, streams left after their first word."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Scope

PATIENCE: Final = 20
SWITCHED: Final = 101
"""What a WebSocket that was accepted is answered with."""
_addresses = (f"198.18.{high}.{low}" for high in cycle(range(256)) for low in range(256))
"""Each call comes from elsewhere: what is counted by address is tested where it belongs."""
Pairs = Sequence[tuple[str | bytes, str | bytes]]


@dataclass(frozen=True)
class Answer:
    """What came back; of a stream its beginning, of a WebSocket what its handshake was answered with."""

    status: int
    headers: Headers
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - whatever was answered
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of the problem that this is, or nothing."""
        is_problem = self.headers.get("content-type", "") == "application/problem+json"
        return str(self.json()["code"]) if is_problem else ""


@dataclass
class _Exchange:
    """One request and what is sent back to it."""

    body: bytes
    sent: list[Message] = field(default_factory=list)
    asked: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self) -> Message:
        if self.asked:
            await self.over.wait()
            return {"type": "http.disconnect"}
        self.asked = True
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def receive_socket(self) -> Message:
        if self.asked:
            return {"type": "websocket.disconnect", "code": 1000}
        self.asked = True
        return {"type": "websocket.connect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)
        if message["type"] == "http.response.body" and self.streams:
            self.over.set()

    @property
    def streams(self) -> bool:
        """Whether the answer has no end of its own."""
        return self.answer().headers.get("content-type", "").startswith("text/event-stream")

    def answer(self) -> Answer:
        started = [each for each in self.sent if each["type"].endswith("response.start")]
        if not started:
            accepted = any(each["type"] == "websocket.accept" for each in self.sent)
            return Answer(SWITCHED if accepted else 500, Headers(), b"")
        body = b"".join(each.get("body", b"") for each in self.sent if each["type"].endswith("response.body"))
        return Answer(started[0]["status"], Headers(raw=list(started[0]["headers"])), body)


async def ask(
    app: ASGIApp,
    method: str,
    path: str,
    headers: Mapping[str, str] | Pairs = (),
    *,
    json: object = None,
    body: bytes = b"",
) -> Answer:
    """What an application answers; the method `WS` opens a WebSocket."""
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    if json is not None:
        body = _encoded(json)
        pairs.append(("content-type", "application/json"))
    if body and not {b"content-length", b"transfer-encoding"} & {_bytes(name).lower() for name, _ in pairs}:
        pairs.append(("content-length", str(len(body))))
    exchange = _Exchange(body)
    with suppress(Exception):  # what is not caught was answered with 500 before it is raised again
        async with asyncio.timeout(PATIENCE):
            receive = exchange.receive_socket if method == "WS" else exchange.receive
            await app(_scope(method, path, pairs), receive, exchange.send)
    return exchange.answer()


def _scope(method: str, path: str, pairs: Pairs) -> Scope:
    plain, _, query = path.partition("?")
    raw = [(_bytes(name).lower(), _bytes(value)) for name, value in pairs]
    if not any(name == b"host" for name, _ in raw):
        raw.append((b"host", b"foodflow.test"))
    scope: Scope = {"type": "http", "method": method, "path": plain, "raw_path": plain.encode(), "root_path": ""}
    scope.update(query_string=query.encode(), headers=raw, http_version="1.1", scheme="http")
    scope.update(server=("foodflow.test", 80), client=(next(_addresses), 50000), asgi={"version": "3.0"})
    if method == "WS":
        del scope["method"]
        scope.update(type="websocket", scheme="ws", subprotocols=[], extensions={"websocket.http.response": {}})
    return scope


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1")


def _encoded(value: object) -> bytes:
    return json.dumps(value).encode()
