"""HTTP interface of batches."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from starlette.requests import Request

from foodflow.kernel.exports import listed
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.kernel.paging import Wanted
from foodflow.kernel.wire import PageOf
from foodflow.plant.queries import batches as queries
from foodflow.plant.schemas.batches import BatchIn, BatchOut, BatchPatch, MomentIn
from foodflow.plant.usecases import batches as usecases

router = guarded_router(prefix="/batches", tags=["batches"])


@router.post("", status_code=201, dependencies=[needs("plant.run_batches")], response_model=BatchOut)
async def create_batch(session: Transaction, actor: CurrentActor, body: BatchIn, response: Response) -> object:
    """Plan a batch."""
    batch = await usecases.create_batch(session, actor, body.model_dump())
    response.headers["Location"] = f"/api/v1/plant-ops/batches/{batch.id}"
    return batch


@router.get(
    "", dependencies=[needs("plant.read")], response_model=PageOf[BatchOut], openapi_extra=queries.LISTING.openapi
)
async def list_batches(
    session: Transaction, actor: CurrentActor, request: Request, wanted: Annotated[Wanted, Depends(queries.LISTING)]
) -> object:
    """Batches, latest first."""
    return await listed(session, queries.batches(actor), wanted, shape=BatchOut, request=request)


@router.get("/{id}", dependencies=[needs("plant.read")], response_model=BatchOut)
async def get_batch(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """A batch."""
    return await queries.batch(session, actor, id)


@router.get("/by-number/{number:path}", dependencies=[needs("plant.read")], response_model=BatchOut)
async def get_batch_by_number(session: Transaction, actor: CurrentActor, number: str) -> object:
    """The batch of a batch number."""
    return await queries.batch_numbered(session, actor, number)


@router.patch("/{id}", dependencies=[needs("plant.run_batches")], response_model=BatchOut)
async def change_batch(session: Transaction, actor: CurrentActor, id: UUID, body: BatchPatch) -> object:
    """Change what is known of a batch."""
    return await usecases.change_batch(session, actor, id, body.given())


@router.post("/{id}/start", dependencies=[needs("plant.run_batches")], response_model=BatchOut)
async def start_batch(session: Transaction, actor: CurrentActor, id: UUID, body: MomentIn | None = None) -> object:
    """Start a planned batch on its line."""
    return await usecases.start_batch(session, actor, id, at=body.at if body else None)


@router.post("/{id}/complete", dependencies=[needs("plant.run_batches")], response_model=BatchOut)
async def complete_batch(session: Transaction, actor: CurrentActor, id: UUID, body: MomentIn | None = None) -> object:
    """Complete a batch in progress."""
    return await usecases.complete_batch(session, actor, id, at=body.at if body else None)
