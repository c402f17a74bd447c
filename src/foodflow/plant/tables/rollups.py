"""Roll-ups of readings, and which hours are not rolled up yet."""

from datetime import datetime

from sqlalchemy import BigInteger, Integer, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import TenantTable
from foodflow.plant.tables.shared import Moment


class HourRollup(TenantTable):
    """The hours of one UTC day of a sensor, packed (`numerics.rollup.pack`), and how many readings they are of."""

    __tablename__ = "hour_rollups"
    __table_args__ = {"postgresql_partition_by": "RANGE (day)"}  # noqa: RUF012 - SQLAlchemy's own form

    sensor_key: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    day: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    readings: Mapped[int] = mapped_column(BigInteger)
    hours: Mapped[bytes] = mapped_column(LargeBinary)


class MinuteRollup(TenantTable):
    """The minutes of one hour of a sensor, packed in the same way."""

    __tablename__ = "minute_rollups"
    __table_args__ = {"postgresql_partition_by": "RANGE (hour)"}  # noqa: RUF012 - SQLAlchemy's own form

    sensor_key: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    hour: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    minutes: Mapped[bytes] = mapped_column(LargeBinary)


class RollupMark(TenantTable):
    """An hour of a sensor in which readings were stored since it was rolled up last."""

    __tablename__ = "rollup_marks"

    sensor_key: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    hour: Mapped[datetime] = mapped_column(Moment, primary_key=True)
