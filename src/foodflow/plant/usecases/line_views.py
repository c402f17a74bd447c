"""A line as its page shows it: what it does now, its shifts, its losses, and why it stood."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.plant.queries import lines as queries


@dataclass(frozen=True, slots=True)
class NamedLine:
    """A line in service by its number and name."""

    id: UUID
    number: str
    name: str


async def named_lines(session: AsyncSession, actor: Actor) -> Sequence[NamedLine]:
    """The lines in service, by number."""
    return [NamedLine(line.id, line.line_number, line.name) for line in await queries.all_lines(session, actor)]
