"""HTTP interface of participants."""

from typing import Annotated

from fastapi import Query

from foodflow.kernel import clock
from foodflow.kernel.http import CurrentActor, Transaction, needs, open_to_guests
from foodflow.live.queries import participants as queries
from foodflow.live.queries import sessions as session_queries
from foodflow.live.routes.contract import GUESTS, contract_router
from foodflow.live.rules.sessions import LARGEST_PAGE
from foodflow.live.schemas.contract import Limit, Offset
from foodflow.live.schemas.participants import (
    BeatOut,
    HeartbeatIn,
    MessageOut,
    ParticipantOut,
    ParticipantsOut,
    RemovedListOut,
    RemovedOut,
)
from foodflow.live.usecases import participants as usecases

router = contract_router(tags=["live participants"])


@router.get(
    "/sessions/{id}/participants",
    dependencies=[open_to_guests("live.take_part", GUESTS)],
    response_model=ParticipantsOut,
)
async def list_participants(
    session: Transaction,
    actor: CurrentActor,
    id: int,
    *,
    offset: Annotated[Offset, Query()] = 0,
    limit: Annotated[Limit, Query()] = LARGEST_PAGE,
) -> object:
    """Those who have a place in a session, in the order in which they came; nobody in one that does not exist."""
    if not await session_queries.is_there(session, actor, id):
        return ParticipantsOut(participants=[], total_count=0)
    found = await queries.page_of_participants(session, id, offset=offset, limit=limit)
    now, count = clock.now(), (await session_queries.live_session(session, actor, id)).participant_count
    return ParticipantsOut(participants=[ParticipantOut.of(each, now) for each in found], total_count=count)


@router.get("/sessions/{id}/participants/removed", dependencies=[needs("live.facilitate")])
async def list_removed(session: Transaction, actor: CurrentActor, id: int) -> RemovedListOut:
    """Those who had a place in a session and have none any more, the latest first; at most a thousand."""
    await session_queries.live_session(session, actor, id)
    found = await queries.removed_from(session, id, limit=LARGEST_PAGE)
    return RemovedListOut(participants=[RemovedOut.of(each) for each in found])


@router.post("/participants/{participant_id}/heartbeat", dependencies=[needs("live.take_part")], response_model=BeatOut)
async def beat(session: Transaction, actor: CurrentActor, participant_id: int, body: HeartbeatIn) -> object:
    """Say that a participant is there: oneself, or as a facilitator."""
    return BeatOut.of(await usecases.beat(session, actor, participant_id, body.activity_context), actor)


@router.delete("/participants/{participant_id}", dependencies=[needs("live.take_part")], response_model=MessageOut)
async def remove_participant(session: Transaction, actor: CurrentActor, participant_id: int) -> object:
    """Leave, or send somebody out as a facilitator. Who has left may come back; who was sent out is let in again."""
    await usecases.remove_participant(session, actor, participant_id)
    return MessageOut(message="Participant removed")


@router.post(
    "/participants/{participant_id}/readmit", dependencies=[needs("live.facilitate")], response_model=ParticipantOut
)
async def readmit_participant(session: Transaction, actor: CurrentActor, participant_id: int) -> object:
    """Let in again whom a facilitator has sent out."""
    found = await usecases.readmit_participant(session, actor, participant_id)
    return ParticipantOut.of(found, clock.now())
