"""HTTP interface of batches; wherever a path names one, its id and its number are as good."""

from typing import Annotated

from fastapi import Depends, Response
from starlette.requests import Request

from foodflow.kernel.exports import listed
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.kernel.paging import Wanted
from foodflow.kernel.wire import PageOf
from foodflow.plant.queries import batches as queries
from foodflow.plant.routes import batch_list
from foodflow.plant.routes.addressing import BatchId
from foodflow.plant.schemas.batches import BatchIn, BatchOut, BatchPatch, HistoryOut, HoldIn, MoveIn
from foodflow.plant.usecases import batches as usecases
from foodflow.plant.usecases import lifecycle, results

router = guarded_router(prefix="/batches", tags=["batches"])


@router.post("", status_code=201, dependencies=[needs("plant.run_batches")], response_model=BatchOut)
async def create_batch(session: Transaction, actor: CurrentActor, body: BatchIn, response: Response) -> object:
    """Plan a batch."""
    batch = await usecases.create_batch(session, actor, body.model_dump())
    response.headers["Location"] = f"/api/v1/plant-ops/batches/{batch.id}"
    return batch


@router.get("", dependencies=[needs("plant.read")], response_model=PageOf[BatchOut], openapi_extra=batch_list.OPENAPI)
async def list_batches(
    session: Transaction, actor: CurrentActor, request: Request, wanted: Annotated[Wanted, Depends(batch_list.wanted)]
) -> object:
    """Batches, latest first."""
    return await listed(session, queries.batches(actor), wanted, shape=BatchOut, request=request)


@router.get("/{id}", dependencies=[needs("plant.read")], response_model=BatchOut)
async def get_batch(session: Transaction, actor: CurrentActor, id: BatchId) -> object:
    """A batch."""
    return await queries.batch(session, actor, id)


@router.get("/by-number/{number:path}", dependencies=[needs("plant.read")], response_model=BatchOut)
async def get_batch_by_number(session: Transaction, actor: CurrentActor, number: str) -> object:
    """The batch of a batch number."""
    return await queries.batch_numbered(session, actor, number)


@router.patch("/{id}", dependencies=[needs("plant.run_batches")], response_model=BatchOut)
async def change_batch(session: Transaction, actor: CurrentActor, id: BatchId, body: BatchPatch) -> object:
    """Change what is known of a batch."""
    return await usecases.change_batch(session, actor, id, body.given())


@router.delete("/{id}", status_code=204, dependencies=[needs("plant.run_batches")])
async def delete_batch(session: Transaction, actor: CurrentActor, id: BatchId) -> None:
    """Remove a planned batch of which nothing is recorded."""
    await usecases.delete_batch(session, actor, id)


@router.post("/{id}/start", dependencies=[needs("plant.run_batches")], response_model=BatchOut)
async def start_batch(session: Transaction, actor: CurrentActor, id: BatchId, body: MoveIn | None = None) -> object:
    """Start a planned batch on its line."""
    return await lifecycle.start_batch(session, actor, id, **(body or MoveIn()).model_dump())


@router.post("/{id}/hold", dependencies=[needs("plant.run_batches")], response_model=BatchOut)
async def hold_batch(session: Transaction, actor: CurrentActor, id: BatchId, body: HoldIn | None = None) -> object:
    """Hold a batch in progress; another one can have its line only if that is released."""
    return await lifecycle.hold_batch(session, actor, id, **(body or HoldIn()).model_dump())


@router.post("/{id}/resume", dependencies=[needs("plant.run_batches")], response_model=BatchOut)
async def resume_batch(session: Transaction, actor: CurrentActor, id: BatchId, body: MoveIn | None = None) -> object:
    """Go on with a batch on hold."""
    return await lifecycle.resume_batch(session, actor, id, **(body or MoveIn()).model_dump())


@router.post("/{id}/complete", dependencies=[needs("plant.run_batches")], response_model=BatchOut)
async def complete_batch(session: Transaction, actor: CurrentActor, id: BatchId, body: MoveIn | None = None) -> object:
    """Complete a batch in progress."""
    return await lifecycle.complete_batch(session, actor, id, **(body or MoveIn()).model_dump())


@router.post("/{id}/cancel", dependencies=[needs("plant.run_batches")], response_model=BatchOut)
async def cancel_batch(session: Transaction, actor: CurrentActor, id: BatchId, body: MoveIn | None = None) -> object:
    """Give up a batch that is not over; what was counted stays counted."""
    return await lifecycle.cancel_batch(session, actor, id, **(body or MoveIn()).model_dump())


@router.get("/{id}/history", dependencies=[needs("plant.read")])
async def get_history(session: Transaction, actor: CurrentActor, id: BatchId) -> HistoryOut:
    """All that happened to a batch, in order."""
    return HistoryOut.of(await results.history(session, actor, id))
