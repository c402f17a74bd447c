"""What lines made in slices of time, which batches they were given to, and what stops cost: each asked once for all."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Select, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.numerics.losses import Loss
from foodflow.numerics.slices import Made
from foodflow.plant.queries.sites import on_own_lines
from foodflow.plant.tables.batches import BatchRun, ProductionBatch
from foodflow.plant.tables.downtimes import Downtime
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.tables.reasons import StopReason

# A count tells what was made up to its moment, so it belongs to the slice that it ends in: start < at <= end.
_MADE = text("""
SELECT s.place, b.product_code, c.ideal_speed,
       coalesce(r.loss = 'startup_rejects', false) AS startup,
       sum(c.good) AS good, sum(c.scrap) AS scrap, sum(c.rework) AS rework,
       sum(coalesce(c.estimated_cost, c.scrap * coalesce(c.scrap_unit_cost, b.unit_cost))) AS scrap_cost,
       coalesce(sum(c.scrap) FILTER (
           WHERE coalesce(c.estimated_cost, c.scrap * coalesce(c.scrap_unit_cost, b.unit_cost)) IS NULL), 0) AS uncosted
FROM unnest(CAST(:lines AS uuid[]), CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
    WITH ORDINALITY AS s (line_id, start, finish, place)
JOIN production_counts AS c ON c.line_id = s.line_id AND c.at > s.start AND c.at <= s.finish
LEFT JOIN production_batches AS b ON b.id = c.batch_id
LEFT JOIN scrap_reasons AS r ON r.code = c.scrap_reason
GROUP BY 1, 2, 3, 4
""")


@dataclass(frozen=True, slots=True)
class MadeIn:
    """What was made in one slice (by its place) of one product at one ideal speed; `startup`: scrapped while starting
    up; `uncosted` scrapped items are of unknown cost.
    """

    place: int
    product: str | None
    ideal_speed: Decimal | None
    startup: bool
    good: Decimal
    scrap: Decimal
    rework: Decimal
    scrap_cost: Decimal | None
    uncosted: Decimal


@dataclass(frozen=True, slots=True)
class StopFacts:
    """What is known of a stop: whether it is a micro-stop, its loss by its reason, and what an hour of it costs."""

    is_micro: bool
    loss: Loss | None
    reason: str | None
    hourly_cost: Decimal | None


def lines_asked(actor: Actor, *, ids: Collection[UUID], sites: Collection[str]) -> Select[ProductionLine]:
    """The lines that exist for an actor, of some ids and sites where any are named."""
    found = on_own_lines(select(ProductionLine), actor, ProductionLine.id).order_by(ProductionLine.line_number)
    if ids:
        found = found.where(ProductionLine.id.in_(ids))
    return found.where(ProductionLine.plant_name.in_(sites)) if sites else found


async def lines(
    session: AsyncSession, actor: Actor, *, ids: Collection[UUID], sites: Collection[str]
) -> Sequence[ProductionLine]:
    """The lines that a question is about, by number."""
    return (await session.scalars(lines_asked(actor, ids=ids, sites=sites))).all()


async def made_in(session: AsyncSession, slices: Sequence[tuple[UUID, datetime, datetime]]) -> list[MadeIn]:
    """What each line made in each slice (line, start, end), `place` counted from 0."""
    columns = {"lines": [s[0] for s in slices], "starts": [s[1] for s in slices], "ends": [s[2] for s in slices]}
    return [MadeIn(row[0] - 1, *row[1:]) for row in await session.execute(_MADE, columns)]


async def given_to(
    session: AsyncSession, line_ids: Collection[UUID], start: datetime, end: datetime
) -> dict[UUID, list[Made]]:
    """Of each line, in order, when it was given to batches of which product within [start, end)."""
    run, batch = BatchRun, ProductionBatch
    found = (
        select(run.line_id, run.start_time, func.coalesce(run.end_time, end), batch.product_code)
        .join(batch, batch.id == run.batch_id)
        .where(run.line_id.in_(line_ids), run.start_time < end, or_(run.end_time.is_(None), run.end_time > start))
        .order_by(run.start_time)
    )
    given: defaultdict[UUID, list[Made]] = defaultdict(list)
    for line_id, first, last, product in await session.execute(found):
        given[line_id].append(Made(first, last, product))
    return given


async def stop_facts(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, StopFacts]:
    """What is known of some stops."""
    found = (
        select(Downtime.id, Downtime.is_micro, StopReason.loss, StopReason.code, Downtime.hourly_cost)
        .outerjoin(StopReason, StopReason.id == Downtime.reason_id)
        .where(Downtime.id == func.any(list(ids)))
    )
    return {
        id: StopFacts(is_micro, Loss(loss) if loss else None, reason, cost)
        for id, is_micro, loss, reason, cost in await session.execute(found)
    }
