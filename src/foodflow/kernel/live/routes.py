"""Live channels over HTTP: Server-Sent Events and WebSocket, with catch-up after a lost connection."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Query, WebSocket, WebSocketDisconnect
from starlette.requests import HTTPConnection, Request
from starlette.responses import StreamingResponse

from foodflow.kernel import relay
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import platform_transaction
from foodflow.kernel.errors import FieldError, Invalid, Refusal
from foodflow.kernel.http.guards import CurrentActor, Guard, guarded_router, needs
from foodflow.kernel.live.hub import Hub, Subscription
from foodflow.kernel.live.publishing import Message

HEARTBEAT_SECONDS = 15.0
_CATCH_UP = 1000
_MAX_TOPICS = 50
_PERMISSION = "live.listen"
_CLOSE_POLICY = 1008
_RESET: dict[str, Any] = {"type": "reset", "topic": "", "data": {}, "sequence": None}
"""Tells a reader that messages were missed which cannot be given again: it should load the present state."""

router = guarded_router(tags=["live"])
Topics = Annotated[
    list[str] | None,
    Query(alias="topic", description="Topics (`plant.line/<id>`, or `plant.line` for all of them); none means all"),
]


@router.get("/api/v1/live", dependencies=[needs(_PERMISSION)], response_class=StreamingResponse)
async def stream(request: Request, actor: CurrentActor, topic: Topics = None) -> StreamingResponse:
    """Server-Sent Events of this company; after a lost connection send the last id as `Last-Event-ID` and miss
    nothing that was stored.
    """
    after = _last_seen(request.headers.get("last-event-id", request.query_params.get("after", "")))
    messages = _messages(request, actor, _topics(topic), after)
    events = (_server_sent(message) async for message in messages)
    return StreamingResponse(
        events, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


@router.websocket("/api/v1/live/socket")
async def socket(websocket: WebSocket) -> None:
    """The same messages over a WebSocket, one JSON object each; `?topic=…&after=<sequence>`. Refused before it is
    accepted.
    """
    try:
        await Guard(_PERMISSION).admit(websocket)
        topics = _topics(websocket.query_params.getlist("topic"))
        after = _last_seen(websocket.query_params.get("after", ""))
    except Refusal as refusal:
        await websocket.close(_CLOSE_POLICY, refusal.detail[:120])
        return
    await websocket.accept(_answered_protocol(websocket))
    sending = asyncio.create_task(_send_all(websocket, _messages(websocket, websocket.state.actor, topics, after)))
    with suppress(WebSocketDisconnect):
        while True:
            await websocket.receive()
            if sending.done():
                break
    sending.cancel()


def _answered_protocol(websocket: WebSocket) -> str | None:
    return "foodflow" if "foodflow" in websocket.scope.get("subprotocols", []) else None


async def _send_all(websocket: WebSocket, messages: AsyncIterator[dict[str, Any] | None]) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        async for message in messages:
            await websocket.send_json(message if message is not None else {"type": "heartbeat"})
        await websocket.close()


async def _messages(
    connection: HTTPConnection, actor: Actor, topics: frozenset[str], after: int | None
) -> AsyncIterator[dict[str, Any] | None]:
    """What the reader missed, then what happens, each event once; None is a heartbeat."""
    hub: Hub = connection.app.state.hub
    async with hub.subscribe(actor, topics) as subscription:
        seen = after or 0
        for message in await _missed(connection, subscription, after):
            seen = message["sequence"] or seen
            yield message
        while not hub.closing:
            next_message = await subscription.next(HEARTBEAT_SECONDS)
            if subscription.missed:
                subscription.missed = False
                yield _RESET
            if next_message is None:
                yield None
            elif next_message.sequence is None or next_message.sequence > seen:
                yield _wire(next_message)


async def _missed(
    connection: HTTPConnection, subscription: Subscription, after: int | None
) -> Sequence[dict[str, Any]]:
    """Stored messages after the last seen one; more than can be given at once means a reset."""
    if after is None:
        return []
    async with platform_transaction(connection.app.state.database) as session:
        envelopes = await relay.since(session, subscription.actor.tenant, after, limit=_CATCH_UP)
    if len(envelopes) == _CATCH_UP:
        return [_RESET | {"sequence": envelopes[-1].sequence}]
    messages = [relay.as_message(envelope) for envelope in envelopes]
    return [_wire(message) for message in messages if subscription.wants(message)]


def _wire(message: Message) -> dict[str, Any]:
    whole = asdict(message)
    return {name: whole[name] for name in ("type", "topic", "data", "sequence")}


def _server_sent(message: dict[str, Any] | None) -> str:
    if message is None:
        return ": still here\n\n"
    identity = f"id: {message['sequence']}\n" if message["sequence"] is not None else ""
    return f"{identity}event: {message['type']}\ndata: {json.dumps(message, separators=(',', ':'))}\n\n"


def _topics(given: list[str] | None) -> frozenset[str]:
    topics = frozenset(given or ())
    if len(topics) > _MAX_TOPICS:
        raise Invalid.because(FieldError("topic", f"at most {_MAX_TOPICS} topics", "live.too_many_topics"))
    return topics


def _last_seen(given: str) -> int | None:
    if not given:
        return None
    if not (given.isascii() and given.isdecimal() and len(given) <= 18):  # noqa: PLR2004 - fits a bigint
        raise Invalid.because(FieldError("after", "must be a sequence number", "live.bad_sequence"))
    return int(given)
