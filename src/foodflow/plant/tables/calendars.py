"""Shift calendars of sites."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from foodflow.kernel.db import CountsChanges, TenantTable
from foodflow.plant.tables.shared import Moment


class SiteCalendar(CountsChanges, TenantTable):
    """When a site works: the whole calendar as one document."""

    __tablename__ = "calendars"
    __table_args__ = (CheckConstraint("plant_name <> ''", name="plant_name"),)

    plant_name: Mapped[str] = mapped_column(Text, primary_key=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    changed_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)
