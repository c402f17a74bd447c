"""How sensors are watched, and what their detectors remember."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import CountsChanges, TenantTable
from foodflow.plant.rules.alarms import Priority
from foodflow.plant.tables.shared import Moment

_PRIORITIES = ", ".join(f"'{priority}'" for priority in Priority)


class Watched:
    """What may be said of how to watch; None leaves it to what is less particular."""

    rules: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    hysteresis: Mapped[float | None]
    max_rate: Mapped[float | None]
    off_delay_seconds: Mapped[float | None]
    stuck_seconds: Mapped[float | None]
    gap_seconds: Mapped[float | None]
    sensitivity: Mapped[float | None]
    priority: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(Moment)


def _checks() -> tuple[CheckConstraint, ...]:
    return (
        CheckConstraint(f"priority IN ({_PRIORITIES})", name="priority"),
        CheckConstraint(
            "hysteresis >= 0 AND max_rate > 0 AND stuck_seconds > 0 AND gap_seconds > 0 AND sensitivity > 0",
            name="positive",
        ),
        CheckConstraint("off_delay_seconds BETWEEN 0 AND 86400", name="off_delay"),
    )


class WatchDefault(Watched, CountsChanges, TenantTable):
    """How a company watches its sensors of a type, where FoodFlow's own choice does not suit it."""

    __tablename__ = "watch_defaults"
    __table_args__ = _checks()

    sensor_type: Mapped[str] = mapped_column(Text, primary_key=True)


class Watch(Watched, CountsChanges, TenantTable):
    """How one sensor is watched, and whether it is silenced as a whole."""

    __tablename__ = "watches"
    __table_args__ = _checks()

    sensor_id: Mapped[UUID] = mapped_column(ForeignKey("sensors.id", ondelete="CASCADE"), primary_key=True)
    silenced_until: Mapped[datetime | None] = mapped_column(Moment)
    silenced_by: Mapped[str] = mapped_column(Text)
    silence_reason: Mapped[str] = mapped_column(Text)


class WatchState(TenantTable):
    """What the detectors of a sensor remember: all that they need of its past, of constant size.

    `rhythm` is how many seconds usually lie between its readings, after `seen` of them; `gap_seconds` how long it may
    be silent after `last_at` (microseconds since 1970), None while nobody expects it to report. Nothing but the key is
    indexed, so that rewriting a state at each call stays within its page.
    """

    __tablename__ = "watch_states"
    __table_args__ = {"postgresql_with": {"fillfactor": 50}}  # noqa: RUF012 - SQLAlchemy's own form

    sensor_key: Mapped[int] = mapped_column(
        Integer, ForeignKey("sensors.key", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    state: Mapped[bytes] = mapped_column(LargeBinary)
    last_at: Mapped[int] = mapped_column(BigInteger)
    rhythm: Mapped[float]
    seen: Mapped[int] = mapped_column(Integer)
    gap_seconds: Mapped[float | None]
