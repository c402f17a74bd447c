"""HTTP interface of shift calendars."""

from typing import Annotated

from fastapi import Query

from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.plant.queries import calendars as queries
from foodflow.plant.schemas.calendars import (
    CalendarIn,
    CalendarOut,
    PresentOut,
    ShiftOut,
    present_out,
    shifts_out,
)
from foodflow.plant.schemas.shared import Window
from foodflow.plant.usecases import calendars as usecases

router = guarded_router(tags=["calendars"])


@router.get("/shifts/current", dependencies=[needs("plant.read")])
async def get_current_shifts(session: Transaction, actor: CurrentActor) -> list[PresentOut]:
    """Of each site with a calendar, the shift that it is in and the next one."""
    return present_out(await usecases.present_shifts(session, actor))


@router.get("/calendars/{plant_name:path}/shifts", dependencies=[needs("plant.read")])
async def list_shifts(
    session: Transaction, actor: CurrentActor, plant_name: str, window: Annotated[Window, Query()]
) -> list[ShiftOut]:
    """The shifts of a site that share any moment with a window (the week from now)."""
    return shifts_out(await usecases.shifts(session, actor, plant_name, start=window.start_time, end=window.end_time))


@router.get("/calendars/{plant_name:path}", dependencies=[needs("plant.read")])
async def get_calendar(session: Transaction, actor: CurrentActor, plant_name: str) -> CalendarOut:
    """The calendar of a site."""
    return CalendarOut.of(await queries.calendar(session, actor, plant_name))


@router.put("/calendars/{plant_name:path}", dependencies=[needs("plant.configure")])
async def define_calendar(session: Transaction, actor: CurrentActor, plant_name: str, body: CalendarIn) -> CalendarOut:
    """Define the calendar of a site, or replace it."""
    return CalendarOut.of(await usecases.define(session, actor, plant_name, body.model_dump(mode="json")))
