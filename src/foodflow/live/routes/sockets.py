"""Live sessions as they happen: WebSocket, Server-Sent Events and polling, all fed by one audience."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Any
from uuid import UUID

import msgspec
import structlog
from fastapi import Query, WebSocket, WebSocketDisconnect
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response, StreamingResponse

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import tenant_transaction
from foodflow.kernel.errors import FieldError, Invalid, Refusal
from foodflow.kernel.http import CurrentActor, guarded_router, needs, open_to_guests
from foodflow.kernel.http.sockets import write_of
from foodflow.live.queries import sessions as queries
from foodflow.live.rules.participants import participation_of
from foodflow.live.rules.responses import Stored, Submission
from foodflow.live.rules.seats import ANSWERS, WITHIN_SECONDS, NotTakingPart, Seat, TooManyAnswers
from foodflow.live.rules.sessions import SessionNotFound
from foodflow.live.usecases import frames
from foodflow.live.usecases.audience import Audience
from foodflow.live.usecases.audiences import Audiences
from foodflow.live.usecases.members import Member

HEARTBEAT_SECONDS = 15.0
_ENDED, _UNFIT, _RIGHTS_ENDED = 1000, 1003, 4401
_TAKE_PART = "live.take_part"

log = structlog.get_logger(__name__)
router = guarded_router(prefix="/sessions/{id}", tags=["live sessions"])
After = Annotated[int | None, Query(ge=0, description="The number of the last turn that was seen")]


class Said(msgspec.Struct):
    """What a participant says over a socket."""

    type: str
    key: UUID | None = None
    activity_id: UUID | None = None
    data: dict[str, Any] | None = None


_read = msgspec.json.Decoder(Said).decode


@router.websocket("/socket", dependencies=[needs(_TAKE_PART)])
async def socket(websocket: WebSocket, actor: CurrentActor, id: str) -> None:
    """Everything that happens in a session, and what the participant answers; refused before it is accepted."""
    if not (id.isascii() and id.isdecimal() and len(id) <= 10):  # noqa: PLR2004 - digits of the largest number
        raise SessionNotFound("Session not found")
    await attend(websocket, actor, int(id))


async def attend(websocket: WebSocket, actor: Actor, id: int) -> None:
    """Let somebody follow a session over a socket."""
    after = _number(websocket.query_params.get("after", ""))
    audience, member = await _seat(websocket, actor, id, websocket.query_params.get("role", ""))
    own = await audience.own_part(member.participant_id)
    await websocket.accept("foodflow" if "foodflow" in websocket.scope.get("subprotocols", []) else None)
    member.write = write_of(websocket.scope)
    with _audiences(websocket).seated(audience, member):
        _greet(audience, member, own, after)
        tasks = [asyncio.create_task(_write(websocket, member))]
        if not actor.is_visitor:
            tasks.append(asyncio.create_task(_watch(websocket, actor, member)))
        try:
            await _read_all(websocket, audience, member)
        finally:
            member.close(_ENDED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@router.get("/stream", dependencies=[needs(_TAKE_PART)], response_class=StreamingResponse)
async def stream(request: Request, actor: CurrentActor, id: int, role: str = "") -> StreamingResponse:
    """The same as Server-Sent Events; after a lost connection send the last id as `Last-Event-ID`."""
    after = _number(request.headers.get("last-event-id", ""))
    audience, member = await _seat(request, actor, id, role)
    own = await audience.own_part(member.participant_id)

    async def events() -> AsyncIterator[str]:
        with _audiences(request).seated(audience, member):
            _greet(audience, member, own, after)
            while member.closed is None:
                frame = await member.next(HEARTBEAT_SECONDS)
                yield ": still here\n\n" if frame is None else _server_sent(frame)

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events(), media_type="text/event-stream", headers=headers)


@router.get("/turns", dependencies=[open_to_guests(_TAKE_PART, "60000/minute")])
async def turns(request: Request, actor: CurrentActor, id: int, after: After = None, *, role: str = "") -> Response:
    """The turns after one, the present state, and the caller's own part in it: for who asks every few seconds."""
    audience, member = await _seat(request, actor, id, role)
    own = await audience.own_part(member.participant_id)
    if member.participant_id is not None:
        audience.look_in(member.participant_id)
    missed = [] if after is None else audience.missed(after)
    state = audience.state(member.seat)
    body = f'{{"sequence":{audience.sequence},"turns":[{",".join(missed)}],"state":{state},"you":{own}}}'
    return Response(body, media_type="application/json")


async def _seat(connection: HTTPConnection, actor: Actor, id: int, role: str) -> tuple[Audience, Member]:
    """The audience of a session and the caller's place in it; refused where there is no such session for them."""
    participation = participation_of(actor)
    if participation is not None and participation.session_id != id:
        raise SessionNotFound("Session not found")
    if not actor.is_visitor:
        async with tenant_transaction(connection.app.state.database, actor) as session:
            await queries.live_session(session, actor, id)  # not everybody is for every site
    audience = await _audiences(connection).of(actor.tenant, id)
    if participation is not None:
        return audience, Member(Seat.PARTICIPANT, participation.participant_id)
    return audience, Member(_seat_of(actor, role), None)


def _seat_of(actor: Actor, role: str) -> Seat:
    if role == Seat.FACILITATOR and actor.may("live.facilitate"):
        return Seat.FACILITATOR
    return Seat.PROJECTOR if role == Seat.PROJECTOR and actor.may("live.read") else Seat.PARTICIPANT


def _greet(audience: Audience, member: Member, own: str, after: int | None) -> None:
    """Tell who comes what they missed, and where the session stands; nothing that happens meanwhile is lost."""
    for frame in [] if after is None else audience.missed(after):
        member.offer(frame)
    member.offer(frames.state_frame(audience.sequence, audience.state(member.seat), own))


async def _write(websocket: WebSocket, member: Member) -> None:
    """Send until the member is closed; closing the socket ends the reading too."""
    with suppress(WebSocketDisconnect, RuntimeError):  # gone, which reading hears of
        while (frame := await member.next()) is not None:
            await websocket.send_text(frame)
        await websocket.close(member.closed or _ENDED)


async def _read_all(websocket: WebSocket, audience: Audience, member: Member) -> None:
    """Take what the participant says until they are gone; what cannot be read ends the connection."""
    said_at: deque[float] = deque(maxlen=ANSWERS)
    while (message := await websocket.receive())["type"] != "websocket.disconnect":
        try:
            said = _read(message.get("text") or message.get("bytes") or b"")
        except msgspec.MsgspecError:
            member.close(_UNFIT)
            continue
        if said.type == "sync":
            _greet(audience, member, await audience.own_part(member.participant_id), None)
        elif said.type == "respond" and said.key and said.activity_id and said.data is not None:
            member.offer(await _answered(audience, member, said, said_at))


async def _answered(audience: Audience, member: Member, said: Said, said_at: deque[float]) -> str:
    """What a participant is told of an answer: that it is stored, or why not. Said again with the same key it is the
    same answer.
    """
    assert said.key is not None  # noqa: S101 - asked by the caller
    assert said.activity_id is not None  # noqa: S101 - the same
    key, now = str(said.key), time.monotonic()
    try:
        if member.participant_id is None:
            raise NotTakingPart("join the session to answer")
        if len(said_at) == ANSWERS and now - said_at[0] < WITHIN_SECONDS:
            raise TooManyAnswers(f"at most {ANSWERS} answers in {WITHIN_SECONDS:.0f} seconds; wait a moment")
        said_at.append(now)
        submission = Submission(said.key, member.participant_id, said.data or {}, clock.now())
        outcome = await audience.answer(said.activity_id, submission)
    except Refusal as refusal:
        return frames.text({"type": "refused", "key": key, "code": refusal.code, "detail": refusal.detail})
    except SQLAlchemyError as error:
        log.warning("live.answer_failed", error=str(error).strip())
        detail = "the database cannot take this now; nothing was stored, send it again"
        return frames.text({"type": "refused", "key": key, "code": "unavailable", "detail": detail})
    if isinstance(outcome, Stored):
        return frames.text({"type": "ack", "key": key, "status": outcome.status})
    because = outcome.refusal
    return frames.text({"type": "refused", "key": key, "code": because.code, "detail": because.detail})


async def _watch(connection: HTTPConnection, actor: Actor, member: Member) -> None:
    """End the connection of somebody of the company whose rights end; participants are removed by a turn."""
    hub, state = connection.app.state.hub, connection.app.state
    async with hub.subscribe(actor, frozenset({"nothing"})) as subscription:
        while True:
            left = HEARTBEAT_SECONDS if actor.until is None else (actor.until - clock.now()).total_seconds()
            await subscription.next(max(min(left, HEARTBEAT_SECONDS), 0))
            if subscription.doubted or left <= 0:
                subscription.doubted = False
                try:
                    actor = await state.authenticate(connection)
                except (Refusal, SQLAlchemyError):
                    member.close(_RIGHTS_ENDED)
                    return
            subscription.missed = False


def _audiences(connection: HTTPConnection) -> Audiences:
    audiences: Audiences = connection.app.state.audiences
    return audiences


def _server_sent(frame: str) -> str:
    said = msgspec.json.decode(frame)
    identity = f"id: {said['sequence']}\n" if "sequence" in said else ""
    return f"{identity}event: {said['type']}\ndata: {frame}\n\n"


def _number(given: str) -> int | None:
    if not given:
        return None
    if not (given.isascii() and given.isdecimal() and len(given) <= 18):  # noqa: PLR2004 - fits a bigint
        raise Invalid.because(FieldError("after", "must be a sequence number", "live.bad_sequence"))
    return int(given)
