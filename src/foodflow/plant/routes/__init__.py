"""HTTP interface of the plant."""

from foodflow.kernel.http.routers import Router
from foodflow.plant.routes import (
    alarms,
    batches,
    calendars,
    calibrations,
    costs,
    counts,
    downtimes,
    imports,
    lines,
    losses,
    money_leaks,
    overview,
    parameters,
    readings,
    reasons,
    results,
    retention,
    rollups,
    scrap,
    sensors,
    states,
    trials,
    watches,
)

router = Router(prefix="/api/v1/plant-ops")
for part in (lines, states, batches, imports, readings, rollups, retention, sensors, calendars, downtimes, reasons):
    router.include_router(part.router)
for part in (counts, scrap, parameters, costs, results, trials, losses, calibrations, alarms, watches):
    router.include_router(part.router)
for part in (money_leaks, overview):
    router.include_router(part.router)
