"""Sensors and their readings."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Integer, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import TenantTable
from foodflow.plant.tables.shared import Moment


class Sensor(TenantTable):
    """A sensor of a line; `key` is its short name inside `reading_blocks`.

    Its `version` counts what people change of it, not its readings, which come too often for anybody to follow. The
    `last_…` are of its latest reading, but `last_breach` is of the latest that was not Bad. `loose_blocks` counts the
    small blocks written since its blocks were last packed, the first of them at `loose_since`.
    """

    __tablename__ = "sensors"
    __table_args__ = (
        CheckConstraint("min_value <= max_value", name="limits"),
        CheckConstraint("tolerance > 0", name="tolerance"),
        Index("ix_sensors_line_id", "line_id"),
        {"postgresql_with": {"fillfactor": 50}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[int] = mapped_column(Integer, Identity(always=True), unique=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("production_lines.id"))
    sensor_code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    sensor_type: Mapped[str] = mapped_column(Text)
    location: Mapped[str] = mapped_column(Text)
    position: Mapped[str] = mapped_column(Text)
    unit_of_measure: Mapped[str] = mapped_column(Text)
    min_value: Mapped[float | None]
    max_value: Mapped[float | None]
    target_value: Mapped[float | None]
    tolerance: Mapped[float | None]
    is_active: Mapped[bool]
    first_reading_time: Mapped[datetime | None] = mapped_column(Moment)
    last_reading_time: Mapped[datetime | None] = mapped_column(Moment)
    last_reading_value: Mapped[float | None]
    last_breach: Mapped[int] = mapped_column(SmallInteger)
    last_status: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    last_received: Mapped[datetime | None] = mapped_column(Moment)
    loose_blocks: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    loose_since: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class ReadingBlock(TenantTable):
    """Readings of one sensor within one day of UTC that were stored together, packed as PostgreSQL sends them.

    `times`, `values`, `statuses` (4 bytes each), `breaches` (one byte: -1 below, 1 above the limits then in force, else
    0), `late` (one byte: 1 where the sensor had a later reading already) and `receipts` (times) have an entry for each
    reading. Absent are `times` of readings `step` microseconds apart, `statuses` that are all Good, `breaches` and
    `late` that are all 0, and `receipts` that are all `received`, the server time (-infinity where it is not known).
    """

    __tablename__ = "reading_blocks"
    __table_args__ = (
        CheckConstraint("count > 0", name="count"),
        CheckConstraint("(step IS NULL) = (times IS NOT NULL)", name="times"),
        {"postgresql_partition_by": "RANGE (first)"},
    )

    sensor_key: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    first: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    last: Mapped[datetime] = mapped_column(Moment)
    received: Mapped[datetime] = mapped_column(Moment)
    step: Mapped[int | None] = mapped_column(BigInteger)
    count: Mapped[int] = mapped_column(Integer)
    times: Mapped[bytes | None]
    values: Mapped[bytes]
    statuses: Mapped[bytes | None]
    breaches: Mapped[bytes | None]
    receipts: Mapped[bytes | None]
    late: Mapped[bytes | None]
