"""Money leaks that people entered."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import CountsChanges, TenantTable
from foodflow.plant.rules.money_leaks import CalculationMethod, LeakCategory
from foodflow.plant.tables.shared import Amount, Moment, Price

_CATEGORIES = ", ".join(f"'{category}'" for category in LeakCategory)
_METHODS = ", ".join(f"'{method}'" for method in CalculationMethod)


class MoneyLeak(CountsChanges, TenantTable):
    """What a loss cost over a period, of a line or else of a whole site, in the company's currency; `plant_name` is
    where the line stood when it was entered.
    """

    __tablename__ = "money_leaks"
    __table_args__ = (
        CheckConstraint(f"category IN ({_CATEGORIES})", name="category"),
        CheckConstraint(f"calculation_method IN ({_METHODS})", name="calculation_method"),
        CheckConstraint("period_start < period_end", name="order"),
        CheckConstraint(
            "amount >= 0 AND quantity_lost >= 0 AND unit_cost >= 0 AND time_lost_minutes >= 0 AND hourly_cost >= 0",
            name="amounts",
        ),
        Index("ix_money_leaks_line_id", "line_id"),
        Index("ix_money_leaks_batch_id", "batch_id"),
        Index("ix_money_leaks_period_end", "period_end"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    period_start: Mapped[datetime] = mapped_column(Moment)
    period_end: Mapped[datetime] = mapped_column(Moment)
    line_id: Mapped[UUID | None] = mapped_column(ForeignKey("production_lines.id"))
    plant_name: Mapped[str] = mapped_column(Text)
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("production_batches.id"))
    category: Mapped[str] = mapped_column(Text)
    subcategory: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(Text)
    calculation_method: Mapped[str] = mapped_column(Text)
    quantity_lost: Mapped[Decimal | None] = mapped_column(Price)
    unit_cost: Mapped[Decimal | None] = mapped_column(Price)
    time_lost_minutes: Mapped[Decimal | None] = mapped_column(Price)
    hourly_cost: Mapped[Decimal | None] = mapped_column(Price)
    description: Mapped[str] = mapped_column(Text)
    root_cause: Mapped[str] = mapped_column(Text)
    is_avoidable: Mapped[bool]
    action_taken: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)
