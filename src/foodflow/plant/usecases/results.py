"""Asking what came of a batch: its yields and its time, and how it compares with another one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.numerics import oee
from foodflow.numerics.yields import Giveaway, Yields, giveaway, yields
from foodflow.plant.queries import batches as queries
from foodflow.plant.tables.batches import BatchMove, ProductionBatch
from foodflow.plant.usecases import costs, parameters
from foodflow.plant.usecases.batches import elements_of_batch
from foodflow.plant.usecases.costs import BatchCosts
from foodflow.plant.usecases.parameters import Reviewed, Span


@dataclass(frozen=True, slots=True)
class BatchYields:
    """What came of a batch, until now while it is made: `elements` of the time in which it had its line."""

    batch: ProductionBatch
    yields: Yields
    giveaway: Giveaway | None
    elements: oee.Elements
    ratios: oee.Effectiveness
    in_progress: timedelta
    on_hold: timedelta


@dataclass(frozen=True, slots=True)
class History:
    """All that happened to a batch, and how long it was in progress and on hold, until now while it is."""

    batch: ProductionBatch
    moves: Sequence[BatchMove]
    in_progress: timedelta
    on_hold: timedelta


@dataclass(frozen=True, slots=True)
class Side:
    """One of two batches that are compared."""

    results: BatchYields
    costs: BatchCosts
    parameters: Sequence[Reviewed]


async def yields_of(session: AsyncSession, actor: Actor, batch_id: UUID) -> BatchYields:
    """The yields of a batch (ISO 22400-2) and the time in which it was made."""
    batch = await queries.batch(session, actor, batch_id)
    elements = await elements_of_batch(session, batch)
    good, target = batch.good_quantity, batch.target_quantity
    return BatchYields(
        batch=batch,
        yields=yields(good=good, scrap=batch.scrap_quantity, rework=batch.rework_quantity, target=target),
        giveaway=giveaway(good=good, nominal=batch.nominal_weight, filled=batch.filled_weight),
        elements=elements,
        ratios=oee.oee(elements),
        in_progress=_together(await parameters.time_in_progress(session, batch)),
        on_hold=_together(await parameters.time_on_hold(session, batch)),
    )


async def history(session: AsyncSession, actor: Actor, batch_id: UUID) -> History:
    """All that happened to a batch, in order."""
    batch = await queries.batch(session, actor, batch_id)
    return History(
        batch,
        await queries.moves(session, batch.id),
        _together(await parameters.time_in_progress(session, batch)),
        _together(await parameters.time_on_hold(session, batch)),
    )


async def compare(
    session: AsyncSession, actor: Actor, batch_id: UUID, *, other_id: UUID | None
) -> tuple[Side, Side | None]:
    """A batch beside another one: by default the golden batch of its product, which is the completed one with the
    highest OEE; None where there is none yet.
    """
    batch = await queries.batch(session, actor, batch_id)
    if other_id is None:
        other = await queries.best_of_product(session, actor, batch)
    else:
        other = await queries.batch(session, actor, other_id)
    side = await _side(session, actor, batch)
    return side, await _side(session, actor, other) if other is not None else None


async def _side(session: AsyncSession, actor: Actor, batch: ProductionBatch) -> Side:
    return Side(
        await yields_of(session, actor, batch.id),
        await costs.costs_of(session, actor, batch.id),
        await parameters.review(session, actor, batch.id),
    )


def _together(spans: Sequence[Span]) -> timedelta:
    return sum((end - start for start, end in spans), timedelta())
