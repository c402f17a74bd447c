"""Old months: partitions that are dropped as a whole once all that is in them is too old."""

import re
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_MONTHS = text(
    "SELECT right(c.relname, 7) FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = to_regclass(:table) AND c.relname ~ '_[0-9]{4}_[0-9]{2}$' ORDER BY 1"
)
_BRIEFLY = text("SELECT set_config('lock_timeout', '3s', true)")
_MONTH = re.compile(r"[0-9]{4}_[0-9]{2}")


def bounds(month: str) -> tuple[datetime, datetime]:
    """From (with) and to (without) when a month (`2014_02`, in UTC) goes."""
    start = datetime.strptime(month, "%Y_%m").replace(tzinfo=UTC)
    return start, start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)


async def months_before(session: AsyncSession, table: str, moment: datetime) -> list[str]:
    """The months of a table that are over before a moment, in order."""
    months = await session.scalars(_MONTHS, {"table": table})
    return [month for month in months if bounds(month)[1] <= moment]


async def lock_briefly(session: AsyncSession, table: str) -> None:
    """Keep everybody else from a table until the transaction ends; gives up soon where others use it, because all who
    come after wait as well.
    """
    await session.execute(_BRIEFLY)
    await session.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))


async def drop(session: AsyncSession, table: str, month: str) -> None:
    """Drop a month of a table that is locked; the table's name is never a user's input."""
    if not _MONTH.fullmatch(month):
        message = f"{month!r} is no month"
        raise ValueError(message)
    await session.execute(text(f"DROP TABLE {table}_{month}"))
