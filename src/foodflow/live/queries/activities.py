"""Activities of live sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.live.queries import sessions as session_queries
from foodflow.live.rules.activity_states import TO_COME, ActivityNotFound, ActivityState, ActivityStatus
from foodflow.live.rules.sessions import LARGEST_ID, Progression, SessionNotFound, SessionStatus
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.responses import LiveResponse
from foodflow.live.tables.sessions import LiveSession

ORDER: Final = (LiveActivity.order_index, LiveActivity.created_at, LiveActivity.id)
"""The order in which the activities of a session come."""


@dataclass(frozen=True, slots=True)
class Answered:
    """How many answers an activity has, and when the last one came."""

    responses: int
    last_at: datetime | None


async def activity(session: AsyncSession, actor: Actor, id: UUID) -> LiveActivity:
    """An activity of a session that lets an actor in, or a refusal."""
    found = await session.get(LiveActivity, id)
    try:
        return await _of_own_session(session, actor, found)
    except SessionNotFound:
        raise ActivityNotFound("Activity not found") from None


async def activity_of(session: AsyncSession, actor: Actor, session_id: int, id: UUID) -> LiveActivity:
    """An activity of this session, or a refusal."""
    found = await activity(session, actor, id)
    if found.session_id != session_id:
        raise ActivityNotFound("Activity not found")
    return found


async def activity_for_update(session: AsyncSession, actor: Actor, id: UUID) -> tuple[LiveActivity, LiveSession]:
    """An activity and its session as they are now, both locked until the transaction ends, the session first; or a
    refusal.
    """
    session_id = await session.scalar(select(LiveActivity.session_id).where(LiveActivity.id == id))
    try:
        live_session = await session_queries.live_session_for_update(session, actor, session_id or LARGEST_ID + 1)
    except SessionNotFound:
        raise ActivityNotFound("Activity not found") from None
    found = await session.get(LiveActivity, id, with_for_update=session_queries.NO_KEY, populate_existing=True)
    if found is None:
        raise ActivityNotFound("Activity not found")
    return found, live_session


async def activities_of(session: AsyncSession, session_id: int) -> Sequence[LiveActivity]:
    """The activities of a session, in order."""
    found = select(LiveActivity).where(LiveActivity.session_id == session_id)
    return (await session.scalars(found.order_by(*ORDER))).all()


async def count_of(session: AsyncSession, session_id: int) -> int:
    """How many activities a session has."""
    found = select(func.count()).where(LiveActivity.session_id == session_id)
    return await session.scalar(found) or 0


async def page_of_activities(
    session: AsyncSession,
    session_id: int,
    *,
    status: ActivityStatus | None,
    now: datetime,
    offset: int,
    limit: int,
) -> tuple[Sequence[LiveActivity], int]:
    """A page of a session's activities in order, of one status or of all; and how many there are in all."""
    wanted = [LiveActivity.session_id == session_id, *([] if status is None else [_stands(status, now)])]
    page = select(LiveActivity).where(*wanted).order_by(*ORDER).offset(min(offset, LARGEST_ID)).limit(limit)
    total = await session.scalar(select(func.count()).select_from(LiveActivity).where(*wanted))
    return (await session.scalars(page)).all(), total or 0


async def current_activity(session: AsyncSession, session_id: int, now: datetime) -> LiveActivity | None:
    """The activity that is open, the one changed last where there are several; None where none is."""
    found = select(LiveActivity).where(LiveActivity.session_id == session_id, _is_open(now))
    return await session.scalar(found.order_by(LiveActivity.updated_at.desc(), LiveActivity.id.desc()).limit(1))


async def active_for_update(session: AsyncSession, session_id: int) -> Sequence[LiveActivity]:
    """The activities of a session that nobody has closed, in order, locked until the transaction ends. Whoever calls
    this has locked the session.
    """
    found = select(LiveActivity).where(
        LiveActivity.session_id == session_id, LiveActivity.state == ActivityState.ACTIVE
    )
    locked = found.order_by(*ORDER).with_for_update(key_share=True).execution_options(populate_existing=True)
    return (await session.scalars(locked)).all()


async def next_for_update(session: AsyncSession, session_id: int, after: LiveActivity | None) -> LiveActivity | None:
    """The first activity to come after one, or of all; locked until the transaction ends, or None."""
    found = select(LiveActivity).where(LiveActivity.session_id == session_id, LiveActivity.state.in_(TO_COME))
    if after is not None:
        found = found.where(_comes_after(after))
    locked = found.order_by(*ORDER).limit(1).with_for_update(key_share=True).execution_options(populate_existing=True)
    return await session.scalar(locked)


async def answered(session: AsyncSession, id: UUID) -> Answered:
    """How many answers an activity has, and when the last one came."""
    found = select(func.count(), func.max(LiveResponse.created_at)).where(LiveResponse.activity_id == id)
    count, last_at = (await session.execute(found)).one()
    return Answered(count, last_at)


async def sessions_due(session: AsyncSession, now: datetime, *, most: int) -> Sequence[int]:
    """Sessions in which the clock has something to do, or may have: activities or questions whose time is over."""
    is_led = and_(LiveSession.progression == Progression.CLOCK, LiveSession.status == SessionStatus.ACTIVE)
    is_over = or_(LiveActivity.expires_at <= now, and_(is_led, LiveActivity.closes_at <= now))
    found = (
        select(LiveActivity.session_id)
        .join(LiveSession, LiveSession.id == LiveActivity.session_id)
        .where(LiveActivity.state == ActivityState.ACTIVE, is_over)
    )
    return (await session.scalars(found.distinct().order_by(LiveActivity.session_id).limit(most))).all()


async def _of_own_session(session: AsyncSession, actor: Actor, found: LiveActivity | None) -> LiveActivity:
    if found is None:
        raise ActivityNotFound("Activity not found")
    await session_queries.admitting_session(session, actor, found.session_id)
    return found


def _is_open(now: datetime) -> ColumnElement[bool]:
    is_in_time = or_(LiveActivity.expires_at.is_(None), LiveActivity.expires_at > now)
    return and_(LiveActivity.state == ActivityState.ACTIVE, is_in_time)


def _stands(status: ActivityStatus, now: datetime) -> ColumnElement[bool]:
    """Those of a status, as `state_at` and `STATUS_OF` say it of one."""
    state = LiveActivity.state
    match status:
        case ActivityStatus.ACTIVE:
            return _is_open(now)
        case ActivityStatus.COMPLETED:
            is_over = and_(state == ActivityState.ACTIVE, LiveActivity.expires_at <= now)
            return or_(state == ActivityState.EXPIRED, is_over)
        case ActivityStatus.DRAFT:
            return state.in_(TO_COME)
        case ActivityStatus.CANCELLED:
            return state == ActivityState.CANCELLED


def _comes_after(after: LiveActivity) -> ColumnElement[bool]:
    return tuple_(*ORDER) > tuple_(after.order_index, after.created_at, after.id)
