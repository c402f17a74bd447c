"""Live channels over HTTP: Server-Sent Events and WebSocket, with catch-up after a lost connection."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated, Any

import structlog
from fastapi import Query, WebSocket, WebSocketDisconnect
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import HTTPConnection, Request
from starlette.responses import StreamingResponse

from foodflow.kernel import clock, relay
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import platform_transaction
from foodflow.kernel.errors import FieldError, Invalid, Refusal
from foodflow.kernel.http.guards import CurrentActor, guarded_router, needs
from foodflow.kernel.live.hub import Hub, Subscription
from foodflow.kernel.live.publishing import Message

HEARTBEAT_SECONDS = 15.0
_CATCH_UP = 1000
_MAX_TOPICS = 50
_PERMISSION = "live.listen"
_GOING_AWAY, _TRY_AGAIN_LATER = 1001, 1013
_RESET: dict[str, Any] = {"type": "reset", "topic": "", "time": None, "data": {}, "sequence": None}
"""Tells a reader that messages were missed which cannot be given again: it should load the present state."""

log = structlog.get_logger(__name__)
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


@router.websocket("/api/v1/live/socket", dependencies=[needs(_PERMISSION)])
async def socket(websocket: WebSocket, actor: CurrentActor) -> None:
    """The same messages over a WebSocket, one JSON object each; `?topic=…&after=<sequence>`. Refused before it is
    accepted.
    """
    topics = _topics(websocket.query_params.getlist("topic"))
    after = _last_seen(websocket.query_params.get("after", ""))
    await websocket.accept(_answered_protocol(websocket))
    sending = asyncio.create_task(_send_all(websocket, _messages(websocket, actor, topics, after)))
    gone = asyncio.create_task(_gone(websocket))
    try:
        await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        over = not gone.done()
        sending.cancel()
        gone.cancel()
        code, _ = await asyncio.gather(sending, gone, return_exceptions=True)
    # Not before nobody waits for the reader's words any more: the server closes no socket that is being received from.
    if over and isinstance(code, int):
        with suppress(WebSocketDisconnect, RuntimeError):
            await websocket.close(code)


async def _gone(websocket: WebSocket) -> None:
    """Wait until the reader is gone; what readers send means nothing here."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


def _answered_protocol(websocket: WebSocket) -> str | None:
    return "foodflow" if "foodflow" in websocket.scope.get("subprotocols", []) else None


async def _send_all(websocket: WebSocket, messages: AsyncIterator[dict[str, Any] | None]) -> int:
    """Send until there is nothing more to say to this reader; returns the code to close the socket with."""
    try:
        async for message in messages:
            await websocket.send_json(message if message is not None else {"type": "heartbeat"})
    except SQLAlchemyError as error:
        log.warning("live.catching_up_failed", error=str(error).strip())
        return _TRY_AGAIN_LATER
    except (WebSocketDisconnect, RuntimeError):  # the reader is gone, and we hear of it when we speak
        pass
    return _GOING_AWAY


async def _messages(
    connection: HTTPConnection, actor: Actor, topics: frozenset[str], after: int | None
) -> AsyncIterator[dict[str, Any] | None]:
    """What the reader missed, then what happens, each event once; None is a heartbeat."""
    hub: Hub = connection.app.state.hub
    async with hub.subscribe(actor, topics) as subscription:
        # Between the first look at the reader's rights and here nobody would have told us that they are gone.
        if not await _still_may(connection, subscription):
            return
        yield None  # at once, so that the reader knows: from here on nothing is missed
        seen = after or 0
        for missed in await _missed(connection, subscription, after):
            seen = missed["sequence"]
            yield missed
        while not hub.closing:
            message = await subscription.next(_patience(subscription.actor))
            if (subscription.doubted or _is_over(subscription.actor)) and not await _still_may(
                connection, subscription
            ):
                return
            if subscription.missed:
                subscription.missed = False
                yield _RESET
            elif message is None:
                yield None
            elif subscription.wants(message) and (message.sequence is None or message.sequence > seen):
                yield _wire(message)


def _patience(actor: Actor) -> float:
    """How long to wait for a message: until the next heartbeat, or until the credential ends."""
    left = HEARTBEAT_SECONDS if actor.until is None else (actor.until - clock.now()).total_seconds()
    return max(min(left, HEARTBEAT_SECONDS), 0)


def _is_over(actor: Actor) -> bool:
    return actor.until is not None and actor.until <= clock.now()


async def _still_may(connection: HTTPConnection, subscription: Subscription) -> bool:
    """Ask for the reader's rights again, after which they hear what they may hear now. Whoever cannot be asked about
    hears nothing: they come again.
    """
    subscription.doubted = False
    try:
        subscription.actor = await connection.app.state.authenticate(connection)
    except Refusal:
        return False
    except SQLAlchemyError as error:
        log.warning("live.rights_unknown", error=str(error).strip())
        return False
    return subscription.actor.may(_PERMISSION)


async def _missed(
    connection: HTTPConnection, subscription: Subscription, after: int | None
) -> Sequence[dict[str, Any]]:
    """Stored messages after the last seen one; a reset where they are too many, not kept, or not of this database."""
    if after is None:
        return []
    async with platform_transaction(connection.app.state.database) as session:
        first, last = await relay.kept(session)
        envelopes = await relay.since(session, subscription.actor.tenant, after, limit=_CATCH_UP + 1)
    if len(envelopes) > _CATCH_UP or not first - 1 <= after <= last:
        return [_RESET | {"sequence": last}]
    messages = [relay.as_message(envelope) for envelope in envelopes]
    return [_wire(message) for message in messages if subscription.wants(message)]


def _wire(message: Message) -> dict[str, Any]:
    whole = asdict(message)
    return {name: whole[name] for name in ("type", "topic", "time", "data", "sequence")}


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
