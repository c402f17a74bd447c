"""HTTP interface of calibrations."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.requests import Request

from foodflow.kernel.exports import listed
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.kernel.paging import Wanted
from foodflow.kernel.wire import PageOf
from foodflow.plant.queries import calibrations as queries
from foodflow.plant.queries import sensors as sensor_queries
from foodflow.plant.schemas.calibrations import CalibrationIn, CalibrationOut
from foodflow.plant.usecases import calibrations as usecases

router = guarded_router(prefix="/sensors/{id}/calibrations", tags=["calibrations"])


@router.post("", status_code=201, dependencies=[needs("plant.calibrate")], response_model=CalibrationOut)
async def calibrate_sensor(session: Transaction, actor: CurrentActor, id: UUID, body: CalibrationIn) -> object:
    """Record a calibration; it holds for readings from its moment on, and changes nothing that is stored."""
    return await usecases.calibrate(session, actor, id, body.said())


@router.get(
    "",
    dependencies=[needs("plant.read")],
    response_model=PageOf[CalibrationOut],
    openapi_extra=queries.LISTING.openapi,
)
async def list_calibrations(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    session: Transaction,
    actor: CurrentActor,
    request: Request,
    id: UUID,
    wanted: Annotated[Wanted, Depends(queries.LISTING)],
) -> object:
    """Calibrations of a sensor, the latest first."""
    sensor = await sensor_queries.sensor(session, actor, id)
    return await listed(session, queries.calibrations(sensor.id), wanted, shape=CalibrationOut, request=request)
