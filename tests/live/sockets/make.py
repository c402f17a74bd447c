"""Somebody who takes part in a session over a socket, and the session."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

PATIENCE = 15
API = "/api/v1"
Frame = dict[str, Any]
POLL = {"question": "Ready?", "options": ["yes", "no"]}


@dataclass(frozen=True, slots=True)
class Place:
    """A participant's place, as joining gives it."""

    id: int
    token: str
    nickname: str


class Seated:
    """Somebody at the other end of a socket; what is not asked for is kept for later."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.heard: list[Frame] = []

    async def next(self, type: str) -> Frame:  # noqa: A002 - the field's word
        """The next frame of a type; those before it are passed over."""
        async with asyncio.timeout(PATIENCE):
            while True:
                frame: Frame = json.loads(await self.connection.recv())
                self.heard.append(frame)
                if frame["type"] == type:
                    return frame

    async def turn(self, type: str) -> Frame:  # noqa: A002 - the field's word
        """The next turn of a type."""
        while True:
            frame = await self.next("turn")
            if frame["turn"] == type:
                return frame

    async def say(self, **said: object) -> None:
        await self.connection.send(json.dumps(said))

    async def answer(self, activity_id: str, data: Mapping[str, object], key: str = "") -> Frame:
        """Answer, and wait for what is said of it."""
        key = key or str(uuid4())
        await self.say(type="respond", key=key, activity_id=activity_id, data=data)
        async with asyncio.timeout(PATIENCE):
            while True:
                frame: Frame = json.loads(await self.connection.recv())
                self.heard.append(frame)
                if frame["type"] in {"ack", "refused"} and frame["key"] == key:
                    return frame


@dataclass(frozen=True, slots=True)
class Room:
    """A session that has begun, and its poll."""

    host: str
    web: httpx.AsyncClient
    held: AsyncExitStack
    id: int
    activity_id: str

    @classmethod
    async def begin(cls, host: str, web: httpx.AsyncClient, held: AsyncExitStack, **more: object) -> "Room":
        session = good(await web.post(f"{API}/sessions/", json={"title": "Hand-over", **more}))
        poll = {"activity_type": "poll", "title": "Ready?", "configuration": POLL | {"show_live_results": False}}
        activity = good(await web.post(f"{API}/sessions/{session['id']}/activities/framework", json=poll))
        good(await web.post(f"{API}/sessions/{session['id']}/start"))
        return cls(host, web, held, session["id"], activity["id"])

    async def join(self, nickname: str = "") -> Place:
        """Join as a guest."""
        async with httpx.AsyncClient(base_url=f"http://{self.host}", headers={"X-Tenant": "demo"}) as guest:
            nickname = nickname or f"Ann {uuid4().hex[:8]}"
            joined = good(await guest.post(f"{API}/sessions/{self.id}/join", json={"nickname": nickname}))
        return Place(int(joined["participant_id"]), joined["participant_token"], joined["nickname"])

    async def sit(self, place: Place, *, after: int | None = None, host: str = "") -> Seated:
        """Open a participant's socket."""
        query = "" if after is None else f"?after={after}"
        return await self.open(query, [Subprotocol("foodflow"), Subprotocol(f"token.{place.token}")], host=host)

    async def lead(self, headers: Mapping[str, str], role: str = "facilitator") -> Seated:
        """Open the socket of somebody of the company."""
        return await self.open(f"?role={role}", None, headers)

    async def open(
        self,
        query: str,
        subprotocols: list[Subprotocol] | None,
        headers: Mapping[str, str] | None = None,
        *,
        host: str = "",
    ) -> Seated:
        address = f"ws://{host or self.host}{API}/sessions/{self.id}/socket{query}"
        connecting = connect(address, subprotocols=subprotocols, additional_headers=headers or {}, proxy=None)
        return Seated(await self.held.enter_async_context(connecting))

    async def do(self, deed: str, **body: object) -> dict[str, Any]:
        """A deed on the poll."""
        return good(await self.web.post(f"{API}/activities/{self.activity_id}/{deed}", json=body or None))


def good(answer: httpx.Response) -> dict[str, Any]:
    """The body of an answer that is no refusal."""
    assert answer.is_success, f"{answer.request.url}: {answer.text}"
    body: dict[str, Any] = answer.json()
    return body
