"""HTTP interface of lines."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response
from starlette.requests import Request

from foodflow.kernel.exports import listed
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.kernel.paging import Wanted
from foodflow.kernel.wire import PageOf
from foodflow.plant.queries import lines as queries
from foodflow.plant.schemas.lines import LineIn, LineOut, LinePatch, OeeOut
from foodflow.plant.schemas.shared import Window
from foodflow.plant.usecases import effectiveness
from foodflow.plant.usecases import lines as usecases

router = guarded_router(prefix="/lines", tags=["lines"])


@router.post("", status_code=201, dependencies=[needs("plant.configure")], response_model=LineOut)
async def create_line(session: Transaction, actor: CurrentActor, body: LineIn, response: Response) -> object:
    """Set up a line."""
    line = await usecases.create_line(session, actor, body.model_dump())
    response.headers["Location"] = f"/api/v1/plant-ops/lines/{line.id}"
    return line


@router.get(
    "", dependencies=[needs("plant.read")], response_model=PageOf[LineOut], openapi_extra=queries.LISTING.openapi
)
async def list_lines(
    session: Transaction, actor: CurrentActor, request: Request, wanted: Annotated[Wanted, Depends(queries.LISTING)]
) -> object:
    """Lines, by number."""
    return await listed(session, queries.lines(actor), wanted, shape=LineOut, request=request)


@router.get("/{id}", dependencies=[needs("plant.read")], response_model=LineOut)
async def get_line(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """A line."""
    return await queries.line(session, actor, id)


@router.get("/by-number/{number:path}", dependencies=[needs("plant.read")], response_model=LineOut)
async def get_line_by_number(session: Transaction, actor: CurrentActor, number: str) -> object:
    """The line of a line number."""
    return await queries.line_numbered(session, actor, number)


@router.patch("/{id}", dependencies=[needs("plant.configure")], response_model=LineOut)
async def change_line(session: Transaction, actor: CurrentActor, id: UUID, body: LinePatch) -> object:
    """Change what is known of a line."""
    return await usecases.change_line(session, actor, id, body.given())


@router.delete("/{id}", status_code=204, dependencies=[needs("plant.configure")])
async def delete_line(session: Transaction, actor: CurrentActor, id: UUID) -> None:
    """Remove a line of which nothing was recorded."""
    await usecases.delete_line(session, actor, id)


@router.get("/{id}/oee", dependencies=[needs("plant.read")])
async def get_oee(session: Transaction, actor: CurrentActor, id: UUID, window: Annotated[Window, Query()]) -> OeeOut:
    """A line's effectiveness (ISO 22400-2) over a window (the last 24 hours), from recorded states and counts."""
    found = await effectiveness.effectiveness(session, actor, id, start=window.start_time, end=window.end_time)
    return OeeOut.of(id, found)
