"""HTTP interface of leading a session: what its facilitator does, one deed after the other."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.live.queries import activities as activity_queries
from foodflow.live.schemas.activities import ActivityOut
from foodflow.live.schemas.sessions import CapacityIn, SessionOut, SettingsPatch, ShownIn
from foodflow.live.tables.sessions import LiveSession
from foodflow.live.usecases import leading, sessions

router = guarded_router(tags=["live sessions"])


@router.post("/sessions/{id}/start", dependencies=[needs("live.facilitate")], response_model=SessionOut)
async def start_session(session: Transaction, actor: CurrentActor, id: int) -> object:
    """Begin a session that is a draft."""
    return await _told(session, actor, await sessions.start_session(session, actor, id))


@router.post("/sessions/{id}/complete", dependencies=[needs("live.facilitate")], response_model=SessionOut)
async def complete_session(session: Transaction, actor: CurrentActor, id: int) -> object:
    """End a session that goes on."""
    return await _told(session, actor, await sessions.complete_session(session, actor, id))


@router.post("/sessions/{id}/reopen", dependencies=[needs("live.facilitate")], response_model=SessionOut)
async def reopen_session(session: Transaction, actor: CurrentActor, id: int) -> object:
    """Go on with a session that was over."""
    return await _told(session, actor, await sessions.reopen_session(session, actor, id))


@router.put("/sessions/{id}/capacity", dependencies=[needs("live.facilitate")], response_model=SessionOut)
async def set_capacity(session: Transaction, actor: CurrentActor, id: int, body: CapacityIn) -> object:
    """Say how many may take part; who has a place keeps it."""
    return await _told(session, actor, await sessions.set_capacity(session, actor, id, body.max_participants))


@router.put("/sessions/{id}/settings", dependencies=[needs("live.facilitate")], response_model=SessionOut)
async def change_settings(session: Transaction, actor: CurrentActor, id: int, body: SettingsPatch) -> object:
    """Change how a session goes."""
    return await _told(session, actor, await sessions.change_settings(session, actor, id, body.given()))


@router.post("/sessions/{id}/leaderboard", dependencies=[needs("live.facilitate")], response_model=SessionOut)
async def show_leaderboard(session: Transaction, actor: CurrentActor, id: int, body: ShownIn) -> object:
    """Show the leaderboard to everybody, or hide it."""
    return await _told(session, actor, await sessions.show_leaderboard(session, actor, id, shown=body.shown))


@router.post("/sessions/{id}/next", dependencies=[needs("live.facilitate")], response_model=ActivityOut | None)
async def open_next(session: Transaction, actor: CurrentActor, id: int) -> object:
    """Close what is open and open the next activity in order; null where none is left."""
    opened = await leading.open_next(session, actor, id)
    return None if opened is None else ActivityOut.of(opened, actor, clock.now())


@router.post("/activities/{activity_id}/open", dependencies=[needs("live.facilitate")], response_model=ActivityOut)
async def open_activity(session: Transaction, actor: CurrentActor, activity_id: UUID) -> object:
    """Open an activity, and close whichever was open."""
    return ActivityOut.of(await leading.open_activity(session, actor, activity_id), actor, clock.now())


@router.post("/activities/{activity_id}/close", dependencies=[needs("live.facilitate")], response_model=ActivityOut)
async def close_activity(session: Transaction, actor: CurrentActor, activity_id: UUID) -> object:
    """Close an open activity."""
    return ActivityOut.of(await leading.close_activity(session, actor, activity_id), actor, clock.now())


@router.post(
    "/activities/{activity_id}/next-question", dependencies=[needs("live.facilitate")], response_model=ActivityOut
)
async def open_next_question(session: Transaction, actor: CurrentActor, activity_id: UUID) -> object:
    """Open the next question of an open activity."""
    return ActivityOut.of(await leading.open_next_question(session, actor, activity_id), actor, clock.now())


@router.post("/activities/{activity_id}/reveal", dependencies=[needs("live.facilitate")], response_model=ActivityOut)
async def reveal_solution(session: Transaction, actor: CurrentActor, activity_id: UUID) -> object:
    """Close the open question and show its solution."""
    return ActivityOut.of(await leading.reveal_solution(session, actor, activity_id), actor, clock.now())


@router.post(
    "/activities/{activity_id}/show-results", dependencies=[needs("live.facilitate")], response_model=ActivityOut
)
async def show_results(session: Transaction, actor: CurrentActor, activity_id: UUID) -> object:
    """Show an activity's results to everybody."""
    return ActivityOut.of(await leading.show_results(session, actor, activity_id, shown=True), actor, clock.now())


@router.post(
    "/activities/{activity_id}/hide-results", dependencies=[needs("live.facilitate")], response_model=ActivityOut
)
async def hide_results(session: Transaction, actor: CurrentActor, activity_id: UUID) -> object:
    """Hide an activity's results from those who take part."""
    return ActivityOut.of(await leading.show_results(session, actor, activity_id, shown=False), actor, clock.now())


async def _told(session: AsyncSession, actor: Actor, found: LiveSession) -> SessionOut:
    return SessionOut.of(found, await activity_queries.count_of(session, found.id), actor)
