"""Alarms, what people did about them, and floods of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text, case, func, text
from sqlalchemy.orm import Mapped, column_property, mapped_column

from foodflow.kernel.db import TenantTable
from foodflow.plant.rules.alarms import AlarmState, Priority
from foodflow.plant.tables.shared import Moment

_PRIORITIES = ", ".join(f"'{priority}'" for priority in Priority)


class AlarmFlood(TenantTable):
    """Alarms of one line that were raised too fast to be told one by one; the first of them is the likely origin."""

    __tablename__ = "alarm_floods"
    __table_args__ = (
        Index("uq_alarm_floods_standing", "line_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_alarm_floods_line_id_began_at", "line_id", "began_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    line_id: Mapped[UUID]
    line_number: Mapped[str] = mapped_column(Text)
    site: Mapped[str] = mapped_column(Text)
    began_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    alarms: Mapped[int] = mapped_column(Integer)
    origin_id: Mapped[UUID]
    origin_sensor_code: Mapped[str] = mapped_column(Text)
    origin_rule: Mapped[str] = mapped_column(Text)


class Alarm(TenantTable):
    """What a rule found wrong with a sensor, from when it was raised until it is closed.

    Its `version` counts what people and rules change of it. Code, line and number are the sensor's, which keeps them;
    `site` is where the line stood when it was raised. A sensor that has alarms cannot be deleted, nor can its line.
    """

    __tablename__ = "alarms"
    __table_args__ = (
        CheckConstraint(f"priority IN ({_PRIORITIES})", name="priority"),
        CheckConstraint("certainty >= 0 AND certainty <= 1", name="certainty"),
        CheckConstraint("occurrences > 0", name="occurrences"),
        Index("uq_alarms_open", "sensor_id", "rule", unique=True, postgresql_where=text("closed_at IS NULL")),
        Index("ix_alarms_sensor_id_closed_at", "sensor_id", "closed_at"),
        Index("ix_alarms_line_id_raised_at", "line_id", "raised_at"),
        Index("ix_alarms_raised_at", "raised_at"),
        Index("ix_alarms_flood_id", "flood_id"),
        {"postgresql_with": {"fillfactor": 70}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sensor_id: Mapped[UUID] = mapped_column(ForeignKey("sensors.id"))
    sensor_code: Mapped[str] = mapped_column(Text)
    line_id: Mapped[UUID]
    line_number: Mapped[str] = mapped_column(Text)
    site: Mapped[str] = mapped_column(Text)
    batch_id: Mapped[UUID | None]
    rule: Mapped[str] = mapped_column(Text)
    priority: Mapped[str] = mapped_column(Text)
    raised_at: Mapped[datetime] = mapped_column(Moment)
    since: Mapped[datetime] = mapped_column(Moment)
    latest_at: Mapped[datetime] = mapped_column(Moment)
    cleared_at: Mapped[datetime | None] = mapped_column(Moment)
    occurrences: Mapped[int] = mapped_column(Integer)
    value: Mapped[float]
    expected: Mapped[float | None]
    low: Mapped[float | None]
    high: Mapped[float | None]
    worst: Mapped[float | None]
    unit_of_measure: Mapped[str] = mapped_column(Text)
    certainty: Mapped[float]
    why: Mapped[str] = mapped_column(Text)
    acknowledged_at: Mapped[datetime | None] = mapped_column(Moment)
    acknowledged_by: Mapped[str] = mapped_column(Text)
    acknowledgement: Mapped[str] = mapped_column(Text)
    silenced_until: Mapped[datetime | None] = mapped_column(Moment)
    silenced_by: Mapped[str] = mapped_column(Text)
    silence_reason: Mapped[str] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_by: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text)
    flood_id: Mapped[UUID | None] = mapped_column(ForeignKey("alarm_floods.id"))
    leads: Mapped[bool]
    is_told: Mapped[bool]
    noticed_at: Mapped[datetime] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    state: Mapped[str] = column_property(
        case(
            (closed_at.is_not(None), AlarmState.CLOSED.value),
            (silenced_until > func.now(), AlarmState.SHELVED.value),
            (cleared_at.is_not(None), AlarmState.RETURNED.value),
            (acknowledged_at.is_not(None), AlarmState.ACKNOWLEDGED.value),
            else_=AlarmState.UNACKNOWLEDGED.value,
        )
    )


class AlarmDeed(TenantTable):
    """What somebody did about an alarm, and said."""

    __tablename__ = "alarm_deeds"
    __table_args__ = (Index("ix_alarm_deeds_alarm_id_at", "alarm_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    alarm_id: Mapped[UUID] = mapped_column(ForeignKey("alarms.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str] = mapped_column(Text)
    deed: Mapped[str] = mapped_column(Text)
    comment: Mapped[str] = mapped_column(Text)
