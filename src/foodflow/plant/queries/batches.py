"""Batches and their counts."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.paging import Filter, Listing, Page, Wanted, fetch
from foodflow.plant.queries.sites import is_own_line, on_own_lines
from foodflow.plant.rules.batches import BatchNotFound, BatchStatus
from foodflow.plant.tables.batches import ProductionBatch, ProductionCount
from foodflow.plant.tables.lines import ProductionLine

LISTING = Listing(
    key=ProductionBatch.id,
    order="-created_at",
    filters={
        "line_id": Filter(ProductionBatch.line_id, UUID),
        "status": Filter(ProductionBatch.status, BatchStatus),
        "product_code": Filter(ProductionBatch.product_code),
        "planned_start_time": Filter(ProductionBatch.planned_start_time, datetime, ranges=True),
        "actual_start_time": Filter(ProductionBatch.actual_start_time, datetime, ranges=True),
        "actual_end_time": Filter(ProductionBatch.actual_end_time, datetime, ranges=True),
    },
    orderings={
        "batch_number": ProductionBatch.batch_number,
        "status": ProductionBatch.status,
        "planned_start_time": ProductionBatch.planned_start_time,
        "actual_start_time": ProductionBatch.actual_start_time,
        "oee": ProductionBatch.oee,
        "created_at": ProductionBatch.created_at,
    },
    searches=(ProductionBatch.batch_number, ProductionBatch.product_code, ProductionBatch.product_name),
    export="batches",
)

COUNTS = Listing(
    key=ProductionCount.id,
    order="-at",
    filters={
        "batch_id": Filter(ProductionCount.batch_id, UUID),
        "at": Filter(ProductionCount.at, datetime, ranges=True),
    },
    orderings={"at": ProductionCount.at},
)


def batches(actor: Actor) -> Select[ProductionBatch]:
    """The batches that exist for an actor."""
    return on_own_lines(select(ProductionBatch), actor, ProductionBatch.line_id)


async def counts(session: AsyncSession, line: ProductionLine, wanted: Wanted) -> Page[ProductionCount]:
    """A page of a line's counts."""
    return await fetch(session, select(ProductionCount).where(ProductionCount.line_id == line.id), wanted)


async def batch(session: AsyncSession, actor: Actor, id: UUID) -> ProductionBatch:
    """A batch, or a refusal."""
    return await _found(session, actor, await session.get(ProductionBatch, id), str(id))


async def batch_for_update(session: AsyncSession, actor: Actor, id: UUID) -> ProductionBatch:
    """A batch, locked until the transaction ends. Whoever needs its line too locks the line first."""
    found = await session.get(ProductionBatch, id, with_for_update=True, populate_existing=True)
    return await _found(session, actor, found, str(id))


async def batch_numbered(session: AsyncSession, actor: Actor, number: str) -> ProductionBatch:
    """The batch of a batch number, or a refusal."""
    found = await session.scalars(select(ProductionBatch).where(ProductionBatch.batch_number == number))
    return await _found(session, actor, found.first(), number)


async def completed_between(
    session: AsyncSession, line_id: UUID, start: datetime, end: datetime | None
) -> Sequence[ProductionBatch]:
    """The completed batches of a line whose time shares any moment with [start, end), the first one first."""
    found = select(ProductionBatch).where(
        ProductionBatch.line_id == line_id,
        ProductionBatch.status == BatchStatus.COMPLETED,
        ProductionBatch.actual_end_time > start,
    )
    if end is not None:
        found = found.where(ProductionBatch.actual_start_time < end)
    return (await session.scalars(found.order_by(ProductionBatch.actual_start_time))).all()


async def last_counted(session: AsyncSession, batch_id: UUID) -> datetime | None:
    """The moment of a batch's last count, or None before the first."""
    return await session.scalar(select(func.max(ProductionCount.at)).where(ProductionCount.batch_id == batch_id))


async def _found(session: AsyncSession, actor: Actor, batch: ProductionBatch | None, wanted: str) -> ProductionBatch:
    if batch is None or not await is_own_line(session, actor, batch.line_id):
        raise BatchNotFound(f"there is no batch {wanted}")
    return batch
