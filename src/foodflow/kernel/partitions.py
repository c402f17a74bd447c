"""Partitions: tables that grow with time keep each month apart; a month's partition is made before its time, or when it
is first written to.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_MONTHS = text(
    "SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = to_regclass(:table)"
)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.' || :table, 0))")


def months_of(microseconds: NDArray[np.int64]) -> list[str]:
    """The months (`2014_02`, in UTC) in which moments lie, given in microseconds since 1970."""
    months = np.unique(microseconds.astype("datetime64[us]").astype("datetime64[M]"))
    return [str(month).replace("-", "_") for month in months]


def months_from(moment: datetime, count: int) -> list[str]:
    """The month of a moment (in UTC) and those that follow it, `count` of them."""
    first = moment.astimezone(UTC)
    months = [divmod(first.year * 12 + first.month - 1 + ahead, 12) for ahead in range(count)]
    return [f"{year:04}_{month + 1:02}" for year, month in months]


async def ensure_months(session: AsyncSession, table: str, months: Iterable[str]) -> None:
    """Make those of the months' partitions that are missing; of two who need the same one, the second finds it made."""
    wanted = set(months)
    if not wanted - await _months_kept(session, table):
        return
    await session.execute(_LOCK, {"table": table})
    for month in sorted(wanted - await _months_kept(session, table)):
        await _make(session, table, month)


async def _months_kept(session: AsyncSession, table: str) -> set[str]:
    names = await session.scalars(_MONTHS, {"table": table})
    return {str(name).removeprefix(f"{table}_") for name in names}


async def _make(session: AsyncSession, table: str, month: str) -> None:
    """Attached, not created in place: that locks the table for other changes of its structure only, not for its
    users.
    """
    start, end = _bounds(month)
    await session.execute(text(f"CREATE TABLE {table}_{month} (LIKE {table} INCLUDING ALL)"))
    bounds = f"FOR VALUES FROM ('{start:%Y-%m-%d} UTC') TO ('{end:%Y-%m-%d} UTC')"
    await session.execute(text(f"ALTER TABLE {table} ATTACH PARTITION {table}_{month} {bounds}"))


async def remove_months_before(session: AsyncSession, table: str, before: datetime) -> None:
    """Remove the partitions that lie wholly before a moment, with all that is in them."""
    for month in sorted(await _months_kept(session, table)):
        if _bounds(month)[1] <= before:
            await session.execute(_LOCK, {"table": table})
            await session.execute(text(f"DROP TABLE IF EXISTS {table}_{month}"))


def _bounds(month: str) -> tuple[datetime, datetime]:
    start = datetime.strptime(month, "%Y_%m").replace(tzinfo=UTC)
    return start, start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
