"""HTTP interface of the plant."""

from fastapi import APIRouter

from foodflow.plant.routes import batches, calibrations, imports, lines, readings, sensors

router = APIRouter(prefix="/api/v1/plant-ops")
for part in (lines, batches, imports, readings, sensors, calibrations):
    router.include_router(part.router)
