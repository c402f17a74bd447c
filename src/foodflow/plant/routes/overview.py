"""HTTP interface of the overview of the plant."""

from typing import Annotated

from fastapi import Query

from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.plant.schemas.overview import PlantOverviewOut
from foodflow.plant.schemas.shared import Window
from foodflow.plant.usecases import overview as usecases

router = guarded_router(tags=["overview"])


@router.get("/overview", dependencies=[needs("plant.read")])
async def get_overview(
    session: Transaction, actor: CurrentActor, wanted: Annotated[Window, Query()]
) -> PlantOverviewOut:
    """How the plant does in a window (the last 24 hours) and today, what it loses, and what somebody should look at."""
    return PlantOverviewOut.of(await usecases.overview(session, actor, start=wanted.start_time, end=wanted.end_time))
