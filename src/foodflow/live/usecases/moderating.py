"""Moderation: letting an answer through, or not, and marking a question as answered."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit
from foodflow.kernel.actor import Actor
from foodflow.live.queries import responses as queries
from foodflow.live.rules.moderation import SAID, Verdict, after, require_moderated
from foodflow.live.tables.responses import LiveResponse
from foodflow.live.usecases import counting, turns


async def moderate(session: AsyncSession, actor: Actor, id: UUID, verdict: Verdict) -> LiveResponse:
    """Decide on a response, which counts and is shown from then on, or no longer; the same verdict again changes
    nothing.
    """
    held = await counting.hold(session, actor, id, to_tell=True)
    old = queries.kept_of(held.row)
    require_moderated(verdict, is_counted=old.is_counted, is_listed=old.is_listed)
    status, data = after(verdict, old.status, old.data)
    if (status, data) == (old.status, old.data):
        return held.row
    await counting.alter(session, held, replace(old, status=status, data=data))
    audit.record(session, actor, f"live_response.{SAID[verdict]}", id, activity=held.activity.id)
    told = {"response_id": str(id), "activity_id": str(held.activity.id), "verdict": SAID[verdict]}
    await turns.say(session, held.activity.session_id, "response.moderated", **told)
    return held.row
