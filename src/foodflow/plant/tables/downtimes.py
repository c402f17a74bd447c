"""Stops of lines, as people speak of them."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BindParameter, CheckConstraint, ForeignKey, Index, Text, and_, case, literal
from sqlalchemy.orm import Mapped, column_property, mapped_column

from foodflow.kernel.db import CountsChanges, TenantTable
from foodflow.plant.rules.downtimes import ReasonGiven, Standing
from foodflow.plant.rules.lines import LineState
from foodflow.plant.tables.shared import Moment, Money, Quantity


def _text(value: str) -> BindParameter[str]:
    return literal(str(value), Text)


class Downtime(CountsChanges, TenantTable):
    """A stop of a line: its times are those of the line's own intervals, `hourly_cost` is the line's when it began."""

    __tablename__ = "downtimes"
    __table_args__ = (
        CheckConstraint("state IN ('changeover', 'downtime', 'maintenance')", name="state"),
        CheckConstraint("end_time > start_time", name="order"),
        CheckConstraint("units_lost >= 0", name="units_lost"),
        Index("ix_downtimes_line_id_start_time", "line_id", "start_time"),
        Index("ix_downtimes_reason_id", "reason_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    line_id: Mapped[UUID] = mapped_column(ForeignKey("production_lines.id"))
    batch_id: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(Text)
    start_time: Mapped[datetime] = mapped_column(Moment)
    end_time: Mapped[datetime | None] = mapped_column(Moment)
    reason_id: Mapped[UUID | None] = mapped_column(ForeignKey("stop_reasons.id"))
    reason_category: Mapped[str | None] = mapped_column(Text)
    reason_detail: Mapped[str] = mapped_column(Text)
    is_planned: Mapped[bool]
    is_micro: Mapped[bool] = mapped_column()
    root_cause: Mapped[str] = mapped_column(Text)
    resolution: Mapped[str] = mapped_column(Text)
    preventive_action: Mapped[str] = mapped_column(Text)
    units_lost: Mapped[Decimal | None] = mapped_column(Quantity)
    hourly_cost: Mapped[Decimal | None] = mapped_column(Money)
    reported_by: Mapped[str] = mapped_column(Text)
    responded_at: Mapped[datetime | None] = mapped_column(Moment)
    responded_by: Mapped[str | None] = mapped_column(Text)
    resolved_by: Mapped[str | None] = mapped_column(Text)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)

    reason_given: Mapped[str] = column_property(
        case(
            (reason_id.is_not(None), _text(ReasonGiven.GIVEN)),
            (and_(state == LineState.DOWNTIME, is_micro.is_(False)), _text(ReasonGiven.MISSING)),
            else_=_text(ReasonGiven.NOT_ASKED),
        ),
        deferred=True,
    )
    standing: Mapped[str] = column_property(
        case((end_time.is_(None), _text(Standing.OPEN)), else_=_text(Standing.ENDED)), deferred=True
    )
