"""HTTP interface of readings."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.requests import Request

from foodflow.kernel.errors import WrongType
from foodflow.kernel.exports import file_of
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.kernel.paging import FILE_ANSWERS
from foodflow.plant.queries.readings import Reading
from foodflow.plant.rules.units import UNCHANGED, Conversion
from foodflow.plant.schemas.incoming.formats import DECODERS, request_body
from foodflow.plant.schemas.sensors import (
    ReadingIn,
    ReadingOut,
    ReadingsPage,
    ReadingsWanted,
    StoredOut,
    Taking,
)
from foodflow.plant.schemas.shared import BREACHES
from foodflow.plant.usecases import history, readings
from foodflow.plant.usecases.noting import wire
from foodflow.plant.usecases.units import told_in
from foodflow.plant.usecases.ways_in import Incoming, take_in

router = guarded_router(prefix="/sensors", tags=["readings"])
_LARGE = 50_000
"""Bytes of a body that is decoded beside the event loop: more takes longer than going there."""


async def _incoming(request: Request, _asked: Annotated[Taking, Query()]) -> Incoming:
    """The readings of a bulk call, decoded from the body's bytes without a detour; before a connection is taken from
    the pool, so that slow callers do not keep it from the others.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    decode = DECODERS.get(kind)
    if decode is None:
        raise WrongType(f"send the readings as {', '.join(DECODERS)}, not as {kind or 'nothing said'}")
    body = await request.body()
    return decode(body) if len(body) < _LARGE else await asyncio.to_thread(decode, body)


@router.post("/readings/bulk", status_code=201, dependencies=[needs("plant.record")], openapi_extra=request_body())
async def record_readings(
    incoming: Annotated[Incoming, Depends(_incoming)], session: Transaction, actor: CurrentActor
) -> StoredOut:
    """Store readings of any number of sensors, all or none; an unknown sensor refuses the call and is named."""
    return StoredOut.model_validate(await take_in(session, actor, incoming))


@router.post("/{id}/readings", status_code=201, dependencies=[needs("plant.record")])
async def record_reading(
    session: Transaction, actor: CurrentActor, id: UUID, body: ReadingIn, _asked: Annotated[Taking, Query()]
) -> ReadingOut:
    """Store one reading; the same one again is harmless."""
    reading = await readings.store_reading(
        session, actor, id, named=body.sensor_id, at=body.timestamp, value=body.value, status=body.status
    )
    return reading_out(reading)


@router.get(
    "/{id}/readings",
    dependencies=[needs("plant.read")],
    response_model=ReadingsPage,
    openapi_extra={"responses": FILE_ANSWERS},
)
async def list_readings(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    session: Transaction, actor: CurrentActor, request: Request, id: UUID, wanted: Annotated[ReadingsWanted, Query()]
) -> object:
    """Readings of a sensor from `start_time` (with) to `end_time` (without); `next` leads on from the last one."""
    unit = await told_in(session, actor, id, wanted.unit)
    descending = wanted.ordering == "-timestamp"
    window = {"start": wanted.start_time, "end": wanted.end_time}
    if wanted.format != "json":
        code = await history.code_of(session, actor, id)
        parts = history.parts_of_readings(session, actor, id, **window, descending=descending)
        told = ([reading_out(reading, unit) for reading in part] async for part in parts)
        return await file_of(session, told, ReadingOut, name=code, format=wanted.format, actor=actor)
    found = await history.page_of_readings(session, actor, id, **window, descending=descending, limit=wanted.page_size)
    results = [reading_out(reading, unit) for reading in found.readings]
    if found.goes_on_at is None:
        return ReadingsPage(next=None, results=results)
    bound = "end_time" if descending else "start_time"
    return ReadingsPage(next=str(request.url.include_query_params(**{bound: wire(found.goes_on_at)})), results=results)


def reading_out(reading: Reading, unit: Conversion = UNCHANGED) -> ReadingOut:
    """The wire shape of a stored reading, its value in a unit."""
    return ReadingOut(
        timestamp=reading.time,
        server_timestamp=reading.received,
        value=None if reading.value is None else unit.of(reading.value),
        status_code=reading.status,
        breach=BREACHES[reading.breach],
        late=reading.late,
    )
