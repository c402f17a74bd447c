"""How long readings and their roll-ups are kept, and what was removed."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Integer, SmallInteger
from sqlalchemy.dialects.postgresql import DATEMULTIRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import CountsChanges, TenantTable
from foodflow.plant.tables.shared import Moment


class Retention(CountsChanges, TenantTable):
    """The company's one row: how many days each kind is kept (None: for ever), and before when some was removed."""

    __tablename__ = "retention"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("raw_kept_days > 0 AND minutes_kept_days > 0 AND hours_kept_days > 0", name="days"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    raw_kept_days: Mapped[int | None]
    minutes_kept_days: Mapped[int | None]
    hours_kept_days: Mapped[int | None]
    raw_removed_before: Mapped[datetime | None] = mapped_column(Moment)
    minutes_removed_before: Mapped[datetime | None] = mapped_column(Moment)
    hours_removed_before: Mapped[datetime | None] = mapped_column(Moment)
    updated_at: Mapped[datetime | None] = mapped_column(Moment)


class RemovedReadings(TenantTable):
    """The UTC days of a sensor whose readings were removed by age, so that their roll-ups alone remain."""

    __tablename__ = "removed_readings"

    sensor_key: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    days: Mapped[list[Range[date]]] = mapped_column(DATEMULTIRANGE)
