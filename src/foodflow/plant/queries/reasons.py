"""Reasons of stops."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.plant.rules.reasons import ReasonNotFound
from foodflow.plant.tables.downtimes import Downtime
from foodflow.plant.tables.lines import LineSpan, LineStateChange, WithdrawnState
from foodflow.plant.tables.reasons import StopReason


async def reasons(session: AsyncSession) -> Sequence[StopReason]:
    """All reasons of the company, by code."""
    return (await session.scalars(select(StopReason).order_by(StopReason.code))).all()


async def reason(session: AsyncSession, id: UUID) -> StopReason:
    """A reason, or a refusal."""
    return _found(await session.get(StopReason, id), id)


async def reasons_for_update(session: AsyncSession, id: UUID | None = None) -> dict[UUID, StopReason]:
    """All reasons by id, locked until the transaction ends, or a refusal where `id` is none of them."""
    rows = await session.scalars(
        select(StopReason).order_by(StopReason.id).with_for_update().execution_options(populate_existing=True)
    )
    found = {row.id: row for row in rows}
    if id is not None:
        _found(found.get(id), id)
    return found


async def reason_for_reference(session: AsyncSession, id: UUID) -> StopReason:
    """A reason, locked so that nobody deletes it while the transaction stores something that refers to it."""
    return _found(await session.get(StopReason, id, with_for_update={"read": True, "key_share": True}), id)


async def reason_of_category(session: AsyncSession, category: str) -> StopReason | None:
    """The reason in use that stands for a whole category: one of those furthest up, by code."""
    found = select(StopReason).where(StopReason.category == category, StopReason.is_active)
    furthest_up = found.order_by(StopReason.parent_id.is_not(None), StopReason.code).limit(1)
    return (await session.scalars(furthest_up)).first()


async def reason_is_used(session: AsyncSession, id: UUID) -> bool:
    """Whether anything recorded has a reason, or another hangs below it."""
    for table in (Downtime, LineStateChange, LineSpan, WithdrawnState):
        if await session.scalar(select(table.line_id).where(table.reason_id == id).limit(1)):
            return True
    return await session.scalar(select(StopReason.id).where(StopReason.parent_id == id).limit(1)) is not None


def _found(reason: StopReason | None, id: UUID) -> StopReason:
    if reason is None:
        raise ReasonNotFound(f"there is no reason {id}")
    return reason
