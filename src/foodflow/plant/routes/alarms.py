"""HTTP interface of alarms and floods of them."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.requests import Request

from foodflow.kernel.exports import listed
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.kernel.paging import Wanted
from foodflow.kernel.wire import PageOf
from foodflow.plant.queries import alarms as queries
from foodflow.plant.queries import floods as flood_queries
from foodflow.plant.schemas.alarms import (
    AcknowledgedOut,
    AcknowledgeIn,
    AlarmOut,
    AlarmWithHistoryOut,
    CloseIn,
    CommentIn,
    FloodOut,
    MetricsOut,
    MetricsWanted,
    RemarkIn,
    SilenceIn,
    SummaryOut,
)
from foodflow.plant.usecases import alarm_figures
from foodflow.plant.usecases import alarms as usecases

router = guarded_router(tags=["alarms"])
HANDLE = needs("plant.handle_alarms")


@router.get(
    "/alarms",
    dependencies=[needs("plant.read")],
    response_model=PageOf[AlarmOut],
    openapi_extra=queries.LISTING.openapi,
)
async def list_alarms(
    session: Transaction, actor: CurrentActor, request: Request, wanted: Annotated[Wanted, Depends(queries.LISTING)]
) -> object:
    """Alarms, latest first; with `group=flood` each flood is shown by its first alarm alone."""
    return await listed(session, queries.alarms(actor), wanted, shape=AlarmOut, request=request)


@router.get("/alarms/summary", dependencies=[needs("plant.read")])
async def summarise_alarms(session: Transaction, actor: CurrentActor) -> SummaryOut:
    """How many alarms are open, by state, priority and line."""
    return SummaryOut.model_validate(await alarm_figures.summary(session, actor))


@router.get("/alarms/metrics", dependencies=[needs("plant.read")])
async def measure_alarms(
    session: Transaction, actor: CurrentActor, wanted: Annotated[MetricsWanted, Query()]
) -> MetricsOut:
    """How bearable the alarms of a window (the last 24 hours) were, after EEMUA 191 and ISA-18.2."""
    found = await alarm_figures.metrics(
        session, actor, start=wanted.start_time, end=wanted.end_time, line_id=wanted.line_id
    )
    return MetricsOut.model_validate(found)


@router.post("/alarms/acknowledge", dependencies=[HANDLE], openapi_extra=queries.ACKNOWLEDGING.openapi)
async def acknowledge_alarms(
    session: Transaction,
    actor: CurrentActor,
    body: AcknowledgeIn,
    wanted: Annotated[Wanted, Depends(queries.ACKNOWLEDGING)],
) -> AcknowledgedOut:
    """Acknowledge the alarms of a filter or a list, up to a thousand."""
    found = await usecases.acknowledge_alarms(session, actor, wanted, ids=body.ids, comment=body.comment)
    return AcknowledgedOut(acknowledged=found)


@router.get("/alarms/{id}", dependencies=[needs("plant.read")], response_model=AlarmWithHistoryOut)
async def get_alarm(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """An alarm, and what people did about it."""
    alarm = await queries.alarm(session, actor, id)
    return AlarmWithHistoryOut.of(alarm, list(await queries.deeds(session, alarm)))


@router.post("/alarms/{id}/acknowledge", dependencies=[HANDLE], response_model=AlarmOut)
async def acknowledge_alarm(
    session: Transaction, actor: CurrentActor, id: UUID, body: CommentIn | None = None
) -> object:
    """Say that somebody has seen an alarm."""
    return await usecases.acknowledge_alarm(session, actor, id, comment=body.comment if body else "")


@router.post("/alarms/{id}/silence", dependencies=[HANDLE], response_model=AlarmOut)
async def silence_alarm(session: Transaction, actor: CurrentActor, id: UUID, body: SilenceIn) -> object:
    """Put an alarm out of sight for a while."""
    return await usecases.silence_alarm(session, actor, id, **body.model_dump())


@router.post("/alarms/{id}/unsilence", dependencies=[HANDLE], response_model=AlarmOut)
async def unsilence_alarm(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """Let an alarm be seen again."""
    return await usecases.unsilence_alarm(session, actor, id)


@router.post("/alarms/{id}/close", dependencies=[HANDLE], response_model=AlarmOut)
async def close_alarm(session: Transaction, actor: CurrentActor, id: UUID, body: CloseIn) -> object:
    """Close an alarm that has cleared."""
    return await usecases.close_alarm(session, actor, id, **body.model_dump())


@router.post("/alarms/{id}/reopen", dependencies=[HANDLE], response_model=AlarmOut)
async def reopen_alarm(session: Transaction, actor: CurrentActor, id: UUID, body: CommentIn | None = None) -> object:
    """Open a closed alarm again."""
    return await usecases.reopen_alarm(session, actor, id, comment=body.comment if body else "")


@router.post("/alarms/{id}/comment", dependencies=[HANDLE], response_model=AlarmOut)
async def comment_on_alarm(session: Transaction, actor: CurrentActor, id: UUID, body: RemarkIn) -> object:
    """Say something about an alarm."""
    return await usecases.comment_on_alarm(session, actor, id, comment=body.comment)


@router.get(
    "/alarm-floods",
    dependencies=[needs("plant.read")],
    response_model=PageOf[FloodOut],
    openapi_extra=flood_queries.LISTING.openapi,
)
async def list_floods(
    session: Transaction,
    actor: CurrentActor,
    request: Request,
    wanted: Annotated[Wanted, Depends(flood_queries.LISTING)],
) -> object:
    """Floods of alarms, latest first."""
    return await listed(session, flood_queries.floods(actor), wanted, shape=FloodOut, request=request)


@router.get("/alarm-floods/{id}", dependencies=[needs("plant.read")], response_model=FloodOut)
async def get_flood(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """A flood of alarms; its alarms are those of `GET …/alarms?flood_id=`."""
    return await flood_queries.flood(session, actor, id)
