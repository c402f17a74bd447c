"""HTTP interface of counts."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from starlette.requests import Request

from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.kernel.paging import Wanted, page_of
from foodflow.kernel.wire import PageOf
from foodflow.plant.queries import batches as batch_queries
from foodflow.plant.queries import counts as queries
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.routes.addressing import BatchId
from foodflow.plant.schemas.counts import CounterOut, CountIn, CountOut, LineCountIn, ReversalIn
from foodflow.plant.usecases import counters, counts
from foodflow.plant.usecases.counters import Shown

router = guarded_router(tags=["counts"])
_NOTHING_NEW: dict[int | str, dict[str, object]] = {
    200: {"description": "The counter is noted; there was nothing to record", "model": CounterOut}
}


@router.post(
    "/lines/{id}/counts",
    status_code=201,
    dependencies=[needs("plant.record")],
    response_model=CountOut | CounterOut,
    responses=_NOTHING_NEW,
)
async def record_count(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    session: Transaction, actor: CurrentActor, id: UUID, body: LineCountIn, response: Response
) -> object:
    """Record what a line made since the last report, or what a counter of it shows."""
    return await _record(session, actor, id, body, batch_id=body.batch_id, response=response)


@router.post(
    "/batches/{id}/counts",
    status_code=201,
    dependencies=[needs("plant.record")],
    response_model=CountOut | CounterOut,
    responses=_NOTHING_NEW,
)
async def count_batch(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    session: Transaction, actor: CurrentActor, id: BatchId, body: CountIn, response: Response
) -> object:
    """Record what was made of a batch since the last report; of one that is over, if one may correct it."""
    batch = await batch_queries.batch(session, actor, id)
    return await _record(session, actor, batch.line_id, body, batch_id=batch.id, response=response)


async def _record(
    session: Transaction,
    actor: CurrentActor,
    line_id: UUID,
    body: CountIn,
    *,
    batch_id: UUID | None,
    response: Response,
) -> object:
    report = body.report(batch_id)
    if body.totals is None:
        return await counts.record_report(session, actor, line_id, report)
    found = await counters.record_totals(session, actor, line_id, body.totals, counter=body.counter, report=report)
    if isinstance(found, Shown):
        response.status_code = 200
        return CounterOut.of(found)
    return found


@router.get("/lines/{id}/counts", dependencies=[needs("plant.read")], openapi_extra=queries.LISTING.openapi)
async def list_counts(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    session: Transaction,
    actor: CurrentActor,
    request: Request,
    id: UUID,
    wanted: Annotated[Wanted, Depends(queries.LISTING)],
) -> PageOf[CountOut]:
    """What a line made, latest first."""
    line = await line_queries.line(session, actor, id)
    return page_of(request, wanted, await queries.of_line(session, line, wanted), CountOut)


@router.get("/batches/{id}/counts", dependencies=[needs("plant.read")], openapi_extra=queries.LISTING.openapi)
async def list_counts_of_batch(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    session: Transaction,
    actor: CurrentActor,
    request: Request,
    id: BatchId,
    wanted: Annotated[Wanted, Depends(queries.LISTING)],
) -> PageOf[CountOut]:
    """What was made of a batch, latest first."""
    batch = await batch_queries.batch(session, actor, id)
    return page_of(request, wanted, await queries.of_batch(session, batch, wanted), CountOut)


@router.get("/counts/{id}", dependencies=[needs("plant.read")], response_model=CountOut)
async def get_count(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """A count."""
    return await queries.count(session, actor, id)


@router.post("/counts/{id}/reverse", status_code=201, dependencies=[needs("plant.record")], response_model=CountOut)
async def reverse_count(session: Transaction, actor: CurrentActor, id: UUID, body: ReversalIn) -> object:
    """Take back a count by its opposite; of a batch that is over, if one may correct it."""
    return await counts.reverse_count(session, actor, id, reason=body.reason)
