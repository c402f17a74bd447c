"""Batches, what happened to them, and when they had their line."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.paging import Filter, Listing
from foodflow.plant.queries.sites import is_own_line, on_own_lines
from foodflow.plant.rules.batches import FINAL, BatchNotFound, BatchStatus
from foodflow.plant.tables.batches import BatchMove, BatchRun, ProductionBatch, ProductionCount
from foodflow.plant.tables.lines import ProductionLine

LISTING = Listing(
    key=ProductionBatch.id,
    order="-created_at",
    filters={
        "line_id": Filter(ProductionBatch.line_id, UUID),
        "status": Filter(ProductionBatch.status, BatchStatus),
        "product_code": Filter(ProductionBatch.product_code),
        "batch_number": Filter(ProductionBatch.batch_number),
        "work_order_number": Filter(ProductionBatch.work_order_number),
        "planned_start_time": Filter(ProductionBatch.planned_start_time, datetime, ranges=True),
        "planned_end_time": Filter(ProductionBatch.planned_end_time, datetime, ranges=True),
        "actual_start_time": Filter(ProductionBatch.actual_start_time, datetime, ranges=True),
        "actual_end_time": Filter(ProductionBatch.actual_end_time, datetime, ranges=True),
    },
    orderings={
        "batch_number": ProductionBatch.batch_number,
        "status": ProductionBatch.status,
        "planned_start_time": ProductionBatch.planned_start_time,
        "planned_end_time": ProductionBatch.planned_end_time,
        "actual_start_time": ProductionBatch.actual_start_time,
        "oee": ProductionBatch.oee,
        "created_at": ProductionBatch.created_at,
    },
    searches=(ProductionBatch.batch_number, ProductionBatch.product_code, ProductionBatch.product_name),
    export="batches",
)
_BEGINS = func.coalesce(ProductionBatch.actual_start_time, ProductionBatch.planned_start_time)
_IS_OVER = ProductionBatch.status.in_(FINAL)


def begin_since(moment: datetime) -> ColumnElement[bool]:
    """Batches that begin at a moment or later: those not begun, by their plan."""
    return moment <= _BEGINS


def begin_until(moment: datetime, *, with_it: bool) -> ColumnElement[bool]:
    """Batches that begin before a moment, or at it."""
    return moment >= _BEGINS if with_it else moment > _BEGINS


def overdue(now: datetime) -> ColumnElement[bool]:
    """Batches that are not over although they were planned to be."""
    return and_(ProductionBatch.planned_end_time.is_not(None), ProductionBatch.planned_end_time < now, ~_IS_OVER)


def batches(actor: Actor) -> Select[ProductionBatch]:
    """The batches that exist for an actor."""
    return on_own_lines(select(ProductionBatch), actor, ProductionBatch.line_id)


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


async def batches_of(session: AsyncSession, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, ProductionBatch]:
    """Those of some batches that exist for an actor, by id."""
    return {found.id: found for found in await session.scalars(batches(actor).where(ProductionBatch.id.in_(ids)))}


async def open_of_line(session: AsyncSession, line: ProductionLine, *, most: int) -> Sequence[ProductionBatch]:
    """The batches of a line that are not over: the one that has the line first, then those on hold, then by plan."""
    batch = ProductionBatch
    found = select(batch).where(batch.line_id == line.id, ~_IS_OVER)
    order = (
        (batch.status == BatchStatus.IN_PROGRESS).desc(),
        (batch.status == BatchStatus.ON_HOLD).desc(),
        batch.planned_start_time.asc().nulls_last(),
        batch.batch_number,
    )
    return (await session.scalars(found.order_by(*order).limit(most))).all()


async def best_of_product(session: AsyncSession, actor: Actor, like: ProductionBatch) -> ProductionBatch | None:
    """The golden batch of a product: of the completed ones (this one apart) that with the highest OEE, or None."""
    batch = ProductionBatch
    found = batches(actor).where(
        batch.product_code == like.product_code,
        batch.id != like.id,
        batch.status == BatchStatus.COMPLETED,
        batch.oee.is_not(None),
    )
    return (await session.scalars(found.order_by(batch.oee.desc(), batch.actual_end_time.desc()).limit(1))).first()


async def completed_between(
    session: AsyncSession, line_id: UUID, start: datetime, end: datetime | None
) -> Sequence[ProductionBatch]:
    """The completed batches of a line whose time on it shares any moment with [start, end), the first one first."""
    on_line = _runs_between(line_id, start, end).with_only_columns(BatchRun.batch_id)
    found = select(ProductionBatch).where(
        ProductionBatch.id.in_(on_line), ProductionBatch.status == BatchStatus.COMPLETED
    )
    return (await session.scalars(found.order_by(ProductionBatch.actual_start_time))).all()


async def others_on_line(
    session: AsyncSession, batch: ProductionBatch, start: datetime, end: datetime
) -> Sequence[tuple[BatchRun, str]]:
    """When other batches had a batch's line at any moment of [start, end), each with its number."""
    found = _runs_between(batch.line_id, start, end).where(BatchRun.batch_id != batch.id)
    numbered = found.join(ProductionBatch, ProductionBatch.id == BatchRun.batch_id).add_columns(
        ProductionBatch.batch_number
    )
    return [(run, number) for run, number in await session.execute(numbered.order_by(BatchRun.start_time))]


def _runs_between(line_id: UUID, start: datetime, end: datetime | None) -> Select[Any]:
    found = select(BatchRun).where(
        BatchRun.line_id == line_id, or_(BatchRun.end_time.is_(None), BatchRun.end_time > start)
    )
    return found if end is None else found.where(BatchRun.start_time < end)


async def batch_on_line_at(session: AsyncSession, line_id: UUID, at: datetime) -> UUID | None:
    """Whose count one of this moment is: the batch that had the line up to it, in (start, end]; None: nobody's."""
    found = select(BatchRun.batch_id).where(
        BatchRun.line_id == line_id, BatchRun.start_time < at, or_(BatchRun.end_time.is_(None), BatchRun.end_time >= at)
    )
    return await session.scalar(found.order_by(BatchRun.start_time.desc()).limit(1))


async def runs(session: AsyncSession, batch_id: UUID) -> Sequence[BatchRun]:
    """When a batch had its line, in order."""
    found = select(BatchRun).where(BatchRun.batch_id == batch_id)
    return (await session.scalars(found.order_by(BatchRun.start_time))).all()


async def moves(session: AsyncSession, batch_id: UUID) -> Sequence[BatchMove]:
    """What happened to a batch, in order."""
    found = select(BatchMove).where(BatchMove.batch_id == batch_id)
    return (await session.scalars(found.order_by(BatchMove.number))).all()


async def last_move(session: AsyncSession, batch_id: UUID) -> BatchMove | None:
    """What happened to a batch last, or None while it is planned."""
    found = select(BatchMove).where(BatchMove.batch_id == batch_id)
    return (await session.scalars(found.order_by(BatchMove.number.desc()).limit(1))).first()


async def last_counted(session: AsyncSession, batch_id: UUID) -> datetime | None:
    """The moment of a batch's last count, or None before the first."""
    return await session.scalar(select(func.max(ProductionCount.at)).where(ProductionCount.batch_id == batch_id))


async def _found(session: AsyncSession, actor: Actor, batch: ProductionBatch | None, wanted: str) -> ProductionBatch:
    if batch is None or not await is_own_line(session, actor, batch.line_id):
        raise BatchNotFound(f"there is no batch {wanted}")
    return batch
