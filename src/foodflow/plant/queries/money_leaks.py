"""Money leaks that people entered."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.paging import Filter, Listing
from foodflow.plant.queries.sites import is_own_line
from foodflow.plant.rules.money_leaks import CalculationMethod, LeakCategory, MoneyLeakNotFound
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.tables.money_leaks import MoneyLeak

LISTING = Listing(
    key=MoneyLeak.id,
    order="-period_start",
    filters={
        "line_id": Filter(MoneyLeak.line_id, UUID),
        "plant_name": Filter(MoneyLeak.plant_name),
        "batch_id": Filter(MoneyLeak.batch_id, UUID),
        "category": Filter(MoneyLeak.category, LeakCategory),
        "subcategory": Filter(MoneyLeak.subcategory),
        "calculation_method": Filter(MoneyLeak.calculation_method, CalculationMethod),
        "is_avoidable": Filter(MoneyLeak.is_avoidable, bool),
        "period_start": Filter(MoneyLeak.period_start, datetime, ranges=True),
        "period_end": Filter(MoneyLeak.period_end, datetime, ranges=True),
        "amount": Filter(MoneyLeak.amount, Decimal, ranges=True),
    },
    orderings={
        "period_start": MoneyLeak.period_start,
        "period_end": MoneyLeak.period_end,
        "amount": MoneyLeak.amount,
        "category": MoneyLeak.category,
        "created_at": MoneyLeak.created_at,
    },
    searches=(MoneyLeak.subcategory, MoneyLeak.description, MoneyLeak.root_cause, MoneyLeak.action_taken),
    export="money-leaks",
)


@dataclass(frozen=True, slots=True)
class Entered:
    """What was entered of a line (None: of a site) for a period."""

    line_id: UUID | None
    category: LeakCategory
    amount: Decimal
    period_start: datetime
    period_end: datetime


def money_leaks(actor: Actor) -> Select[MoneyLeak]:
    """The money leaks that exist for an actor."""
    found = select(MoneyLeak)
    return found if actor.sites is None else found.where(_at_sites(actor.sites))


async def money_leak(session: AsyncSession, actor: Actor, id: UUID) -> MoneyLeak:
    """A money leak, or a refusal."""
    return await _found(session, actor, await session.get(MoneyLeak, id), id)


async def money_leak_for_update(session: AsyncSession, actor: Actor, id: UUID) -> MoneyLeak:
    """A money leak as it is now, locked until the transaction ends."""
    found = await session.get(MoneyLeak, id, with_for_update=True, populate_existing=True)
    return await _found(session, actor, found, id)


async def entered_in(
    session: AsyncSession, actor: Actor, *, sites: Collection[str], start: datetime, end: datetime
) -> list[Entered]:
    """What was entered for periods that share any time with [start, end), of all sites where none is named."""
    leak = MoneyLeak
    wanted = money_leaks(actor).where(leak.period_start < end, leak.period_end > start)
    if sites:
        wanted = wanted.where(_at_sites(sites))
    columns = (leak.line_id, leak.category, leak.amount, leak.period_start, leak.period_end)
    found = await session.execute(wanted.with_only_columns(*columns))
    return [Entered(line_id, LeakCategory(category), amount, *span) for line_id, category, amount, *span in found]


async def has_leaks(session: AsyncSession, *, batch_id: UUID) -> bool:
    """Whether a money leak names a batch."""
    return await session.scalar(select(MoneyLeak.id).where(MoneyLeak.batch_id == batch_id).limit(1)) is not None


def _at_sites(sites: Collection[str]) -> ColumnElement[bool]:
    lines = select(ProductionLine.id).where(ProductionLine.plant_name.in_(sites))
    return or_(MoneyLeak.line_id.in_(lines), and_(MoneyLeak.line_id.is_(None), MoneyLeak.plant_name.in_(sites)))


async def _found(session: AsyncSession, actor: Actor, leak: MoneyLeak | None, id: UUID) -> MoneyLeak:
    if leak is not None:
        of_line = leak.line_id is not None and await is_own_line(session, actor, leak.line_id)
        if of_line or (leak.line_id is None and actor.is_for(leak.plant_name)):
            return leak
    raise MoneyLeakNotFound(f"there is no money leak {id}")
