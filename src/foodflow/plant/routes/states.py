"""HTTP interface of lines' time."""

from typing import Annotated
from uuid import UUID

from fastapi import Body, Query, Response

from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.kernel.wire import Instant
from foodflow.plant.schemas.lines import LineOut
from foodflow.plant.schemas.reliability import ReliabilityOut
from foodflow.plant.schemas.shared import Window
from foodflow.plant.schemas.states import (
    CorrectionIn,
    EventQuery,
    HeartbeatOut,
    LineEventOut,
    SpanIn,
    SpanOut,
    StateIn,
    StateOut,
    StateQuery,
    Why,
)
from foodflow.plant.usecases import line_events, reliability, states

router = guarded_router(prefix="/lines", tags=["lines"])


@router.post("/{id}/status", dependencies=[needs("plant.record")], response_model=LineOut)
async def record_state(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    session: Transaction,
    actor: CurrentActor,
    id: UUID,
    query: Annotated[StateQuery, Query()],
    body: Annotated[StateIn | None, Body()] = None,
) -> object:
    """Record the state of a line since a moment, in a body or as `new_status` and `reason`."""
    told = body if body is not None else StateIn(status=query.new_status, reason=query.reason)
    return await states.report_state(session, actor, id, told.report(), at=told.at)


@router.get("/{id}/states", dependencies=[needs("plant.read")])
async def list_states(
    session: Transaction, actor: CurrentActor, id: UUID, window: Annotated[Window, Query()]
) -> list[StateOut]:
    """What a line did in a window (the last 24 hours), without gaps or overlaps; `unrecorded` where nobody said."""
    parts = await states.states(session, actor, id, start=window.start_time, end=window.end_time)
    return [StateOut.of(part) for part in parts]


@router.put("/{id}/states/{at}", dependencies=[needs("plant.configure")], response_model=LineOut)
async def replace_state(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    session: Transaction, actor: CurrentActor, id: UUID, at: Instant, body: CorrectionIn
) -> object:
    """Correct what was reported of a line for a moment; the former report is kept as withdrawn."""
    return await states.replace_state(session, actor, id, body.report(), at=at, why=body.why)


@router.delete("/{id}/states/{at}", status_code=204, dependencies=[needs("plant.configure")])
async def withdraw_state(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    session: Transaction, actor: CurrentActor, id: UUID, at: Instant, query: Annotated[Why, Query()]
) -> None:
    """Withdraw what was reported of a line for a moment; the report is kept."""
    await states.withdraw_state(session, actor, id, at=at, why=query.why)


@router.post("/{id}/spans", status_code=201, dependencies=[needs("plant.record")], response_model=SpanOut)
async def record_span(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    session: Transaction, actor: CurrentActor, id: UUID, body: SpanIn, response: Response
) -> object:
    """Record what a line did from a moment to another, whatever else is reported; then it goes on as before."""
    span = await states.record_span(session, actor, id, body.report(), start=body.start_time, end=body.end_time)
    response.headers["Location"] = f"/api/v1/plant-ops/lines/{id}/spans/{span.id}"
    return span


@router.delete("/{id}/spans/{span_id}", status_code=204, dependencies=[needs("plant.configure")])
async def withdraw_span(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    session: Transaction, actor: CurrentActor, id: UUID, span_id: UUID, query: Annotated[Why, Query()]
) -> None:
    """Withdraw a span; what lies below it shows again."""
    await states.withdraw_span(session, actor, id, span_id, why=query.why)


@router.get("/{id}/events", dependencies=[needs("plant.read")])
async def list_events(
    session: Transaction, actor: CurrentActor, id: UUID, query: Annotated[EventQuery, Query()]
) -> list[LineEventOut]:
    """What was reported of a line for a window (the last 24 hours), by whom; `include=withdrawn` shows all."""
    found = await line_events.line_events(
        session,
        actor,
        id,
        start=query.start_time,
        end=query.end_time,
        with_withdrawn=query.include == "withdrawn",
    )
    return [LineEventOut.model_validate(each) for each in found]


@router.post("/{id}/heartbeat", dependencies=[needs("plant.record")])
async def beat(session: Transaction, actor: CurrentActor, id: UUID) -> HeartbeatOut:
    """Say that a line is there, where nothing changes."""
    return HeartbeatOut(line_id=id, at=await states.beat(session, actor, id))


@router.get("/{id}/reliability", dependencies=[needs("plant.read")])
async def get_line_reliability(
    session: Transaction, actor: CurrentActor, id: UUID, window: Annotated[Window, Query()]
) -> ReliabilityOut:
    """How reliable a line is (MTBF, MTTR) over a window (the last 24 hours), and against which failures."""
    found = await reliability.line_reliability(session, actor, id, start=window.start_time, end=window.end_time)
    return ReliabilityOut.of(found)
