"""Scrap, by event and by reason, and the reasons themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.paging import Filter, Listing
from foodflow.plant.queries.sites import on_own_lines
from foodflow.plant.rules.scrap import ScrapLoss, ScrapReasonNotFound, Severity
from foodflow.plant.tables.batches import ProductionBatch, ProductionCount
from foodflow.plant.tables.scrap import ScrapReason

EVENTS = Listing(
    key=ProductionCount.id,
    order="-event_time",
    filters={
        "line_id": Filter(ProductionCount.line_id, UUID),
        "batch_id": Filter(ProductionCount.batch_id, UUID),
        "event_time": Filter(ProductionCount.at, datetime, ranges=True),
        "scrap_type": Filter(ProductionCount.scrap_type),
        "scrap_reason": Filter(ProductionCount.scrap_reason),
        "severity": Filter(ProductionCount.severity, Severity),
    },
    orderings={"event_time": ProductionCount.at, "quantity": ProductionCount.scrap},
    searches=(ProductionCount.scrap_type, ProductionCount.scrap_reason, ProductionCount.root_cause),
    export="scrap-events",
)

REASONS = Listing(
    key=ScrapReason.id,
    order="code",
    filters={
        "code": Filter(ScrapReason.code),
        "loss": Filter(ScrapReason.loss, ScrapLoss),
        "is_active": Filter(ScrapReason.is_active, bool),
    },
    orderings={"code": ScrapReason.code, "name": ScrapReason.name, "created_at": ScrapReason.created_at},
    searches=(ScrapReason.code, ScrapReason.name),
    max_page_size=200,
    export="scrap-reasons",
)


@dataclass(frozen=True, slots=True)
class ScrapFor:
    """What was scrapped for a reason; `uncosted` items of it are of unknown cost."""

    reason: str
    name: str | None
    loss: str | None
    quantity: Decimal
    cost: Decimal | None
    uncosted: Decimal


def _cost() -> ColumnElement[Decimal | None]:
    """What the scrap of a count cost: as it was estimated, or by the unit cost of its reason or else of its batch."""
    count, batch = ProductionCount, ProductionBatch
    return func.coalesce(count.estimated_cost, count.scrap * func.coalesce(count.scrap_unit_cost, batch.unit_cost))


def events(actor: Actor) -> Select[ProductionCount]:
    """The counts of scrap that exist for an actor, but those that were taken back."""
    count, reversal = ProductionCount, ProductionCount.__table__.alias()
    is_reversed = select(reversal.c.id).where(reversal.c.reverses_id == count.id).exists()
    return on_own_lines(select(count).where(count.scrap > 0, ~is_reversed), actor, count.line_id)


async def by_reason(  # noqa: PLR0913 - whatever scrap is asked for by
    session: AsyncSession,
    actor: Actor,
    *,
    batch_id: UUID | None = None,
    line_id: UUID | None = None,
    product_code: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> list[ScrapFor]:
    """Scrap added up by its reason, most of it first."""
    count, batch, cost = ProductionCount, ProductionBatch, _cost()
    quantity = func.sum(count.scrap)
    sums = (quantity, func.sum(cost), func.coalesce(func.sum(count.scrap).filter(cost.is_(None)), 0))
    found: Any = (
        select(count.scrap_reason, ScrapReason.name, ScrapReason.loss, *sums)
        .outerjoin(batch, batch.id == count.batch_id)
        .outerjoin(ScrapReason, ScrapReason.code == count.scrap_reason)
        .where(count.scrap != 0, *_asked(batch_id, line_id, product_code), *_within(start, end))
        .group_by(count.scrap_reason, ScrapReason.name, ScrapReason.loss)
        .having(quantity > 0)
        .order_by(quantity.desc(), count.scrap_reason)
    )
    return [ScrapFor(*row) for row in await session.execute(on_own_lines(found, actor, count.line_id))]


def _asked(batch_id: UUID | None, line_id: UUID | None, product_code: str | None) -> list[ColumnElement[bool]]:
    count = ProductionCount
    conditions = (
        (batch_id, count.batch_id == batch_id),
        (line_id, count.line_id == line_id),
        (product_code, ProductionBatch.product_code == product_code),
    )
    return [condition for given, condition in conditions if given is not None]


def _within(start: datetime | None, end: datetime | None) -> list[ColumnElement[bool]]:
    after = [] if start is None else [ProductionCount.at > start]
    return after if end is None else [*after, ProductionCount.at <= end]


async def cost_of_batch(session: AsyncSession, batch_id: UUID) -> tuple[Decimal | None, Decimal]:
    """What a batch's scrap cost (None: nobody knows of any), and how many items of it are of unknown cost."""
    count, cost = ProductionCount, _cost()
    found = (
        select(func.sum(cost), func.coalesce(func.sum(count.scrap).filter(cost.is_(None)), 0))
        .outerjoin(ProductionBatch, ProductionBatch.id == count.batch_id)
        .where(and_(count.batch_id == batch_id, count.scrap != 0))
    )
    known, unknown = (await session.execute(found)).one()
    return known, unknown


def reasons() -> Select[ScrapReason]:
    """The company's scrap reasons, which are the same at all its sites."""
    return select(ScrapReason)


async def reason(session: AsyncSession, id: UUID) -> ScrapReason:
    """A scrap reason, or a refusal."""
    return _found(await session.get(ScrapReason, id), str(id))


async def reason_for_update(session: AsyncSession, id: UUID) -> ScrapReason:
    """A scrap reason as it is now, locked until the transaction ends."""
    return _found(await session.get(ScrapReason, id, with_for_update=True, populate_existing=True), str(id))


async def reason_coded(session: AsyncSession, code: str) -> ScrapReason | None:
    """The reason of a code, locked so that nobody removes it before it is counted for; None: it is a text."""
    found = select(ScrapReason).where(ScrapReason.code == code).with_for_update(read=True, key_share=True)
    return (await session.scalars(found)).first()


async def is_used(session: AsyncSession, code: str) -> bool:
    """Whether scrap was counted for a reason."""
    found = select(ProductionCount.id).where(ProductionCount.scrap_reason == code).limit(1)
    return await session.scalar(found) is not None


async def costed_scrap(session: AsyncSession) -> Sequence[UUID]:
    """One of the counts or batches that say what scrap costs, if there is any."""
    of_counts = select(ProductionCount.id).where(
        (ProductionCount.estimated_cost.is_not(None)) | (ProductionCount.scrap_unit_cost.is_not(None))
    )
    of_batches = select(ProductionBatch.id).where(ProductionBatch.unit_cost.is_not(None))
    of_reasons = select(ScrapReason.id).where(ScrapReason.unit_cost.is_not(None))
    for found in (of_reasons, of_batches, of_counts):
        if (one := await session.scalar(found.limit(1))) is not None:
            return [one]
    return []


def _found(reason: ScrapReason | None, wanted: str) -> ScrapReason:
    if reason is None:
        raise ScrapReasonNotFound(f"there is no scrap reason {wanted}")
    return reason
