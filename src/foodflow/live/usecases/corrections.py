"""Deeds of facilitators on what was answered: correcting one response, deleting it, and clearing them all for another
vote.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.live.queries import responses as queries
from foodflow.live.rules.activities.kind import AnswerRefused, Json
from foodflow.live.rules.activity_states import ActivityState
from foodflow.live.rules.recording import until
from foodflow.live.rules.responses import Kept, Submission, kept, kept_only, require_storable
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.responses import LiveResponse
from foodflow.live.usecases import counting, turns
from foodflow.live.usecases.counting import Held
from foodflow.live.usecases.reading import around, read


async def correct(session: AsyncSession, actor: Actor, id: UUID, *, data: Json) -> LiveResponse:
    """Replace what was answered as a whole; it counts where the activity's kind reads it, open or not, unless another
    answer stands in its place.
    """
    require_storable(data)
    held = await counting.hold(session, actor, id)
    audit.record(session, actor, "live_response.corrected", id, activity=held.activity.id)
    await counting.alter(session, held, await _corrected(session, held, data))
    return held.row


async def delete(session: AsyncSession, actor: Actor, id: UUID) -> None:
    """Delete a response; it counts no longer."""
    held = await counting.hold(session, actor, id)
    audit.record(session, actor, "live_response.deleted", id, activity=held.activity.id)
    await counting.alter(session, held, None)


async def clear(session: AsyncSession, actor: Actor, activity_id: UUID, *, open_question_only: bool) -> LiveActivity:
    """Let no answer to an activity count any longer, or none to its open question, so that everybody answers anew; what
    was answered stays kept.
    """
    activity = await queries.activity_for_update(session, actor, activity_id)
    await queries.uncount_all(session, activity, open_question_only=open_question_only)
    await counting.recount(session, activity)
    _open_anew(activity, clock.now())
    details = {"step": activity.step} if open_question_only else {}
    audit.record(session, actor, "live_activity.cleared", activity.id, session=activity.session_id, **details)
    await turns.say(session, activity.session_id, "activity.changed", activity_id=str(activity.id))
    return activity


async def _corrected(session: AsyncSession, held: Held, data: Json) -> Kept:
    """A response with other data: as its kind keeps it, or as it was sent."""
    row, activity = held.row, held.activity
    given = Submission(row.id, row.participant_id, data, row.created_at)
    as_sent = kept_only(given, activity_id=activity.id, at=row.created_at)
    reading = read(activity)
    if reading is None:
        return as_sent
    known = await around(session, activity, reading, [given], places={held.place.id: held.place})
    others = known.filled[row.participant_id]
    if row.is_counted:
        del others[row.slot]
    try:
        found = reading.read(data, replace(reading.asked(given, held.place, known), streak=0))
    except AnswerRefused:
        return as_sent
    return as_sent if found.slot in others else kept(given, found, activity_id=activity.id, at=row.created_at)


def _open_anew(activity: LiveActivity, now: datetime) -> None:
    """Begin the open question once more, with all of its time."""
    reading = read(activity)
    if activity.state != ActivityState.ACTIVE or reading is None:
        return
    seconds = reading.seconds_of(activity.step)
    activity.step_opened_at, activity.is_revealed, activity.updated_at = now, False, now
    activity.closes_at = until(now, seconds=seconds, expires_at=activity.expires_at)
