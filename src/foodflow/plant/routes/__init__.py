"""HTTP interface of the plant."""

from fastapi import APIRouter

from foodflow.plant.routes import (
    batches,
    costs,
    counts,
    imports,
    lines,
    parameters,
    readings,
    results,
    scrap,
    sensors,
    trials,
)

router = APIRouter(prefix="/api/v1/plant-ops")
for part in (lines, batches, imports, readings, sensors):
    router.include_router(part.router)
for part in (counts, scrap, parameters, costs, results, trials):
    router.include_router(part.router)
