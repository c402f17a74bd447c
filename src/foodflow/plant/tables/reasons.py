"""Why lines stop: a company's tree of reasons."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import CountsChanges, TenantTable
from foodflow.numerics.losses import Loss
from foodflow.plant.rules.reasons import Category
from foodflow.plant.tables.shared import Moment

_CATEGORIES = ", ".join(f"'{each}'" for each in Category)
_LOSSES = ", ".join(f"'{each}'" for each in Loss)


class StopReason(CountsChanges, TenantTable):
    """A reason why lines stop, and which of the six big losses such a stop is (None: none of them)."""

    __tablename__ = "stop_reasons"
    __table_args__ = (
        CheckConstraint(f"category IN ({_CATEGORIES})", name="category"),
        CheckConstraint(f"loss IN ({_LOSSES})", name="loss"),
        Index("ix_stop_reasons_parent_id", "parent_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("stop_reasons.id"))
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    is_planned: Mapped[bool]
    category: Mapped[str] = mapped_column(Text)
    loss: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)
