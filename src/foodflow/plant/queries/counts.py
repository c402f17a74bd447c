"""Counts, and what counters of machines showed last."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.paging import Filter, Listing, Page, Wanted, fetch
from foodflow.plant.queries.sites import is_own_line, on_own_lines
from foodflow.plant.rules.counts import CountNotFound
from foodflow.plant.tables.batches import ProductionBatch, ProductionCount
from foodflow.plant.tables.counts import LineCounter
from foodflow.plant.tables.lines import ProductionLine

LISTING = Listing(
    key=ProductionCount.id,
    order="-at",
    filters={
        "batch_id": Filter(ProductionCount.batch_id, UUID),
        "at": Filter(ProductionCount.at, datetime, ranges=True),
        "source_id": Filter(ProductionCount.source_id),
    },
    orderings={"at": ProductionCount.at},
)


async def of_line(session: AsyncSession, line: ProductionLine, wanted: Wanted) -> Page[ProductionCount]:
    """A page of a line's counts."""
    return await fetch(session, select(ProductionCount).where(ProductionCount.line_id == line.id), wanted)


async def of_batch(session: AsyncSession, batch: ProductionBatch, wanted: Wanted) -> Page[ProductionCount]:
    """A page of a batch's counts."""
    return await fetch(session, select(ProductionCount).where(ProductionCount.batch_id == batch.id), wanted)


def counts(actor: Actor) -> Select[ProductionCount]:
    """The counts that exist for an actor."""
    return on_own_lines(select(ProductionCount), actor, ProductionCount.line_id)


async def count(session: AsyncSession, actor: Actor, id: UUID) -> ProductionCount:
    """A count, or a refusal."""
    found = await session.get(ProductionCount, id)
    if found is None or not await is_own_line(session, actor, found.line_id):
        raise CountNotFound(f"there is no count {id}")
    return found


async def reversal_of(session: AsyncSession, id: UUID) -> ProductionCount | None:
    """What takes back a count, or None."""
    return (await session.scalars(select(ProductionCount).where(ProductionCount.reverses_id == id))).first()


async def from_source(session: AsyncSession, line_id: UUID, source_id: str) -> ProductionCount | None:
    """The count of a line that a source has named, or None."""
    found = select(ProductionCount).where(ProductionCount.line_id == line_id, ProductionCount.source_id == source_id)
    return (await session.scalars(found)).first()


async def reported_at(session: AsyncSession, line_id: UUID, at: datetime, recorder: str) -> Sequence[ProductionCount]:
    """What somebody has reported of a line for this very moment without a name of its own, and not taken back."""
    count, reversal = ProductionCount, ProductionCount.__table__.alias()
    is_reversed = select(reversal.c.id).where(reversal.c.reverses_id == count.id).exists()
    found = select(count).where(
        count.line_id == line_id,
        count.at == at,
        count.recorded_by == recorder,
        count.source_id.is_(None),
        count.reverses_id.is_(None),
        ~is_reversed,
    )
    return (await session.scalars(found)).all()


async def counter(session: AsyncSession, line_id: UUID, name: str) -> LineCounter | None:
    """What a counter of a line (locked by the caller) showed last, or None before the first time."""
    return await session.get(LineCounter, (line_id, name), populate_existing=True)


async def sums_of_batch(session: AsyncSession, batch_id: UUID) -> tuple[Decimal, Decimal, Decimal]:
    """Good, scrap and rework of a batch, added up from its counts."""
    count = ProductionCount
    sums = select(
        func.coalesce(func.sum(count.good), 0),
        func.coalesce(func.sum(count.scrap), 0),
        func.coalesce(func.sum(count.rework), 0),
    )
    good, scrap, rework = (await session.execute(sums.where(count.batch_id == batch_id))).one()
    return good, scrap, rework
