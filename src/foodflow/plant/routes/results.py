"""HTTP interface of what came of a batch."""

from typing import Annotated

from fastapi import Query

from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.plant.queries import batches as queries
from foodflow.plant.routes.addressing import BatchId, as_id
from foodflow.plant.schemas.results import ComparisonOut, ComparisonWanted, YieldsOut
from foodflow.plant.usecases import results as usecases

router = guarded_router(prefix="/batches", tags=["batches"])


@router.get("/{id}/yields", dependencies=[needs("plant.read")])
async def get_yields(session: Transaction, actor: CurrentActor, id: BatchId) -> YieldsOut:
    """The yields of a batch (ISO 22400-2), and the time in which it was made, until now while it is."""
    return YieldsOut.of(await usecases.yields_of(session, actor, id))


@router.get("/{id}/compare", dependencies=[needs("plant.read")])
async def compare_batch(
    session: Transaction, actor: CurrentActor, id: BatchId, wanted: Annotated[ComparisonWanted, Query()]
) -> ComparisonOut:
    """A batch beside another one, or beside the golden batch of its product: the completed one with the highest OEE."""
    other = wanted.compared_with
    if other is None:
        found = await usecases.compare(session, actor, id, other_id=None)
    else:
        other_id = as_id(other) or (await queries.batch_numbered(session, actor, other)).id
        found = await usecases.compare(session, actor, id, other_id=other_id)
    return ComparisonOut.of(*found)
