"""HTTP interface of the plant."""

from fastapi import APIRouter

from foodflow.plant.routes import alarms, batches, imports, lines, readings, sensors, watches

router = APIRouter(prefix="/api/v1/plant-ops")
for part in (lines, batches, imports, readings, sensors, alarms, watches):
    router.include_router(part.router)
