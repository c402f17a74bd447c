"""Keeping events: added in the order of the relay, removed when they are older than the company wants them."""

import json
from collections.abc import Sequence
from datetime import UTC, timedelta

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.kernel.event_log.tables import MONTHLY, LogHead
from foodflow.kernel.events import Envelope
from foodflow.kernel.partitions import ensure_months, remove_months_before

_TAKE = text("UPDATE event_log_head SET position = position + :count RETURNING position - :count")
_KEEP = text(
    "INSERT INTO kept_events (id, time, position, sequence, type, subject, needs, site, data)"
    " SELECT (e ->> 'id')::uuid, (e ->> 'time')::timestamptz, :before + place, (e ->> 'sequence')::bigint,"
    " e ->> 'type', e ->> 'subject', e ->> 'needs', e ->> 'site', e -> 'data'"
    " FROM jsonb_array_elements(CAST(:told AS jsonb)) WITH ORDINALITY AS t (e, place)"
    " ON CONFLICT DO NOTHING"
)
_FORGET = text("DELETE FROM kept_events WHERE time < :before")


async def keep(session: AsyncSession, envelopes: Sequence[Envelope]) -> int:
    """Add events to the log of the session's company; returns the position before the first of them."""
    await ensure_months(session, MONTHLY, {f"{each.time.astimezone(UTC):%Y_%m}" for each in envelopes})
    before: int = (await session.scalars(_TAKE, {"count": len(envelopes)})).one()
    told = [
        {"id": str(each.id), "time": each.time.isoformat(), "sequence": each.sequence, "type": each.type}
        | {"subject": each.subject, "needs": each.needs, "site": each.site, "data": each.data}
        for each in envelopes
    ]
    await session.execute(_KEEP, {"told": json.dumps(told), "before": before})
    return before


async def keep_days(session: AsyncSession) -> int:
    """For how many days the company keeps its events."""
    return (await session.scalars(select(LogHead.keep_days))).one()


async def change_keep_days(session: AsyncSession, actor: Actor, days: int) -> int:
    """Keep events for so many days from now on; what is older is removed in the following night."""
    head = (await session.scalars(select(LogHead).with_for_update())).one()
    audit.record(session, actor, "event_log.changed", "event_log", keep_days=days, before=head.keep_days)
    head.keep_days = days
    await session.flush()
    return days


async def forget(database: Database, actor: Actor) -> None:
    """Remove the events of a company that are older than it keeps them: whole months first, then the rest."""
    async with tenant_transaction(database, actor) as session:
        before = clock.now() - timedelta(days=await keep_days(session))
        await remove_months_before(session, MONTHLY, before)
        await session.execute(_FORGET, {"before": before})
