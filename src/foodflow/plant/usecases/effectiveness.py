"""Asking for a line's effectiveness."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.numerics import oee
from foodflow.plant.queries import lines as queries
from foodflow.plant.rules.shared import window
from foodflow.plant.usecases.states import line_intervals


@dataclass(frozen=True, slots=True)
class LineEffectiveness:
    """A line's effectiveness over [start, end), the elements it is made of, and the version of the formula."""

    start: datetime
    end: datetime
    elements: oee.Elements
    ratios: oee.Effectiveness
    version: int = oee.VERSION


async def effectiveness(
    session: AsyncSession, actor: Actor, line_id: UUID, *, start: datetime | None, end: datetime | None
) -> LineEffectiveness:
    """A line's effectiveness over a window (by default the last 24 hours) after ISO 22400-2; see `numerics.oee`."""
    await queries.line(session, actor, line_id)
    first, last = window(start, end, clock.now())
    return await measured(session, line_id, first, last)


async def measured(session: AsyncSession, line_id: UUID, start: datetime, end: datetime) -> LineEffectiveness:
    """The effectiveness of a line over exactly [start, end), from its recorded states and counts."""
    lines = await queries.lines_of(session, [line_id])
    parts = (await line_intervals(session, lines, start, end))[line_id]
    made = await queries.amounts(session, line_id, start, end)
    elements = oee.elements_of(oee.time_of(parts), made)
    return LineEffectiveness(start, end, elements, oee.oee(elements))
