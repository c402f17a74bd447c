"""Live sessions, and the turns that they take."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.live.rules.sessions import LARGEST_ID, SessionNotFound
from foodflow.live.tables.sessions import LiveSession, LiveTurn


async def live_session(session: AsyncSession, actor: Actor, id: int) -> LiveSession:
    """A live session, or a refusal."""
    found = await session.get(LiveSession, id) if abs(id) <= LARGEST_ID else None
    return _found(found, actor)


async def live_session_for_update(session: AsyncSession, actor: Actor, id: int) -> LiveSession:
    """A live session as it is now, locked until the transaction ends, or a refusal."""
    if abs(id) > LARGEST_ID:
        raise SessionNotFound("Session not found")
    return _found(await session.get(LiveSession, id, with_for_update=True, populate_existing=True), actor)


def _found(found: LiveSession | None, actor: Actor) -> LiveSession:
    if found is None or not (found.site == "" or actor.is_for(found.site)):
        raise SessionNotFound("Session not found")
    return found


async def next_sequence(session: AsyncSession, id: int) -> int:
    """Count one more turn of a session, and lock the session until the transaction ends."""
    counted = update(LiveSession).where(LiveSession.id == id).values(sequence=LiveSession.sequence + 1)
    return int((await session.execute(counted.returning(LiveSession.sequence))).scalar_one())


async def turns_after(session: AsyncSession, id: int, sequence: int, *, limit: int) -> Sequence[LiveTurn]:
    """The turns of a session after one, in order."""
    found = select(LiveTurn).where(LiveTurn.session_id == id, LiveTurn.sequence > sequence)
    return (await session.scalars(found.order_by(LiveTurn.sequence).limit(limit))).all()
