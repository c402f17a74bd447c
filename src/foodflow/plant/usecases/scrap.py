"""Deeds on scrap: reporting it, and keeping the reasons for it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock, events
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import unless_taken
from foodflow.kernel.preconditions import require_match
from foodflow.numerics.batch_costs import shares
from foodflow.plant.events.batches import ScrapDetected
from foodflow.plant.queries import batches as batch_queries
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.queries import scrap as queries
from foodflow.plant.queries.scrap import ScrapFor
from foodflow.plant.rules.scrap import require_unused
from foodflow.plant.rules.shared import Taken, window
from foodflow.plant.tables.batches import ProductionCount
from foodflow.plant.tables.scrap import ScrapReason
from foodflow.plant.usecases import costs, counts
from foodflow.plant.usecases.batches import named
from foodflow.plant.usecases.counts import Report, Scrapped


@dataclass(frozen=True, slots=True)
class ScrapShare:
    """Scrap for a reason, its share of all and that of it and all bigger ones (0 to 1)."""

    scrap: ScrapFor
    share: float
    cumulative_share: float


async def report_scrap(  # noqa: PLR0913 - how much of which batch was scrapped, when, why and with what known of it
    session: AsyncSession,
    actor: Actor,
    batch_id: UUID,
    *,
    quantity: Decimal,
    at: datetime | None,
    reason: str,
    source_id: str | None,
    details: Scrapped,
) -> ProductionCount:
    """Report that items of a batch are scrap. That is a count of scrap with what is known of it: reported here, it is
    not to be counted again.
    """
    batch = await batch_queries.batch(session, actor, batch_id)
    line = await line_queries.line_for_update(session, actor, batch.line_id)
    report = Report(scrap=quantity, at=at, batch_id=batch_id, scrap_reason=reason, source_id=source_id, details=details)
    count, is_new = await counts.record_on(session, actor, line, report)
    if is_new:
        told = ScrapDetected(
            **named(batch, line),
            count_id=count.id,
            quantity=float(quantity),
            scrap_type=details.scrap_type,
            scrap_reason=reason,
            severity=details.severity,
        )
        events.tell(session, told)
    return count


async def by_reason(  # noqa: PLR0913 - whatever scrap is asked for by
    session: AsyncSession,
    actor: Actor,
    *,
    batch_id: UUID | None = None,
    line_id: UUID | None = None,
    product_code: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> list[ScrapShare]:
    """Scrap by reason, most of it first (Pareto): of a batch, or else of a window, by default the last 24 hours."""
    if line_id is not None:
        await line_queries.line(session, actor, line_id)
    first, last = (None, None) if batch_id is not None else window(start, end, clock.now())
    found = await queries.by_reason(
        session, actor, batch_id=batch_id, line_id=line_id, product_code=product_code, start=first, end=last
    )
    parts = shares(each.quantity for each in found)
    return [ScrapShare(each, *part) for each, part in zip(found, parts, strict=True)]


async def create_reason(session: AsyncSession, actor: Actor, fields: dict[str, Any]) -> ScrapReason:
    """Set up a reason for scrap."""
    now = clock.now()
    reason = ScrapReason(id=clock.new_id(), is_active=True, created_at=now, updated_at=now, **fields)
    if reason.unit_cost is not None:
        reason.currency = await costs.currency(session)
    async with unless_taken(session, Taken(f"there is a scrap reason {reason.code} already")):
        session.add(reason)
    audit.record(session, actor, "scrap_reason.created", reason.id, code=reason.code)
    return reason


async def change_reason(session: AsyncSession, actor: Actor, id: UUID, changes: dict[str, Any]) -> ScrapReason:
    """Change a scrap reason. A new unit cost holds for scrap that is counted from now on."""
    reason = await queries.reason_for_update(session, id)
    require_match(session, reason)
    for name, value in changes.items():
        setattr(reason, name, value)
    if changes.get("unit_cost") is not None:
        reason.currency = await costs.currency(session)
    reason.updated_at = clock.now()
    audit.record(session, actor, "scrap_reason.changed", reason.id, **changes)
    return reason


async def delete_reason(session: AsyncSession, actor: Actor, id: UUID) -> None:
    """Remove a reason that nothing was scrapped for."""
    reason = await queries.reason_for_update(session, id)
    require_match(session, reason)
    require_unused(reason.code, is_used=await queries.is_used(session, reason.code))
    audit.record(session, actor, "scrap_reason.deleted", reason.id, code=reason.code)
    await session.delete(reason)
