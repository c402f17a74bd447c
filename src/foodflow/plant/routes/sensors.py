"""HTTP interface of sensors."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from starlette.requests import Request

from foodflow.kernel.exports import listed
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.kernel.paging import Wanted
from foodflow.kernel.wire import PageOf
from foodflow.plant.queries import sensors as queries
from foodflow.plant.schemas.sensors import SensorIn, SensorOut, SensorPatch
from foodflow.plant.usecases import sensors as usecases

router = guarded_router(prefix="/sensors", tags=["sensors"])


@router.post("", status_code=201, dependencies=[needs("plant.configure")], response_model=SensorOut)
async def create_sensor(session: Transaction, actor: CurrentActor, body: SensorIn, response: Response) -> object:
    """Set up a sensor."""
    sensor = await usecases.create_sensor(session, actor, body.model_dump())
    response.headers["Location"] = f"/api/v1/plant-ops/sensors/{sensor.id}"
    return sensor


@router.get(
    "", dependencies=[needs("plant.read")], response_model=PageOf[SensorOut], openapi_extra=queries.LISTING.openapi
)
async def list_sensors(
    session: Transaction, actor: CurrentActor, request: Request, wanted: Annotated[Wanted, Depends(queries.LISTING)]
) -> object:
    """Sensors, by code."""
    return await listed(session, queries.sensors(actor), wanted, shape=SensorOut, request=request)


@router.get("/{id}", dependencies=[needs("plant.read")], response_model=SensorOut)
async def get_sensor(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """A sensor with its latest reading."""
    return await queries.sensor(session, actor, id)


@router.get("/by-code/{code:path}", dependencies=[needs("plant.read")], response_model=SensorOut)
async def get_sensor_by_code(session: Transaction, actor: CurrentActor, code: str) -> object:
    """The sensor of a code."""
    return await queries.sensor_coded(session, actor, code)


@router.patch("/{id}", dependencies=[needs("plant.configure")], response_model=SensorOut)
async def change_sensor(session: Transaction, actor: CurrentActor, id: UUID, body: SensorPatch) -> object:
    """Change a sensor."""
    return await usecases.change_sensor(session, actor, id, body.given())


@router.delete("/{id}", status_code=204, dependencies=[needs("plant.configure")])
async def delete_sensor(session: Transaction, actor: CurrentActor, id: UUID) -> None:
    """Remove a sensor that never reported."""
    await usecases.delete_sensor(session, actor, id)
