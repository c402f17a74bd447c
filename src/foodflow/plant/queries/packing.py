"""Which sensors have small blocks, and on which days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.plant.tables.sensors import ReadingBlock, Sensor


@dataclass(frozen=True, slots=True)
class Extent:
    """From when to when a block reaches, and how many readings it has."""

    first: datetime
    last: datetime
    count: int


async def keys_to_pack(session: AsyncSession, least: int) -> Sequence[int]:
    """The sensors that have at least so many small blocks, by key."""
    return (await session.scalars(select(Sensor.key).where(Sensor.loose_blocks >= least).order_by(Sensor.key))).all()


async def loose_since_for_update(session: AsyncSession, key: int) -> datetime | None:
    """Since when a sensor, which is locked, has small blocks; None where it has none."""
    found = select(Sensor.loose_since).where(Sensor.key == key, Sensor.loose_blocks > 0)
    return await session.scalar(found.with_for_update(key_share=True))


async def first_day_to_pack(session: AsyncSession, key: int, since: datetime, *, full: int) -> datetime | None:
    """The first day from that of `since` on, on which a sensor has a block smaller than `full` beside others."""
    block = ReadingBlock
    day = func.date_trunc("day", block.first, "UTC").label("day")
    found = select(day).where(block.sensor_key == key, block.first >= func.date_trunc("day", since, "UTC"))
    beside = found.group_by(day).having(func.count() > 1, func.min(block.count) < full)
    return await session.scalar(beside.order_by(day).limit(1))


async def extents(session: AsyncSession, key: int, day: datetime) -> list[Extent]:
    """The blocks of a sensor on the day that begins then, in the order of their beginnings."""
    block = ReadingBlock
    found = select(block.first, block.last, block.count).where(
        block.sensor_key == key, block.first >= day, block.first < day + timedelta(days=1)
    )
    return [Extent(*row) for row in await session.execute(found.order_by(block.first))]
