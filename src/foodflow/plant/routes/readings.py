"""HTTP interface of readings."""

from typing import Annotated, Any, Literal
from uuid import UUID

import numpy as np
from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.requests import Request

from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.kernel.wire import Instant
from foodflow.numerics.epoch import from_micros, to_micros
from foodflow.plant.schemas.sensors import (
    ExcursionOut,
    ReadingIn,
    ReadingOut,
    ReadingsIn,
    ReadingsPage,
    SeriesOut,
    StoredOut,
)
from foodflow.plant.schemas.shared import BREACHES
from foodflow.plant.usecases import history, readings
from foodflow.plant.usecases.readings import Columns

router = guarded_router(prefix="/sensors", tags=["readings"])
_BULK_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": ReadingsIn.model_json_schema()}}}
}
MAX_PAGE = 10_000


@router.post("/readings/bulk", status_code=201, dependencies=[needs("plant.record")], openapi_extra=_BULK_BODY)
async def record_readings(session: Transaction, actor: CurrentActor, request: Request) -> StoredOut:
    """Store readings of any number of sensors, all or none; an unknown sensor refuses the call and is named."""
    try:
        body = ReadingsIn.model_validate_json(await request.body())
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False)) from error
    return StoredOut.model_validate(await readings.store_readings(session, actor, _columns(body)))


def _columns(body: ReadingsIn) -> Columns:
    """The rows of a call as columns."""
    number: dict[UUID, int] = {}
    which = [number.setdefault(row["sensor_id"], len(number)) for row in body.readings]
    times = [to_micros(row["timestamp"]) for row in body.readings]
    values = [row["value"] for row in body.readings]
    return Columns(list(number), np.array(which, np.int32), np.array(times, np.int64), np.array(values, np.float64))


@router.post("/{id}/readings", status_code=201, dependencies=[needs("plant.record")])
async def record_reading(session: Transaction, actor: CurrentActor, id: UUID, body: ReadingIn) -> ReadingOut:
    """Store one reading; the same one again is harmless."""
    breach = await readings.store_reading(session, actor, id, named=body.sensor_id, at=body.timestamp, value=body.value)
    return ReadingOut(timestamp=body.timestamp, value=body.value, breach=BREACHES[breach])


@router.get("/{id}/readings", dependencies=[needs("plant.read")])
async def list_readings(  # noqa: PLR0913, PLR0917 - FastAPI's way of declaring parameters
    session: Transaction,
    request: Request,
    id: UUID,
    start_time: Instant | None = None,
    end_time: Instant | None = None,
    page_size: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 1000,
    ordering: Literal["timestamp", "-timestamp"] = "timestamp",
) -> ReadingsPage:
    """Readings of a sensor from `start_time` (with) to `end_time` (without); `next` leads on from the last one."""
    descending = ordering == "-timestamp"
    found = await history.page_of_readings(
        session, id, start=start_time, end=end_time, descending=descending, limit=page_size
    )
    results = [ReadingOut(timestamp=r.time, value=r.value, breach=BREACHES[r.breach]) for r in found.readings]
    if found.goes_on_at is None:
        return ReadingsPage(next=None, results=results)
    bound = "end_time" if descending else "start_time"
    goes_on = found.goes_on_at.isoformat().replace("+00:00", "Z")
    return ReadingsPage(next=str(request.url.include_query_params(**{bound: goes_on})), results=results)


@router.get("/{id}/series", dependencies=[needs("plant.read")])
async def get_series(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    session: Transaction,
    id: UUID,
    start_time: Instant | None = None,
    end_time: Instant | None = None,
    points: Annotated[int, Query(ge=10, le=5000)] = 600,
) -> SeriesOut:
    """A sensor over a window (the 24 hours up to its latest reading) for drawing: peaks kept, excursions listed."""
    drawing = await history.draw(session, id, start=start_time, end=end_time, points=points)
    return series_out(drawing)


def series_out(drawing: history.Drawing) -> SeriesOut:
    """The wire shape of a series."""
    times = drawing.whole.times.tolist()
    return SeriesOut(
        sensor_id=drawing.sensor.id,
        start_time=drawing.start,
        end_time=drawing.end,
        readings=drawing.readings,
        timestamps=[from_micros(times[place]) for place in drawing.drawn],
        values=[float(drawing.whole.values[place]) for place in drawing.drawn],
        excursions=[
            ExcursionOut(
                start=from_micros(times[e.first]),
                end=from_micros(times[e.last]),
                breach=BREACHES[e.side],
                extreme=e.extreme,
            )
            for e in drawing.excursions
        ],
    )
