"""What batches cost, and what the company reckons with."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import CountsChanges, TenantTable
from foodflow.plant.rules.costs import CostKind
from foodflow.plant.tables.shared import Amount, Headcount, Moment, Price

_KINDS = ", ".join(f"'{kind}'" for kind in CostKind)


class PlantSettings(CountsChanges, TenantTable):
    """The one row of what a company's plants reckon with: the currency, and what an hour of one person costs."""

    __tablename__ = "plant_settings"
    __table_args__ = (
        CheckConstraint("id = 1", name="one"),
        CheckConstraint("labour_rate >= 0", name="labour_rate"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    currency: Mapped[str] = mapped_column(Text)
    labour_rate: Mapped[Decimal | None] = mapped_column(Price)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class BatchCost(TenantTable):
    """Money that a batch took, in the company's currency: of labour, `quantity` is minutes and `unit_cost` the rate of
    an hour; both are None where the amount was typed.
    """

    __tablename__ = "batch_costs"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
        CheckConstraint("amount >= 0 AND quantity >= 0 AND unit_cost >= 0 AND people > 0", name="amounts"),
        Index("ix_batch_costs_batch_id", "batch_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("production_batches.id"))
    kind: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    quantity: Mapped[Decimal | None] = mapped_column(Price)
    unit: Mapped[str] = mapped_column(Text)
    unit_cost: Mapped[Decimal | None] = mapped_column(Price)
    people: Mapped[Decimal | None] = mapped_column(Headcount)
    amount: Mapped[Decimal] = mapped_column(Amount)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
