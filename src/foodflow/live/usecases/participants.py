"""Deeds on participants: being there, leaving, being sent out and let in again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.live.queries import activities as activity_queries
from foodflow.live.queries import participants as queries
from foodflow.live.rules.participants import ParticipantRemoved, require_self_or_facilitator
from foodflow.live.rules.sessions import require_room
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.participants import LiveParticipant
from foodflow.live.usecases import turns


@dataclass(frozen=True, slots=True)
class Beat:
    """That a participant was there just now, and what is open in their session."""

    participant: LiveParticipant
    at: datetime
    current: LiveActivity | None


async def beat(session: AsyncSession, actor: Actor, id: int, context: dict[str, Any] | None) -> Beat:
    """Say that a participant is there, as they themselves or a facilitator may, with what they tell of themselves."""
    participant = await queries.participant(session, actor, id)
    require_self_or_facilitator(actor, id)
    if participant.removed_at is not None:
        raise ParticipantRemoved("this place was given up, or taken by a facilitator")
    now = clock.now()
    current = await activity_queries.current_activity(session, participant.session_id, now)
    await queries.see(session, id, now, context)
    return Beat(participant, now, current)


async def remove_participant(session: AsyncSession, actor: Actor, id: int) -> LiveParticipant:
    """Take a participant's place: a facilitator sends them out, or they leave by themselves and may come back. Their
    answers stay; again is no harm.
    """
    require_self_or_facilitator(actor, id)
    participant, live_session = await queries.participant_for_update(session, actor, id)
    if participant.removed_at is None:
        participant.removed_at, participant.removed_by = clock.now(), actor.id
        audit.record(session, actor, "live_participant.removed", id, session=live_session.id)
        live_session.participant_count -= 1
        turns.came(session, live_session.id)
        await turns.say(session, live_session.id, "participant.removed", participant_id=str(id))
    elif participant.removed_by != actor.id and actor.may("live.facilitate"):
        participant.removed_by = actor.id  # who had left by themselves does not come back
    return participant


async def readmit_participant(session: AsyncSession, actor: Actor, id: int) -> LiveParticipant:
    """Let in again whom a facilitator has sent out; who has a place keeps it."""
    participant, live_session = await queries.participant_for_update(session, actor, id)
    if participant.removed_at is not None:
        require_room(live_session.participant_count, live_session.max_participants)
        live_session.participant_count += 1
        participant.removed_at = participant.removed_by = None
        audit.record(session, actor, "live_participant.readmitted", id, session=live_session.id)
        turns.came(session, live_session.id)
        await turns.say(session, live_session.id, "participant.readmitted", participant_id=str(id))
    return participant
