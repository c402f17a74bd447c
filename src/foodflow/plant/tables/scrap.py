"""Reasons for scrap."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import CountsChanges, TenantTable
from foodflow.plant.rules.scrap import ScrapLoss
from foodflow.plant.tables.shared import Moment, Price

_LOSSES = ", ".join(f"'{loss}'" for loss in ScrapLoss)


class ScrapReason(CountsChanges, TenantTable):
    """Why items are scrapped: counts name it by its code, which therefore never changes."""

    __tablename__ = "scrap_reasons"
    __table_args__ = (
        CheckConstraint(f"loss IN ({_LOSSES})", name="loss"),
        CheckConstraint("unit_cost >= 0", name="unit_cost"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    loss: Mapped[str] = mapped_column(Text)
    unit_cost: Mapped[Decimal | None] = mapped_column(Price)
    currency: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)
