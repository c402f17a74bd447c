"""HTTP interface of imports: a file of readings in, all of it or nothing."""

import asyncio
import io
from dataclasses import dataclass
from datetime import tzinfo
from email.message import Message
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Query, Response
from starlette.requests import Request

from foodflow.kernel.errors import FieldError, Invalid, WrongType
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.numerics.delimited.layout import Choices
from foodflow.plant.queries import lines as queries
from foodflow.plant.schemas.imports import ImportedOut, ImportWanted, PreviewOut
from foodflow.plant.usecases import imports
from foodflow.plant.usecases.imports import NewSensors, Read, UnreadableText

router = guarded_router(prefix="/lines", tags=["readings"])
_TYPES = {"text/csv", "text/plain", "text/tab-separated-values", "application/csv"}
_CHARSETS = {"", "utf-8", "utf8", "us-ascii"}
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}}
}


@dataclass(frozen=True, slots=True)
class _Incoming:
    wanted: ImportWanted
    text: Read


async def _incoming(request: Request, wanted: Annotated[ImportWanted, Query()]) -> _Incoming:
    """The text of an import, read before a connection is taken from the pool and off the event loop: neither a slow
    caller nor a large file holds up the others.
    """
    _require_text(request)
    zone = _zone_of(wanted.time_zone)
    choices = Choices(
        separator="\t" if wanted.separator in {"tab", "\\t"} else wanted.separator,
        decimal=wanted.decimal,
        time_column=wanted.time_column,
        clock_column=wanted.clock_column,
        time_format=wanted.time_format,
        sensor_column=wanted.sensor_column,
        value_columns=tuple(wanted.column),
        skip_columns=tuple(wanted.skip),
    )
    return _Incoming(wanted, await asyncio.to_thread(_read, await request.body(), choices, zone))


def _require_text(request: Request) -> None:
    said = Message()
    said["content-type"] = request.headers.get("content-type", "")
    kind, charset = said.get_content_type(), str(said.get_param("charset", ""))
    if "content-type" not in request.headers or kind not in _TYPES:
        raise WrongType(f"send the file as the body, as text/csv, not as {said['content-type'] or 'nothing said'}")
    if charset.lower() not in _CHARSETS:
        raise WrongType(f"send the file in UTF-8, not in {charset}")


def _zone_of(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Invalid.because(FieldError("time_zone", f"{name!r} is no time zone", "plant.time_zone")) from None


def _read(body: bytes, choices: Choices, zone: tzinfo) -> Read:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise UnreadableText(f"line {line}: not UTF-8 (byte {error.start} of the text)") from error
    # Lines end as they do in a file: `splitlines` would also end them at a form feed or a Unicode line separator.
    return imports.read(io.StringIO(text, newline=""), choices, time_zone=zone)


@router.post(
    "/{id}/readings/import",
    status_code=201,
    dependencies=[needs("plant.configure")],
    responses={200: {"description": "What the text holds; nothing was stored", "model": PreviewOut}},
    openapi_extra=_BODY,
)
async def import_readings(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    incoming: Annotated[_Incoming, Depends(_incoming)],
    session: Transaction,
    actor: CurrentActor,
    id: UUID,
    response: Response,
) -> ImportedOut | PreviewOut:
    """Store the readings of a delimited text (the body) on a line, all or none; `preview=true` only says what it holds
    and answers 200.
    """
    line = await queries.line(session, actor, id)
    wanted = incoming.wanted
    if wanted.preview:
        response.status_code = 200
        return PreviewOut.of(incoming.text)
    new = NewSensors(
        wanted.sensor or None,
        unit_of_measure=wanted.unit,
        min_value=wanted.min_value,
        max_value=wanted.max_value,
    )
    return ImportedOut.model_validate(await imports.store(session, actor, line, incoming.text, new=new))
