"""Live sessions for the pages to show."""

from typing import Any
from uuid import uuid4

from foodflow.kernel import clock
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.live.tables.sessions import LiveSession
from tests.make import everything


async def made_session(database: Database, *, company: str = "demo", **fields: Any) -> tuple[int, str]:  # noqa: ANN401 - columns
    """A session that is not started; returns its number and its join code."""
    now, code = clock.now(), uuid4().hex[:8].upper()
    usual: dict[str, Any] = {
        "title": "Hygiene on Monday",
        "status": "draft",
        "purpose": "toolbox_talk",
        "site": "",
        "qr_code": code,
        "admin_code": code[:6],
        "max_participants": 100,
        "admission": "anyone",
        "progression": "hand",
        "allows_late_join": True,
        "filters_nicknames": True,
        "shows_leaderboard": False,
        "participant_count": 0,
        "sequence": 0,
        "created_by": "user:1",
        "created_at": now,
        "updated_at": now,
    }
    async with tenant_transaction(database, everything(company)) as session:
        made = LiveSession(**usual | fields)
        session.add(made)
        await session.flush()
        return made.id, code
