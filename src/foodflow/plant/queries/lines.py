"""Lines, what is recorded of their time, and what they made."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.paging import Filter, Listing
from foodflow.numerics.oee import Amount
from foodflow.plant.queries.sites import on_own_lines
from foodflow.plant.rules.lines import LineNotFound, LineState
from foodflow.plant.tables.batches import ProductionBatch, ProductionCount
from foodflow.plant.tables.counts import LineCounter
from foodflow.plant.tables.downtimes import Downtime
from foodflow.plant.tables.lines import LineHeartbeat, LineSpan, LineStateChange, ProductionLine, WithdrawnState
from foodflow.plant.tables.money_leaks import MoneyLeak
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.tables.trials import Trial

LISTING = Listing(
    key=ProductionLine.id,
    order="line_number",
    filters={
        "status": Filter(ProductionLine.status, LineState),
        "is_active": Filter(ProductionLine.is_active, bool),
        "plant_name": Filter(ProductionLine.plant_name),
    },
    orderings={
        "line_number": ProductionLine.line_number,
        "name": ProductionLine.name,
        "status": ProductionLine.status,
        "created_at": ProductionLine.created_at,
    },
    searches=(ProductionLine.line_number, ProductionLine.name, ProductionLine.location),
    export="lines",
)


def lines(actor: Actor) -> Select[ProductionLine]:
    """The lines that exist for an actor."""
    return on_own_lines(select(ProductionLine), actor, ProductionLine.id)


async def all_lines(session: AsyncSession, actor: Actor) -> Sequence[ProductionLine]:
    """The lines in service, by number."""
    found = lines(actor).where(ProductionLine.is_active).order_by(ProductionLine.line_number)
    return (await session.scalars(found)).all()


async def lines_numbered(session: AsyncSession, actor: Actor, numbers: Sequence[str]) -> dict[str, ProductionLine]:
    """Those of the lines of some numbers that exist, by number."""
    found = await session.scalars(lines(actor).where(ProductionLine.line_number.in_(numbers)))
    return {line.line_number: line for line in found}


async def lines_of(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[ProductionLine]:
    """The lines of some ids that others have found for an actor."""
    return (await session.scalars(select(ProductionLine).where(ProductionLine.id.in_(ids)))).all()


async def line(session: AsyncSession, actor: Actor, id: UUID) -> ProductionLine:
    """A line, or a refusal."""
    return _found(await session.get(ProductionLine, id), actor, str(id))


async def line_for_update(session: AsyncSession, actor: Actor, id: UUID) -> ProductionLine:
    """A line as it is now, locked until the transaction ends."""
    found = await session.get(ProductionLine, id, with_for_update=True, populate_existing=True)
    return _found(found, actor, str(id))


async def line_for_reference(session: AsyncSession, actor: Actor, id: UUID) -> ProductionLine:
    """A line, locked so that nobody deletes it while the transaction stores something that refers to it."""
    lock = {"read": True, "key_share": True}
    return _found(await session.get(ProductionLine, id, with_for_update=lock), actor, str(id))


async def line_numbered(session: AsyncSession, actor: Actor, number: str) -> ProductionLine:
    """The line of a line number, or a refusal."""
    found = await session.scalars(select(ProductionLine).where(ProductionLine.line_number == number))
    return _found(found.first(), actor, number)


def _found(line: ProductionLine | None, actor: Actor, wanted: str) -> ProductionLine:
    if line is None or not actor.is_for(line.plant_name):
        raise LineNotFound(f"there is no line {wanted}")
    return line


async def line_has_history(session: AsyncSession, id: UUID) -> bool:
    """Whether anything is recorded of a line that deleting it would lose."""
    tables = (
        ProductionBatch,
        Sensor,
        LineStateChange,
        ProductionCount,
        LineSpan,
        WithdrawnState,
        Downtime,
        LineHeartbeat,
        LineCounter,
        Trial,
        MoneyLeak,
    )
    for table in tables:
        if await session.scalar(select(table.line_id).where(table.line_id == id).limit(1)) is not None:
            return True
    return False


async def amounts(session: AsyncSession, line_id: UUID, start: datetime, end: datetime) -> list[Amount]:
    """What the line made in (start, end], summed per ideal speed."""
    count = ProductionCount
    totals = select(count.ideal_speed, func.sum(count.good), func.sum(count.scrap), func.sum(count.rework))
    within = totals.where(count.line_id == line_id, count.at > start, count.at <= end)
    rows = await session.execute(within.group_by(count.ideal_speed))
    return [Amount(good=good, scrap=scrap, rework=rework, ideal_rate=speed) for speed, good, scrap, rework in rows]
