"""Deeds on lines: setting them up, changing and removing them."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import unless_taken
from foodflow.kernel.preconditions import require_match
from foodflow.plant.queries import lines as queries
from foodflow.plant.rules.lines import SPEEDS, LineNotFound, require_speeds_in_order
from foodflow.plant.rules.shared import (
    MAX_NUMBER,
    InUse,
    Taken,
    require_name,
    require_own_site,
)
from foodflow.plant.tables.lines import ProductionLine


async def create_line(session: AsyncSession, actor: Actor, fields: dict[str, Any]) -> ProductionLine:
    """Set up a line at a site that the actor is for; its state is unknown until the first one is recorded."""
    require_own_site(actor, fields["plant_name"])
    require_speeds_in_order(fields.get("min_speed"), fields.get("design_speed"), fields.get("max_speed"))
    now = clock.now()
    line = ProductionLine(id=clock.new_id(), is_active=True, created_at=now, updated_at=now, **fields)
    async with unless_taken(session, Taken(f"there is a line {line.line_number} already")):
        session.add(line)
    audit.record(session, actor, "line.created", line.id, number=line.line_number)
    return line


async def find_or_create(session: AsyncSession, actor: Actor, number: str) -> ProductionLine:
    """The line of a number; one that does not exist yet is set up under that name."""
    require_name("line", number, longest=MAX_NUMBER)
    try:
        return await queries.line_numbered(session, actor, number)
    except LineNotFound:
        pass
    try:
        texts = dict.fromkeys(("description", "plant_name", "location"), "")
        return await create_line(session, actor, {"line_number": number, "name": number, **texts})
    except Taken:  # by somebody who set it up at the same time
        return await queries.line_numbered(session, actor, number)


async def change_line(session: AsyncSession, actor: Actor, id: UUID, changes: dict[str, Any]) -> ProductionLine:
    """Change what is known of a line; its state and its number have deeds (or none) of their own."""
    line = await queries.line_for_update(session, actor, id)
    require_match(session, line)
    require_own_site(actor, changes.get("plant_name", line.plant_name))
    for name, value in changes.items():
        setattr(line, name, value)
    if changes.keys() & SPEEDS:
        require_speeds_in_order(line.min_speed, line.design_speed, line.max_speed)
    line.updated_at = clock.now()
    audit.record(session, actor, "line.changed", line.id, **changes)
    return line


async def delete_line(session: AsyncSession, actor: Actor, id: UUID) -> None:
    """Remove a line of which nothing was ever recorded; refused where history would be lost."""
    line = await queries.line_for_update(session, actor, id)
    require_match(session, line)
    if await queries.line_has_history(session, id):
        raise InUse(f"line {line.line_number} has history; set is_active to false instead")
    audit.record(session, actor, "line.deleted", line.id, number=line.line_number)
    await session.delete(line)
