"""Reading the audit trail of the session's company, newest entries first."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import Row, Select, column, select, table
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.audit.schemas import EntriesWanted
from foodflow.kernel.errors import NotFound

_entries = table("audit_entries", *map(column, ("sequence", "at", "actor", "action", "subject", "details", "hash")))
_ALL = select(*_entries.c).order_by(_entries.c.sequence.desc())

Entries = Sequence[Row[Any]]


class EntryNotFound(NotFound):
    """No such entry in this company's trail."""

    code = "audit.entry_not_found"


async def entry(session: AsyncSession, sequence: int) -> Row[Any]:
    """An entry, or a refusal."""
    found = (await session.execute(_ALL.where(_entries.c.sequence == sequence))).one_or_none()
    if found is None:
        raise EntryNotFound(f"there is no entry {sequence}")
    return found


async def entries(session: AsyncSession, wanted: EntriesWanted) -> tuple[Entries, int | None]:
    """A page of entries, and what the next page lies before (None: this is the last one)."""
    found = _of(wanted)
    if wanted.before is not None:
        found = found.where(_entries.c.sequence < wanted.before)
    rows = (await session.execute(found.limit(wanted.page_size + 1))).all()
    page = rows[: wanted.page_size]
    return page, page[-1].sequence if len(rows) > len(page) else None


async def all_entries(session: AsyncSession, wanted: EntriesWanted, *, at_once: int) -> AsyncIterator[Entries]:
    """All wanted entries, so many at once."""
    rows = await session.stream(_of(wanted).execution_options(yield_per=at_once))
    async for part in rows.partitions():
        yield part


def _of(wanted: EntriesWanted) -> Select[Any]:
    found = _ALL
    for name in ("actor", "action", "subject"):
        if (sought := getattr(wanted, name)) is not None:
            found = found.where(_entries.c[name] == sought)
    if wanted.at__gte is not None:
        found = found.where(_entries.c.at >= wanted.at__gte)
    if wanted.at__lt is not None:
        found = found.where(_entries.c.at < wanted.at__lt)
    return found
