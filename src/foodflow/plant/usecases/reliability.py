"""Asking how reliable lines are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.numerics import reliability as numerics
from foodflow.numerics.intervals import Interval
from foodflow.numerics.losses import Loss
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.queries import reasons as reason_queries
from foodflow.plant.rules.lines import LineState
from foodflow.plant.rules.shared import window
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.tables.reasons import StopReason
from foodflow.plant.usecases.states import line_intervals


@dataclass(frozen=True, slots=True)
class Figures:
    """The reliability of one thing: of all, of a line, or against failures for one reason."""

    id: UUID | None
    name: str
    elements: numerics.Elements
    figures: numerics.Reliability


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesReliability:
    """Reliability over [start, end): all lines together, each line, and each reason; `unexplained` stops have no reason
    yet, so nobody knows whether they are failures.
    """

    start: datetime
    end: datetime
    all: Figures
    lines: tuple[Figures, ...]
    reasons: tuple[Figures, ...]
    unexplained: int


async def line_reliability(
    session: AsyncSession, actor: Actor, line_id: UUID, *, start: datetime | None, end: datetime | None
) -> LinesReliability:
    """The reliability of a line over a window (by default the last 24 hours)."""
    line = await line_queries.line(session, actor, line_id)
    return await _reliability(session, [line], start=start, end=end, reason_id=None)


async def plant_reliability(
    session: AsyncSession,
    actor: Actor,
    *,
    plant_name: str | None,
    reason_id: UUID | None,
    start: datetime | None,
    end: datetime | None,
) -> LinesReliability:
    """The reliability of the lines in service (of one site), against failures for a reason or one below it."""
    lines = await line_queries.all_lines(session, actor)
    wanted = [line for line in lines if plant_name is None or line.plant_name == plant_name]
    return await _reliability(session, wanted, start=start, end=end, reason_id=reason_id)


async def _reliability(
    session: AsyncSession,
    lines: Sequence[ProductionLine],
    *,
    start: datetime | None,
    end: datetime | None,
    reason_id: UUID | None,
) -> LinesReliability:
    first, last = window(start, end, clock.now())
    tree = {reason.id: reason for reason in await reason_queries.reasons(session)}
    if reason_id is not None:
        await reason_queries.reason(session, reason_id)
    breakdowns = {id for id, each in tree.items() if each.loss == Loss.BREAKDOWNS and not each.is_planned}
    wanted = {id for id in breakdowns if reason_id is None or reason_id in _above(tree, id)}
    parts = await line_intervals(session, lines, first, last)
    by_line = {line.id: _elements(parts[line.id], wanted) for line in lines}
    occurring = {id for each in parts.values() for part in each if (id := part.reason_id) in wanted}
    by_reason = {id: numerics.combine(_elements(parts[line.id], {id}) for line in lines) for id in occurring}
    return LinesReliability(
        start=first,
        end=last,
        all=_figures(None, "", numerics.combine(by_line.values())),
        lines=tuple(_figures(line.id, line.line_number, by_line[line.id]) for line in lines),
        reasons=tuple(_figures(id, tree[id].code, each) for id, each in sorted(by_reason.items())),
        unexplained=len({part.stop_id for each in parts.values() for part in each if _is_unexplained(part)}),
    )


def _elements(parts: Sequence[Interval], reasons: set[UUID]) -> numerics.Elements:
    return numerics.elements_of(parts, is_failure=_for(reasons))


def _for(reasons: set[UUID]) -> Callable[[Interval], bool]:
    return lambda part: part.state == LineState.DOWNTIME and part.reason_id in reasons


def _is_unexplained(part: Interval) -> bool:
    return part.state == LineState.DOWNTIME and part.reason_id is None


def _figures(id: UUID | None, name: str, elements: numerics.Elements) -> Figures:
    return Figures(id, name, elements, numerics.reliability(elements))


def _above(tree: Mapping[UUID, StopReason], id: UUID) -> set[UUID]:
    """A reason and all that it hangs below."""
    found: set[UUID] = set()
    place: UUID | None = id
    while place is not None and place not in found:
        found.add(place)
        place = tree[place].parent_id
    return found
