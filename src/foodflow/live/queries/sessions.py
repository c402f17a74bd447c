"""Live sessions, and the turns that they take."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.live.rules.sessions import LARGEST_ID, LARGEST_PAGE, SessionNotFound, SessionStatus, require_admitted
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.sessions import LiveSession, LiveTurn

NO_KEY: Final = {"key_share": True}
"""How rows are locked here, that others refer to: whoever comes in holds on to the key of their session and then counts
themselves in, and would wait for whoever waits for them if the key were locked too.
"""


async def live_session(session: AsyncSession, actor: Actor, id: int) -> LiveSession:
    """A live session, or a refusal."""
    return _found(await _session_if_any(session, id), actor)


async def live_session_for_update(session: AsyncSession, actor: Actor, id: int) -> LiveSession:
    """A live session as it is now, locked until the transaction ends, or a refusal."""
    if abs(id) > LARGEST_ID:
        raise SessionNotFound("Session not found")
    return _found(await session.get(LiveSession, id, with_for_update=NO_KEY, populate_existing=True), actor)


async def live_session_now(session: AsyncSession, actor: Actor, id: int) -> LiveSession:
    """A live session as it is now, whatever of it was read before, or a refusal."""
    return _found(await session.get(LiveSession, id, populate_existing=True), actor)


async def admitting_session(session: AsyncSession, actor: Actor, id: int) -> LiveSession:
    """A live session that lets an actor in, or a refusal."""
    found = await live_session(session, actor, id)
    require_admitted(actor, found.id, found.admission)
    return found


async def is_there(session: AsyncSession, actor: Actor, id: int) -> bool:
    """Whether a live session exists for an actor; refuses whom it does not let in."""
    try:
        await admitting_session(session, actor, id)
    except SessionNotFound:
        return False
    return True


async def session_of_join_code(session: AsyncSession, actor: Actor, code: str) -> LiveSession:
    """The live session that a join code leads to, or a refusal."""
    found = await session.scalar(select(LiveSession).where(LiveSession.qr_code == code))
    return _found(found, actor)


async def session_of_admin_code(session: AsyncSession, actor: Actor, code: str) -> LiveSession:
    """The live session of a facilitator's code, or a refusal."""
    found = await session.scalar(select(LiveSession).where(LiveSession.admin_code == code))
    return _found(found, actor)


async def page_of_sessions(
    session: AsyncSession, actor: Actor, *, offset: int, limit: int
) -> tuple[list[tuple[LiveSession, int]], int]:
    """The live sessions that exist for an actor, latest first, each with how many activities it has; and how many
    there are in all.
    """
    counted = select(func.count()).where(LiveActivity.session_id == LiveSession.id).scalar_subquery()
    order = (LiveSession.created_at.desc(), LiveSession.id.desc())
    page = _own(select(LiveSession, counted), actor).order_by(*order)
    rows = await session.execute(page.offset(min(offset, LARGEST_ID)).limit(min(limit, LARGEST_PAGE)))
    total = await session.scalar(_own(select(func.count()).select_from(LiveSession), actor))
    return [(found, count) for found, count in rows], total or 0


async def count_in(session: AsyncSession, id: int) -> LiveSession | None:
    """Count one more who has a place in a session, and lock it until the transaction ends; None where no more come in:
    it is full, over, or takes nobody who is late. Whoever else comes in waits, so this is best done last.
    """
    may_enter = or_(
        LiveSession.status == SessionStatus.DRAFT,
        (LiveSession.status == SessionStatus.ACTIVE) & LiveSession.allows_late_join,
    )
    has_room = LiveSession.participant_count < LiveSession.max_participants
    counted = update(LiveSession).where(LiveSession.id == id, has_room, may_enter)
    one_more = counted.values(participant_count=LiveSession.participant_count + 1).returning(LiveSession)
    options = {"populate_existing": True, "synchronize_session": False}
    return (await session.scalars(one_more, execution_options=options)).one_or_none()


async def next_sequence(session: AsyncSession, id: int) -> int:
    """Count one more turn of a session, and lock the session until the transaction ends."""
    counted = update(LiveSession).where(LiveSession.id == id).values(sequence=LiveSession.sequence + 1)
    return int((await session.execute(counted.returning(LiveSession.sequence))).scalar_one())


async def turns_after(session: AsyncSession, id: int, sequence: int, *, limit: int) -> Sequence[LiveTurn]:
    """The turns of a session after one, in order."""
    found = select(LiveTurn).where(LiveTurn.session_id == id, LiveTurn.sequence > sequence)
    return (await session.scalars(found.order_by(LiveTurn.sequence).limit(limit))).all()


async def _session_if_any(session: AsyncSession, id: int) -> LiveSession | None:
    return await session.get(LiveSession, id) if abs(id) <= LARGEST_ID else None


def _found(found: LiveSession | None, actor: Actor) -> LiveSession:
    if found is None or not (found.site == "" or actor.is_for(found.site)):
        raise SessionNotFound("Session not found")
    return found


def _own(statement: Select[Any], actor: Actor) -> Select[Any]:
    if actor.sites is None:
        return statement
    return statement.where(or_(LiveSession.site == "", LiveSession.site.in_(actor.sites)))
