"""What running counters of machines showed last."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import TenantTable
from foodflow.plant.tables.shared import Moment, Quantity


class LineCounter(TenantTable):
    """What a running counter of a line showed at its latest report, and the count that came of it."""

    __tablename__ = "line_counters"

    line_id: Mapped[UUID] = mapped_column(ForeignKey("production_lines.id"), primary_key=True)
    counter: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    total_good: Mapped[Decimal] = mapped_column(Quantity)
    total_scrap: Mapped[Decimal] = mapped_column(Quantity)
    total_rework: Mapped[Decimal] = mapped_column(Quantity)
    count_id: Mapped[UUID | None]
