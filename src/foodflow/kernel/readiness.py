"""Readiness: whether the database can be worked with, and waiting until it can."""

import asyncio

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from foodflow.kernel.revisions import has_reached

_POLL_SECONDS = 0.1
_REACHED = text("SELECT tree, revision FROM platform.revisions")


async def is_prepared(engine: AsyncEngine) -> bool:
    """Whether the database has reached the revisions that this code expects; false also where it does not answer."""
    try:
        async with engine.connect() as connection:
            reached = {row.tree: row.revision for row in await connection.execute(_REACHED)}
    except (SQLAlchemyError, OSError):
        return False
    return has_reached(reached)


async def prepared(engine: AsyncEngine) -> None:
    """Wait until the database is prepared: a part may be started before (or beside) whoever prepares it."""
    while not await is_prepared(engine):  # noqa: ASYNC110 - what is awaited happens in another process
        await asyncio.sleep(_POLL_SECONDS)
