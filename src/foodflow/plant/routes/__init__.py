"""HTTP interface of the plant."""

from fastapi import APIRouter

from foodflow.plant.routes import batches, calendars, downtimes, imports, lines, readings, reasons, sensors, states

router = APIRouter(prefix="/api/v1/plant-ops")
for part in (lines, states, batches, imports, readings, sensors, calendars, downtimes, reasons):
    router.include_router(part.router)
