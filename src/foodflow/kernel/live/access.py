"""Changes of who may what: told to every process, so that open streams are looked at again at once."""

import json

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

CHANNEL = "foodflow_access"
"""Only the login role notifies on it, out of transactions on the directory."""

_NOTIFY = text("SELECT pg_notify(:channel, :payload)")


async def changed(session: AsyncSession, *, actor: str = "", tenant: str = "", credential: str = "") -> None:
    """Say that what somebody may has changed or ended, once this transaction commits: of an actor (`user:17`), of
    everybody in a company, or of a credential (`key:<id>`); what is left empty is not narrowed down.
    """
    payload = json.dumps({"actor": actor, "tenant": tenant, "credential": credential})
    await session.execute(_NOTIFY, {"channel": CHANNEL, "payload": payload})
