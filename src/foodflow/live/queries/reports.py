"""What a file about a session is made of, some rows at a time."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.participants import LiveParticipant
from foodflow.live.tables.responses import LiveResponse

ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that counts, with the nickname of whoever gave it."""

    nickname: str
    data: dict[str, Any]
    points: int
    is_correct: bool | None
    at: datetime


async def activities(session: AsyncSession, session_id: int) -> Sequence[LiveActivity]:
    """The activities of a session, in their order."""
    found = select(LiveActivity).where(LiveActivity.session_id == session_id)
    order = (LiveActivity.order_index, LiveActivity.created_at, LiveActivity.id)
    return (await session.scalars(found.order_by(*order))).all()


async def people_of(session: AsyncSession, session_id: int) -> list[str]:
    """The people of the company who have places in a session."""
    found = select(LiveParticipant.actor).where(LiveParticipant.session_id == session_id, LiveParticipant.actor != "")
    return list(await session.scalars(found.distinct()))


async def counts(session: AsyncSession, session_id: int) -> tuple[int, int]:
    """How many took part in a session, those who left as well, and how many answers of theirs count."""
    here = select(func.count()).select_from(LiveParticipant).where(LiveParticipant.session_id == session_id)
    answered = select(func.count()).select_from(LiveResponse).where(LiveResponse.session_id == session_id)
    return await session.scalar(here) or 0, await session.scalar(answered.where(LiveResponse.is_counted)) or 0


async def participants(
    session: AsyncSession, session_id: int, *, limit: int | None = None
) -> AsyncIterator[Sequence[LiveParticipant]]:
    """Those who took part in a session, in the order in which they came."""
    found = select(LiveParticipant).where(LiveParticipant.session_id == session_id)
    ordered = found.order_by(LiveParticipant.joined_at, LiveParticipant.id).limit(limit)
    rows = await session.stream_scalars(ordered.execution_options(yield_per=ROWS_AT_ONCE))
    async for part in rows.partitions():
        yield part


async def answers(session: AsyncSession, activity_id: UUID) -> AsyncIterator[Sequence[Given]]:
    """The answers to an activity that count, in the order in which they came."""
    rows = await session.stream(_answers(activity_id).execution_options(yield_per=ROWS_AT_ONCE))
    async for part in rows.partitions():
        yield [Given(*row) for row in part]


def _answers(activity_id: UUID) -> Select[Any]:
    return (
        select(
            LiveParticipant.nickname,
            LiveResponse.response_data,
            LiveResponse.points,
            LiveResponse.is_correct,
            LiveResponse.created_at,
        )
        .join(LiveParticipant, LiveParticipant.id == LiveResponse.participant_id)
        .where(LiveResponse.activity_id == activity_id, LiveResponse.is_counted)
        .order_by(LiveResponse.created_at, LiveResponse.id)
    )
