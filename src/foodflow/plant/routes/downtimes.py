"""HTTP interface of stops, and of how reliable lines are."""

from typing import Annotated
from uuid import UUID

from fastapi import Body, Depends, Query, Response
from starlette.requests import Request

from foodflow.kernel.exports import listed
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.kernel.paging import Wanted
from foodflow.kernel.wire import PageOf
from foodflow.plant.queries import downtimes as queries
from foodflow.plant.routes.spanning import Spanning
from foodflow.plant.schemas.downtimes import (
    AssignmentIn,
    DowntimeEnd,
    DowntimeIn,
    DowntimeOut,
    DowntimePatch,
    DowntimesOut,
    ResponseIn,
    SplitIn,
)
from foodflow.plant.schemas.reliability import ReliabilityOut, ReliabilityQuery
from foodflow.plant.tables.downtimes import Downtime
from foodflow.plant.usecases import downtimes as usecases
from foodflow.plant.usecases import reliability

router = guarded_router(tags=["downtimes"])
_LIST = Spanning(queries.LISTING, Downtime.start_time, Downtime.end_time)


@router.post("/downtimes", status_code=201, dependencies=[needs("plant.record")], response_model=DowntimeOut)
async def record_downtime(session: Transaction, actor: CurrentActor, body: DowntimeIn, response: Response) -> object:
    """Record that a line stands, or stood; its state follows."""
    record = await usecases.record_downtime(session, actor, body.model_dump())
    response.headers["Location"] = f"/api/v1/plant-ops/downtimes/{record.id}"
    return record


@router.get(
    "/downtimes",
    dependencies=[needs("plant.read")],
    response_model=PageOf[DowntimeOut],
    openapi_extra=_LIST.openapi,
)
async def list_downtimes(
    session: Transaction, actor: CurrentActor, request: Request, wanted: Annotated[Wanted, Depends(_LIST)]
) -> object:
    """Stops (of a window), latest first; `reason=missing` are those that somebody should explain."""
    return await listed(session, queries.downtimes(actor), wanted, shape=DowntimeOut, request=request)


@router.post("/downtimes/assign", dependencies=[needs("plant.record")])
async def assign_reason(session: Transaction, actor: CurrentActor, body: AssignmentIn) -> DowntimesOut:
    """Say for several stops at once why they were: all of them or none."""
    found = await usecases.assign_reason(
        session, actor, body.downtime_ids, reason_id=body.reason_id, detail=body.reason_detail
    )
    await session.flush()
    return DowntimesOut(results=[DowntimeOut.model_validate(each) for each in found])


@router.get("/downtimes/{id}", dependencies=[needs("plant.read")], response_model=DowntimeOut)
async def get_downtime(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """A stop."""
    return await queries.downtime(session, actor, id)


@router.patch("/downtimes/{id}", dependencies=[needs("plant.record")], response_model=DowntimeOut)
async def change_downtime(session: Transaction, actor: CurrentActor, id: UUID, body: DowntimePatch) -> object:
    """Change what is said of a stop."""
    return await usecases.change_downtime(session, actor, id, body.given())


@router.put("/downtimes/{id}", dependencies=[needs("plant.record")], response_model=DowntimeOut)
async def replace_downtime(session: Transaction, actor: CurrentActor, id: UUID, body: DowntimePatch) -> object:
    """Change the given fields of a stop, as PATCH does."""
    return await usecases.change_downtime(session, actor, id, body.given())


@router.put("/downtimes/{id}/end", dependencies=[needs("plant.record")], response_model=DowntimeOut)
async def end_downtime(
    session: Transaction, actor: CurrentActor, id: UUID, body: Annotated[DowntimeEnd | None, Body()] = None
) -> object:
    """End a stop that lasts; the line goes on as it was before."""
    changes = body.model_dump(exclude_unset=True) if body is not None else {}
    return await usecases.end_downtime(session, actor, id, changes)


@router.post("/downtimes/{id}/respond", dependencies=[needs("plant.record")], response_model=DowntimeOut)
async def respond(
    session: Transaction, actor: CurrentActor, id: UUID, body: Annotated[ResponseIn | None, Body()] = None
) -> object:
    """Note that somebody has come to a stop."""
    return await usecases.respond(session, actor, id, at=body.at if body is not None else None)


@router.post("/downtimes/{id}/split", dependencies=[needs("plant.record")])
async def split(session: Transaction, actor: CurrentActor, id: UUID, body: SplitIn) -> DowntimesOut:
    """Split a stop in two at a moment within it."""
    found = await usecases.split(session, actor, id, at=body.at, reason_id=body.reason_id)
    await session.flush()
    return DowntimesOut(results=[DowntimeOut.model_validate(each) for each in found])


@router.get("/reliability", dependencies=[needs("plant.read")])
async def get_reliability(
    session: Transaction, actor: CurrentActor, query: Annotated[ReliabilityQuery, Query()]
) -> ReliabilityOut:
    """How reliable the lines in service (of a site) are, against failures for any reason or for one."""
    found = await reliability.plant_reliability(
        session,
        actor,
        plant_name=query.plant_name,
        reason_id=query.reason_id,
        start=query.start_time,
        end=query.end_time,
    )
    return ReliabilityOut.of(found)
