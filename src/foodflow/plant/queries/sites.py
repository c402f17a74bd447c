"""Which lines exist for an actor, and with each line all that belongs to it."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from foodflow.kernel.actor import Actor
from foodflow.plant.tables.lines import ProductionLine

RowT = TypeVar("RowT")


def on_own_lines(statement: Select[RowT], actor: Actor, line_id: InstrumentedAttribute[UUID]) -> Select[RowT]:
    """Those rows of a statement whose line (the column `line_id`) exists for an actor."""
    if actor.sites is None:
        return statement
    own = select(ProductionLine.id).where(ProductionLine.plant_name.in_(actor.sites))
    return statement.where(line_id.in_(own))


async def is_own_line(session: AsyncSession, actor: Actor, id: UUID) -> bool:
    """Whether a line exists for an actor; asks the database only about actors who are for some sites alone."""
    if actor.sites is None:
        return True
    line = await session.get(ProductionLine, id)
    return line is not None and actor.is_for(line.plant_name)
