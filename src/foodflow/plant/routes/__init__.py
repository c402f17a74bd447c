"""HTTP interface of the plant."""

from fastapi import APIRouter

from foodflow.plant.routes import batches, imports, lines, readings, retention, rollups, sensors

router = APIRouter(prefix="/api/v1/plant-ops")
for part in (lines, batches, imports, readings, rollups, retention, sensors):
    router.include_router(part.router)
