"""What an export is made of, whatever file it becomes: sheets with rows under names of columns."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from foodflow.kernel.wire import Out

Parts = AsyncIterator[Sequence[object]]
"""Rows as they come, some at a time."""
Value: TypeAlias = str | bool | int | float | Decimal | datetime | date | None
"""What a cell holds."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of one shape, which come in parts, under a title."""

    title: str
    shape: type[Out]
    parts: Parts


@dataclass(frozen=True, slots=True)
class Book:
    """What becomes a file of this name (without its ending): sheets, whose data they are, when they were put together,
    and facts that stand above them all.
    """

    name: str
    title: str
    company: str
    made_at: datetime
    sheets: Sequence[Sheet]
    facts: Sequence[tuple[str, str]] = ()


def columns_of(shape: type[Out]) -> list[str]:
    """The names of the fields that a shape shows, which are the header."""
    shown = [name for name, field in shape.model_fields.items() if not field.exclude]
    return [*shown, *shape.model_computed_fields]


def values_of(rows: Sequence[object], shape: type[Out], columns: Sequence[str]) -> list[list[Value]]:
    """Rows as what their cells hold."""
    dumped = (shape.model_validate(row).model_dump() for row in rows)
    return [[_value(row[column]) for column in columns] for row in dumped]


def _value(value: Any) -> Value:  # noqa: ANN401 - whatever a shape holds
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    if value is None or isinstance(value, bool | int | float | Decimal | date):
        return value
    if isinstance(value, dict | list | tuple):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return str(value).encode(errors="replace").decode()
