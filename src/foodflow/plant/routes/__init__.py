"""HTTP interface of the plant."""

from fastapi import APIRouter

from foodflow.plant.routes import batches, imports, lines, readings, sensors

router = APIRouter(prefix="/api/v1/plant-ops")
for part in (lines, batches, imports, readings, sensors):
    router.include_router(part.router)
