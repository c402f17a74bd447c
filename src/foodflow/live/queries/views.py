"""Live sessions as pages show them."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.live.queries.sessions import live_session
from foodflow.live.rules.sessions import SessionNotFound
from foodflow.live.tables.sessions import LiveSession


async def session_with_code(session: AsyncSession, actor: Actor, code: str) -> LiveSession:
    """The live session that a join code leads to, or a refusal."""
    id = await session.scalar(select(LiveSession.id).where(LiveSession.qr_code == code))
    if id is None:
        raise SessionNotFound("Session not found")
    return await live_session(session, actor, id)


async def listed_sessions(
    session: AsyncSession, actor: Actor, *, offset: int, limit: int
) -> tuple[Sequence[LiveSession], int]:
    """The live sessions of an actor's sites: those that go on, then those to come, then those that are over, the latest
    first; and how many there are in all.
    """
    own = _of_own_sites(actor)
    order = (func.array_position(["active", "draft", "completed"], LiveSession.status), LiveSession.created_at.desc())
    page = select(LiveSession).where(own).order_by(*order, LiveSession.id.desc()).offset(offset).limit(limit)
    total = await session.scalar(select(func.count()).select_from(LiveSession).where(own))
    return (await session.scalars(page)).all(), total or 0


def _of_own_sites(actor: Actor) -> ColumnElement[bool]:
    if actor.sites is None:
        return true()
    return or_(LiveSession.site == "", LiveSession.site.in_(sorted(actor.sites)))
