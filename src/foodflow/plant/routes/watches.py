"""HTTP interface of how sensors are watched."""

from typing import Annotated
from uuid import UUID

from fastapi import Path

from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.plant.schemas.alarms import SilenceIn
from foodflow.plant.schemas.watches import SensorWatchOut, WatchIn, WatchOut
from foodflow.plant.usecases import watches as usecases

router = guarded_router(tags=["alarms"])
SensorType = Annotated[str, Path(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]


@router.get("/sensors/{id}/watch", dependencies=[needs("plant.read")], response_model=SensorWatchOut)
async def get_watch(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """How a sensor is watched: what was said, and what holds in the end."""
    return await usecases.watching_of(session, actor, id)


@router.put("/sensors/{id}/watch", dependencies=[needs("plant.configure")], response_model=SensorWatchOut)
async def watch_sensor(session: Transaction, actor: CurrentActor, id: UUID, body: WatchIn) -> object:
    """Say how a sensor is watched; open alarms of rules that it is no longer watched by are closed."""
    return await usecases.watch_sensor(session, actor, id, body.model_dump())


@router.post("/sensors/{id}/silence", dependencies=[needs("plant.handle_alarms")], response_model=SensorWatchOut)
async def silence_sensor(session: Transaction, actor: CurrentActor, id: UUID, body: SilenceIn) -> object:
    """Put all alarms of a sensor, those to come too, out of sight for a while."""
    return await usecases.silence_sensor(session, actor, id, **body.model_dump())


@router.post("/sensors/{id}/unsilence", dependencies=[needs("plant.handle_alarms")], response_model=SensorWatchOut)
async def unsilence_sensor(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """Let the alarms of a sensor be seen again."""
    return await usecases.unsilence_sensor(session, actor, id)


@router.get("/watch-defaults/{sensor_type}", dependencies=[needs("plant.read")], response_model=WatchOut)
async def get_watch_default(session: Transaction, actor: CurrentActor, sensor_type: SensorType) -> object:
    """How sensors of a type are watched that say nothing else."""
    return await usecases.watching_of_type(session, actor, sensor_type)


@router.put("/watch-defaults/{sensor_type}", dependencies=[needs("plant.configure")], response_model=WatchOut)
async def watch_type(session: Transaction, actor: CurrentActor, sensor_type: SensorType, body: WatchIn) -> object:
    """Say how sensors of a type are watched that say nothing else."""
    return await usecases.watch_type(session, actor, sensor_type, body.model_dump())
