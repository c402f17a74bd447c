"""Deeds on the tree of reasons."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import unless_taken
from foodflow.kernel.preconditions import require_match
from foodflow.plant.queries import reasons as queries
from foodflow.plant.rules.reasons import (
    MAX_REASONS,
    ReasonInUse,
    TooManyReasons,
    require_all_sites,
    require_known_parent,
    require_no_circle,
)
from foodflow.plant.rules.shared import Taken
from foodflow.plant.tables.reasons import StopReason


async def create_reason(session: AsyncSession, actor: Actor, fields: dict[str, Any]) -> StopReason:
    """Hang a reason into the tree."""
    require_all_sites(actor.sites)
    there = await queries.reasons_for_update(session)
    if len(there) >= MAX_REASONS:
        raise TooManyReasons(f"there are {MAX_REASONS} reasons already")
    require_known_parent(dict.fromkeys(there), fields["parent_id"])
    now = clock.now()
    reason = StopReason(id=clock.new_id(), is_active=True, created_at=now, updated_at=now, **fields)
    async with unless_taken(session, Taken(f"there is a reason {reason.code} already")):
        session.add(reason)
    audit.record(session, actor, "stop_reason.created", reason.id, code=reason.code)
    return reason


async def change_reason(session: AsyncSession, actor: Actor, id: UUID, changes: dict[str, Any]) -> StopReason:
    """Change a reason, or hang it elsewhere with all below it; never below itself. Stops that have it keep what was
    said of them.
    """
    require_all_sites(actor.sites)
    there = await queries.reasons_for_update(session, id)
    reason = there[id]
    require_match(session, reason)
    parents = {each.id: each.parent_id for each in there.values()}
    if "parent_id" in changes:
        require_known_parent(parents, changes["parent_id"])
        require_no_circle(parents, id, changes["parent_id"])
    async with unless_taken(session, Taken(f"there is a reason {changes.get('code')} already")):
        for name, value in changes.items():
            setattr(reason, name, value)
        reason.updated_at = clock.now()
    audit.record(session, actor, "stop_reason.changed", reason.id, **changes)
    return reason


async def delete_reason(session: AsyncSession, actor: Actor, id: UUID) -> None:
    """Remove a reason that nothing has, and below which none hangs; another can only be taken out of use."""
    require_all_sites(actor.sites)
    reason = (await queries.reasons_for_update(session, id))[id]
    require_match(session, reason)
    if await queries.reason_is_used(session, id):
        raise ReasonInUse(f"reason {reason.code} is used, or others hang below it; set is_active to false instead")
    audit.record(session, actor, "stop_reason.deleted", reason.id, code=reason.code)
    await session.delete(reason)
