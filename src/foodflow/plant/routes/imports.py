"""HTTP interface of imports: a file of readings in, all of it or nothing."""

import asyncio
import codecs
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Query
from starlette.requests import Request

from foodflow.kernel.errors import FieldError, Invalid, WrongType
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.numerics.delimited.layout import Choices
from foodflow.plant.queries import lines as queries
from foodflow.plant.schemas.imports import ImportedOut, PreviewOut
from foodflow.plant.usecases import imports
from foodflow.plant.usecases.imports import NewSensors

router = guarded_router(prefix="/lines", tags=["readings"])
_TYPES = {"text/csv", "text/plain", "text/tab-separated-values", "application/csv"}
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}}
}
Name = Annotated[str | None, Query(max_length=255)]


@router.post("/{id}/readings/import", status_code=201, dependencies=[needs("plant.configure")], openapi_extra=_BODY)
async def import_readings(  # noqa: PLR0913, PLR0917 - FastAPI's way of declaring parameters
    session: Transaction,
    actor: CurrentActor,
    request: Request,
    id: UUID,
    sensor: Name = None,
    separator: Annotated[str | None, Query(max_length=3)] = None,
    decimal: Annotated[str | None, Query(max_length=1)] = None,
    time_column: Name = None,
    time_format: Name = None,
    time_zone: Annotated[str, Query(max_length=64)] = "UTC",
    sensor_column: Name = None,
    column: Annotated[list[str] | None, Query(max_length=1000)] = None,
    skip: Annotated[list[str] | None, Query(max_length=1000)] = None,
    unit: Annotated[str, Query(min_length=1, max_length=50)] = "1",
    min_value: float | None = None,
    max_value: float | None = None,
    *,
    preview: bool = False,
) -> ImportedOut | PreviewOut:
    """Store the readings of a delimited text (the body) on a line, all or none; `preview` only says what it holds."""
    line = await queries.line(session, id)
    choices = Choices(
        separator="\t" if separator in {"tab", "\\t"} else separator,
        decimal=decimal,
        time_column=time_column,
        time_format=time_format,
        sensor_column=sensor_column,
        value_columns=tuple(column or ()),
        skip_columns=tuple(skip or ()),
    )
    text = await _read(request, choices, time_zone)
    if preview:
        return PreviewOut.of(text)
    new = NewSensors(sensor, unit_of_measure=unit, min_value=min_value, max_value=max_value)
    return ImportedOut.model_validate(await imports.store(session, actor, line, text, new=new))


async def _read(request: Request, choices: Choices, time_zone: str) -> imports.Read:
    """Read the body off the event loop: a large file must not hold up the other callers."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _TYPES:
        raise WrongType(f"send the file as the body, as text/csv, not as {kind or 'nothing said'}")
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        raise Invalid.because(FieldError("time_zone", f"{time_zone!r} is no time zone", "plant.time_zone")) from None
    body = (await request.body()).removeprefix(codecs.BOM_UTF8)
    try:
        decoded = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise imports.UnreadableText(f"the text is not UTF-8 (byte {error.start})") from error
    lines = decoded.splitlines(keepends=True)
    return await asyncio.to_thread(imports.read, lines, choices, time_zone=zone)
