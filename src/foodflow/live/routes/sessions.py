"""HTTP interface of live sessions, as the contract's clients call it."""

from fastapi import Response

from foodflow.kernel import clock
from foodflow.kernel.http import CurrentActor, Transaction, needs, open_to_guests
from foodflow.live.queries import activities as activity_queries
from foodflow.live.queries import participants as participant_queries
from foodflow.live.queries import sessions as queries
from foodflow.live.routes.contract import GUESTS, contract_router
from foodflow.live.rules.sessions import LARGEST_PAGE, require_page
from foodflow.live.schemas.activities import ActivityOut
from foodflow.live.schemas.participants import ParticipantOut
from foodflow.live.schemas.sessions import (
    SessionDetailOut,
    SessionIn,
    SessionOut,
    SessionPut,
    SessionsOut,
    SessionStatusOut,
)
from foodflow.live.usecases import sessions as usecases

router = contract_router(prefix="/sessions", tags=["live sessions"])


@router.post("", status_code=201, dependencies=[needs("live.facilitate")], response_model=SessionOut)
async def create_session(session: Transaction, actor: CurrentActor, body: SessionIn, response: Response) -> object:
    """Make a session."""
    made = await usecases.create_session(session, actor, body.model_dump())
    response.headers["Location"] = f"/api/v1/sessions/{made.id}"
    return SessionOut.of(made, 0, actor)


@router.get("", dependencies=[needs("live.read")], response_model=SessionsOut)
async def list_sessions(session: Transaction, actor: CurrentActor, offset: int = 0, limit: int = 100) -> object:
    """Sessions, latest first; at most a thousand."""
    require_page(offset, limit)
    found, total = await queries.page_of_sessions(session, actor, offset=offset, limit=limit)
    listed = [SessionOut.of(each, count, actor) for each, count in found]
    return SessionsOut(sessions=listed, total=total, offset=offset, limit=limit)


@router.get("/{id}", dependencies=[open_to_guests("live.take_part", GUESTS)], response_model=SessionDetailOut)
async def get_session(session: Transaction, actor: CurrentActor, id: int) -> object:
    """A session with its activities and participants."""
    found = await queries.admitting_session(session, actor, id)
    activities = await activity_queries.activities_of(session, id)
    participants = await participant_queries.page_of_participants(session, id, offset=0, limit=LARGEST_PAGE)
    now = clock.now()
    return SessionDetailOut.with_parts(
        found,
        actor,
        [ActivityOut.of(each, actor, now) for each in activities],
        [ParticipantOut.of(each, now) for each in participants],
    )


@router.put("/{id}", dependencies=[needs("live.facilitate")], response_model=SessionOut)
async def change_session(session: Transaction, actor: CurrentActor, id: int, body: SessionPut) -> object:
    """Change a session; its status goes from anything to anything. The deeds `start`, `complete` and `reopen` keep to
    their order.
    """
    found = await usecases.change_session(session, actor, id, body.model_dump(exclude_none=True))
    return SessionOut.of(found, await activity_queries.count_of(session, id), actor)


@router.delete("/{id}", status_code=204, dependencies=[needs("live.facilitate")])
async def delete_session(session: Transaction, actor: CurrentActor, id: int) -> None:
    """Remove a session with all that belongs to it."""
    await usecases.delete_session(session, actor, id)


@router.get("/{id}/status", dependencies=[open_to_guests("live.take_part", GUESTS)], response_model=SessionStatusOut)
async def get_session_status(session: Transaction, actor: CurrentActor, id: int) -> object:
    """Where a session stands."""
    found = await queries.admitting_session(session, actor, id)
    current = await activity_queries.current_activity(session, id, clock.now())
    return {
        "session_id": found.id,
        "status": found.status,
        "current_activity_id": None if current is None else current.id,
        "participant_count": found.participant_count,
        "last_updated": found.updated_at,
    }
