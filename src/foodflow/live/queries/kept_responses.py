"""Responses as they are kept, whatever their activity makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.live.rules.sessions import LARGEST_ID
from foodflow.live.tables.responses import LiveResponse


@dataclass(frozen=True, slots=True)
class Summary:
    """What there is of an activity's responses in all; when the last one came or was changed."""

    total_responses: int
    unique_participants: int
    last_updated: datetime | None


async def page_of_responses(
    session: AsyncSession, session_id: int, activity_id: UUID, *, offset: int, limit: int
) -> Sequence[LiveResponse]:
    """The responses to an activity, latest first."""
    found = _to(session_id, activity_id).order_by(*_LATEST)
    return (await session.scalars(found.offset(min(offset, LARGEST_ID)).limit(limit))).all()


async def summary(session: AsyncSession, session_id: int, activity_id: UUID) -> Summary:
    """What there is of an activity's responses in all."""
    figures = (func.count(), func.count(LiveResponse.participant_id.distinct()), func.max(LiveResponse.updated_at))
    total, unique, last = (await session.execute(_to(session_id, activity_id, select(*figures)))).one()
    return Summary(total, unique, last)


async def latest_of(
    session: AsyncSession, session_id: int, activity_id: UUID, participant_id: int
) -> LiveResponse | None:
    """A participant's latest response to an activity, or None."""
    if abs(participant_id) > LARGEST_ID:
        return None
    found = _to(session_id, activity_id).where(LiveResponse.participant_id == participant_id)
    return (await session.scalars(found.order_by(*_LATEST).limit(1))).first()


async def responses_since(
    session: AsyncSession, session_id: int, activity_id: UUID, since: datetime, *, limit: int
) -> Sequence[LiveResponse]:
    """The responses to an activity that came after a moment, earliest first."""
    found = _to(session_id, activity_id).where(LiveResponse.created_at > since)
    return (await session.scalars(found.order_by(LiveResponse.created_at, LiveResponse.id).limit(limit))).all()


async def responses_of_participant(
    session: AsyncSession, session_id: int, participant_id: int, *, offset: int, limit: int
) -> Sequence[LiveResponse]:
    """A participant's responses in a session, latest first."""
    if abs(participant_id) > LARGEST_ID:
        return []
    found = select(LiveResponse).where(
        LiveResponse.session_id == session_id, LiveResponse.participant_id == participant_id
    )
    page = found.order_by(*_LATEST).offset(min(offset, LARGEST_ID)).limit(limit)
    return (await session.scalars(page)).all()


_LATEST = (LiveResponse.created_at.desc(), LiveResponse.id.desc())


def _to(session_id: int, activity_id: UUID, statement: Any = None) -> Select[Any]:  # noqa: ANN401 - of any columns
    found: Select[Any] = select(LiveResponse) if statement is None else statement
    return found.where(LiveResponse.session_id == session_id, LiveResponse.activity_id == activity_id)
