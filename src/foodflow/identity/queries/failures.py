"""Failures at the door, counted for what they were tried with."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, case, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.rules.lockouts import FORGOTTEN_AFTER
from foodflow.identity.tables import Failure
from foodflow.kernel import clock


async def locked_until(session: AsyncSession, subjects: Iterable[bytes]) -> datetime | None:
    """Until when the last of these subjects is locked, if any ever was."""
    return await session.scalar(select(func.max(Failure.locked_until)).where(Failure.subject.in_(subjects)))


async def one_more_for_update(session: AsyncSession, subjects: Iterable[bytes]) -> Sequence[Failure]:
    """Count one more failure of each subject, from one again where the last is long ago; the rows stay locked."""
    now = clock.now()
    rows = [{"subject": subject, "count": 1, "last_at": now} for subject in sorted(subjects)]
    adding = insert(Failure).values(rows)
    again = case((Failure.last_at < now - FORGOTTEN_AFTER, 1), else_=Failure.count + 1)
    counting = adding.on_conflict_do_update(
        index_elements=[Failure.subject], set_={"count": again, "last_at": adding.excluded.last_at}
    )
    counted = await session.scalars(counting.returning(Failure), execution_options={"populate_existing": True})
    return counted.all()


async def failures_for_update(session: AsyncSession, subjects: Iterable[bytes]) -> Sequence[Failure]:
    """What has been counted for these subjects, locked in the order in which it is counted."""
    found = select(Failure).where(Failure.subject.in_(subjects)).order_by(Failure.subject)
    return (await session.scalars(found.with_for_update())).all()


async def forget_old(session: AsyncSession, *, limit: int) -> int:
    """Remove some failures that are too old to count; returns how many."""
    old = select(Failure.subject).where(Failure.last_at < clock.now() - FORGOTTEN_AFTER - timedelta(hours=1))
    chosen = old.order_by(Failure.last_at).limit(limit).with_for_update(skip_locked=True)
    removed = await session.execute(delete(Failure).where(Failure.subject.in_(chosen)))
    return removed.rowcount if isinstance(removed, CursorResult) else 0
