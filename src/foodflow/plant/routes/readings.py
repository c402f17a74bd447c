"""HTTP interface of readings."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import numpy as np
from fastapi import Depends, Query
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.requests import Request

from foodflow.kernel.errors import WrongType
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.numerics.epoch import from_micros, to_micros
from foodflow.numerics.status_codes import all_good
from foodflow.plant.queries.readings import Reading
from foodflow.plant.rules.sensors import MAX_LISTED
from foodflow.plant.schemas.sensors import (
    ExcursionOut,
    ReadingIn,
    ReadingOut,
    ReadingsIn,
    ReadingsPage,
    ReadingsWanted,
    SeriesOut,
    SeriesWanted,
    StoredOut,
)
from foodflow.plant.schemas.shared import BREACHES
from foodflow.plant.usecases import history, readings
from foodflow.plant.usecases.noting import wire
from foodflow.plant.usecases.readings import Columns

router = guarded_router(prefix="/sensors", tags=["readings"])
_BULK_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": ReadingsIn.model_json_schema()}}}
}


async def _incoming(request: Request) -> Columns:
    """The readings of a bulk call, parsed from the body's bytes without a detour; before a connection is taken from the
    pool, so that slow callers do not keep it from the others.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise WrongType(f"send the readings as application/json, not as {kind or 'nothing said'}")
    try:
        return _columns(ReadingsIn.model_validate_json(await request.body()))
    except ValidationError as error:
        raise RequestValidationError(_first_of(error.errors(include_url=False, include_input=False))) from error


def _first_of(faults: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The first faults, and how many more there are: a call may have more of them than anybody reads."""
    first = [{**fault, "loc": ("body", *fault["loc"])} for fault in faults[:MAX_LISTED]]
    if len(faults) > MAX_LISTED:
        message = f"{len(faults) - MAX_LISTED} more faults"
        first.append({"loc": ("body", "readings"), "msg": message, "type": "more"})
    return first


def _columns(body: ReadingsIn) -> Columns:
    """The rows of a call as columns."""
    number: dict[UUID, int] = {}
    which = [number.setdefault(row["sensor_id"], len(number)) for row in body.readings]
    times = [to_micros(row["timestamp"]) for row in body.readings]
    values = [row["value"] for row in body.readings]
    numbers = np.array(which, np.int32), np.array(times, np.int64), np.array(values, np.float64)
    return Columns(list(number), *numbers, all_good(len(which)))


@router.post("/readings/bulk", status_code=201, dependencies=[needs("plant.record")], openapi_extra=_BULK_BODY)
async def record_readings(
    incoming: Annotated[Columns, Depends(_incoming)], session: Transaction, actor: CurrentActor
) -> StoredOut:
    """Store readings of any number of sensors, all or none; an unknown sensor refuses the call and is named."""
    return StoredOut.model_validate(await readings.store_readings(session, actor, incoming))


@router.post("/{id}/readings", status_code=201, dependencies=[needs("plant.record")])
async def record_reading(session: Transaction, actor: CurrentActor, id: UUID, body: ReadingIn) -> ReadingOut:
    """Store one reading; the same one again is harmless."""
    reading = await readings.store_reading(
        session, actor, id, named=body.sensor_id, at=body.timestamp, value=body.value
    )
    return reading_out(reading)


@router.get("/{id}/readings", dependencies=[needs("plant.read")])
async def list_readings(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    session: Transaction, actor: CurrentActor, request: Request, id: UUID, wanted: Annotated[ReadingsWanted, Query()]
) -> ReadingsPage:
    """Readings of a sensor from `start_time` (with) to `end_time` (without); `next` leads on from the last one."""
    descending = wanted.ordering == "-timestamp"
    found = await history.page_of_readings(
        session, actor, id, start=wanted.start_time, end=wanted.end_time, descending=descending, limit=wanted.page_size
    )
    results = [reading_out(reading) for reading in found.readings]
    if found.goes_on_at is None:
        return ReadingsPage(next=None, results=results)
    bound = "end_time" if descending else "start_time"
    return ReadingsPage(next=str(request.url.include_query_params(**{bound: wire(found.goes_on_at)})), results=results)


@router.get("/{id}/series", dependencies=[needs("plant.read")])
async def get_series(
    session: Transaction, actor: CurrentActor, id: UUID, wanted: Annotated[SeriesWanted, Query()]
) -> SeriesOut:
    """A sensor over a window (the 24 hours up to its latest reading) for drawing: peaks kept, excursions listed."""
    window = {"start": wanted.start_time, "end": wanted.end_time}
    return series_out(await history.draw(session, actor, id, **window, points=wanted.points))


def reading_out(reading: Reading) -> ReadingOut:
    """The wire shape of a stored reading."""
    return ReadingOut(
        timestamp=reading.time,
        server_timestamp=reading.received,
        value=reading.value,
        status_code=reading.status,
        breach=BREACHES[reading.breach],
        late=reading.late,
    )


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
