"""HTTP interface of scrap and its reasons."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response
from starlette.requests import Request

from foodflow.kernel.exports import listed
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.kernel.paging import Wanted
from foodflow.kernel.wire import PageOf
from foodflow.plant.queries import batches as batch_queries
from foodflow.plant.queries import costs as cost_queries
from foodflow.plant.queries import scrap as queries
from foodflow.plant.routes.addressing import BatchId
from foodflow.plant.schemas.scrap import (
    ScrapByReasonOut,
    ScrapEventOut,
    ScrapIn,
    ScrapReasonIn,
    ScrapReasonOut,
    ScrapReasonPatch,
    ScrapWanted,
)
from foodflow.plant.usecases import scrap as usecases

router = guarded_router(tags=["scrap"])


@router.post("/batches/{id}/scrap", status_code=201, dependencies=[needs("plant.record")], response_model=ScrapEventOut)
async def report_scrap(session: Transaction, actor: CurrentActor, id: BatchId, body: ScrapIn) -> object:
    """Report that items of a batch are scrap, and why; that counts them."""
    return await usecases.report_scrap(
        session,
        actor,
        id,
        quantity=body.quantity,
        at=body.event_time,
        reason=body.scrap_reason,
        source_id=body.source_id,
        details=body.details,
    )


@router.get(
    "/scrap-events",
    dependencies=[needs("plant.read")],
    response_model=PageOf[ScrapEventOut],
    openapi_extra=queries.EVENTS.openapi,
)
async def list_scrap(
    session: Transaction, actor: CurrentActor, request: Request, wanted: Annotated[Wanted, Depends(queries.EVENTS)]
) -> object:
    """All that was counted as scrap and not taken back, latest first."""
    return await listed(session, queries.events(actor), wanted, shape=ScrapEventOut, request=request)


@router.get("/batches/{id}/scrap-by-reason", dependencies=[needs("plant.read")])
async def get_scrap_of_batch(session: Transaction, actor: CurrentActor, id: BatchId) -> ScrapByReasonOut:
    """What of a batch was scrapped, by reason, most of it first (Pareto)."""
    batch = await batch_queries.batch(session, actor, id)
    parts = await usecases.by_reason(session, actor, batch_id=batch.id)
    return ScrapByReasonOut.of(parts, batch.currency)


@router.get("/scrap/by-reason", dependencies=[needs("plant.read")])
async def get_scrap(
    session: Transaction, actor: CurrentActor, wanted: Annotated[ScrapWanted, Query()]
) -> ScrapByReasonOut:
    """What was scrapped in a window (the last 24 hours), by reason, most of it first (Pareto)."""
    parts = await usecases.by_reason(
        session,
        actor,
        line_id=wanted.line_id,
        product_code=wanted.product_code,
        start=wanted.start_time,
        end=wanted.end_time,
    )
    settings = await cost_queries.settings(session)
    return ScrapByReasonOut.of(parts, settings.currency if settings else None)


@router.post("/scrap-reasons", status_code=201, dependencies=[needs("plant.configure")], response_model=ScrapReasonOut)
async def create_reason(session: Transaction, actor: CurrentActor, body: ScrapReasonIn, response: Response) -> object:
    """Set up a reason for scrap."""
    reason = await usecases.create_reason(session, actor, body.model_dump())
    response.headers["Location"] = f"/api/v1/plant-ops/scrap-reasons/{reason.id}"
    return reason


@router.get(
    "/scrap-reasons",
    dependencies=[needs("plant.read")],
    response_model=PageOf[ScrapReasonOut],
    openapi_extra=queries.REASONS.openapi,
)
async def list_reasons(
    session: Transaction, request: Request, wanted: Annotated[Wanted, Depends(queries.REASONS)]
) -> object:
    """Reasons for scrap, by code."""
    return await listed(session, queries.reasons(), wanted, shape=ScrapReasonOut, request=request)


@router.get("/scrap-reasons/{id}", dependencies=[needs("plant.read")], response_model=ScrapReasonOut)
async def get_reason(session: Transaction, id: UUID) -> object:
    """A reason for scrap."""
    return await queries.reason(session, id)


@router.patch("/scrap-reasons/{id}", dependencies=[needs("plant.configure")], response_model=ScrapReasonOut)
async def change_reason(session: Transaction, actor: CurrentActor, id: UUID, body: ScrapReasonPatch) -> object:
    """Change a reason for scrap; a new unit cost holds from now on."""
    return await usecases.change_reason(session, actor, id, body.given())


@router.delete("/scrap-reasons/{id}", status_code=204, dependencies=[needs("plant.configure")])
async def delete_reason(session: Transaction, actor: CurrentActor, id: UUID) -> None:
    """Remove a reason that nothing was scrapped for."""
    await usecases.delete_reason(session, actor, id)
