"""Who is there: marked for many participants at once."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Integer, any_, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.live.rules.sessions import SessionNotFound
from foodflow.live.tables.participants import LiveParticipant
from foodflow.live.tables.responses import LiveResponse
from foodflow.live.tables.sessions import LiveSession


async def mark_seen(session: AsyncSession, session_id: int, participant_ids: Sequence[int], at: datetime) -> None:
    """Mark when participants were last seen, in the order of their numbers, so that two processes never wait for each
    other.
    """
    ids = literal(list(participant_ids), ARRAY(Integer))
    place = (LiveParticipant.session_id == session_id, LiveParticipant.id == any_(ids))
    locked = select(LiveParticipant.id).where(*place).order_by(LiveParticipant.id).with_for_update(key_share=True)
    seen = update(LiveParticipant).where(LiveParticipant.id.in_(locked.scalar_subquery()))
    await session.execute(seen.values(last_seen=at), execution_options={"synchronize_session": False})


async def present(session: AsyncSession, session_id: int, since: datetime) -> tuple[int, int]:
    """How many take part in a session, and how many of them were seen since a moment; refused where it is gone."""
    online = (
        select(func.count())
        .select_from(LiveParticipant)
        .where(
            LiveParticipant.session_id == session_id,
            LiveParticipant.removed_at.is_(None),
            LiveParticipant.last_seen > since,
        )
    )
    found = select(LiveSession.participant_count, online.scalar_subquery()).where(LiveSession.id == session_id)
    row = (await session.execute(found)).one_or_none()
    if row is None:
        raise SessionNotFound("Session not found")
    return int(row[0]), int(row[1])


async def waiting(session: AsyncSession, activity_id: UUID) -> int:
    """How many answers to an activity wait for a moderator."""
    found = select(func.count()).select_from(LiveResponse)
    pending = (LiveResponse.activity_id == activity_id, LiveResponse.is_counted, LiveResponse.status == "pending")
    return await session.scalar(found.where(*pending)) or 0
