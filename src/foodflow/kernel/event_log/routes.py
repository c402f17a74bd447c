"""HTTP interface of the event log."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from foodflow.kernel import exports
from foodflow.kernel.actor import Actor
from foodflow.kernel.event_log import keeping, kinds, reading
from foodflow.kernel.event_log.schemas import (
    CloudEvent,
    EventRow,
    EventsPage,
    EventsWanted,
    KindOut,
    KindsOut,
    LogSettings,
)
from foodflow.kernel.event_log.tables import KeptEvent
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs, open_to_all
from foodflow.kernel.paging import FILE_ANSWERS

ONE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
NDJSON = "application/x-ndjson"
_TEXT: dict[str, Any] = {"schema": {"type": "string"}}
_ONE: dict[int | str, dict[str, Any]] = {
    200: {"content": {ONE: {"schema": {"$ref": "#/components/schemas/CloudEvent"}}}}
}
_MANY: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            BATCH: {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/CloudEvent"}}},
            **FILE_ANSWERS["200"]["content"],
            NDJSON: _TEXT,
        }
    }
}

router = guarded_router(prefix="/api/v1/events", tags=["events"])


def _wants(request: Request, media_type: str) -> bool:
    """Whether a caller names this type of answer; weights are not looked at."""
    named = request.headers.get("accept", "").split(",")
    return any(each.partition(";")[0].strip().lower() == media_type for each in named)


def _cloud_event(kept: KeptEvent, actor: Actor, address: str) -> dict[str, Any]:
    written = reading.envelope(kept, actor.tenant).cloud_event(address)
    return {**written, "position": str(kept.position)}


def _json(content: object, media_type: str, **headers: str) -> Response:
    return Response(json.dumps(content, ensure_ascii=False), media_type=media_type, headers=headers)


@router.get("", dependencies=[needs("events.read")], response_model=EventsPage, responses=_MANY)
async def list_events(
    session: Transaction, actor: CurrentActor, request: Request, wanted: Annotated[EventsWanted, Query()]
) -> object:
    """What happened, newest first (`ordering=position`: oldest first), as CloudEvents; `next` leads on. `type` may name
    a beginning (`plant.batch.*`); `format` gives all of them as a file.
    """
    address = request.app.state.settings.public_url
    if wanted.format != "json":
        parts = reading.all_events(session, actor, wanted, at_once=exports.ROWS_AT_ONCE)
        if wanted.format == "ndjson":
            lines = _lines(parts, actor, address)
            return await exports.whole_file(session, lines, media_type=NDJSON, name="events.ndjson")
        return await exports.file_of(session, parts, EventRow, name="events", format=wanted.format, actor=actor)
    found, last = await reading.events(session, actor, wanted)
    bound = "after" if wanted.ordering == "position" else "before"
    after = None if last is None else str(request.url.include_query_params(**{bound: last}))
    results = [_cloud_event(each, actor, address) for each in found]
    if _wants(request, BATCH):
        return _json(results, BATCH, **({"Link": f'<{after}>; rel="next"'} if after else {}))
    return _json({"next": after, "results": results}, "application/json")


async def _lines(parts: AsyncIterator[Sequence[KeptEvent]], actor: Actor, address: str) -> AsyncIterator[bytes]:
    def written(part: Sequence[KeptEvent]) -> bytes:
        events = (_cloud_event(each, actor, address) for each in part)
        return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in events).encode(errors="replace")

    async for part in parts:
        yield await asyncio.to_thread(written, part)


@router.get("/types", dependencies=[open_to_all()], response_model=KindsOut)
async def list_event_types() -> object:
    """Every type of event that FoodFlow tells, with the JSON Schema of its data."""
    return {"results": [KindOut.model_validate(each) for each in kinds.kinds().values()]}


@router.get("/types/{type}", dependencies=[open_to_all()], response_model=dict[str, Any])
async def get_event_type(type: str) -> object:  # noqa: A002 - the name in the path
    """The JSON Schema of the data that events of a type carry: their `dataschema`, open to whoever is sent one."""
    return kinds.kind(type).data_schema


@router.get("/settings", dependencies=[needs("events.read")], response_model=LogSettings)
async def get_log_settings(session: Transaction) -> object:
    """For how many days events are kept."""
    return {"keep_days": await keeping.keep_days(session)}


@router.put("/settings", dependencies=[needs("identity.manage_company")], response_model=LogSettings)
async def change_log_settings(session: Transaction, actor: CurrentActor, body: LogSettings) -> object:
    """Keep events for so many days from now on; older ones are removed in the following night."""
    return {"keep_days": await keeping.change_keep_days(session, actor, body.keep_days)}


@router.get("/{id}", dependencies=[needs("events.read")], response_model=CloudEvent, responses=_ONE)
async def get_event(session: Transaction, actor: CurrentActor, request: Request, id: UUID) -> object:
    """An event, as a CloudEvent in structured mode."""
    found = await reading.event(session, actor, id)
    written = _cloud_event(found, actor, request.app.state.settings.public_url)
    return _json(written, ONE if _wants(request, ONE) else "application/json")
