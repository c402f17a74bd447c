"""What a facilitator does with the activities of a session, one after the other, and what the clock does for them.

Whoever does any of this locks the session first, then the activities.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.live.queries import activities as queries
from foodflow.live.queries import sessions as session_queries
from foodflow.live.rules.activity_states import ActivityState, require_active, require_openable, state_at
from foodflow.live.rules.progression import ClockDeed, Due, require_question_left
from foodflow.live.rules.sessions import SessionNotFound, require_going_on
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.sessions import LiveSession
from foodflow.live.usecases import opening, turns
from foodflow.live.usecases.activities import faults_of, require_configuration

_MOST_AT_ONCE = 200
"""Steps that the clock takes in a session in one go; each opens or closes something, so there are never so many."""


async def open_activity(session: AsyncSession, actor: Actor, id: UUID) -> LiveActivity:
    """Open an activity of a session that goes on, and close whichever was open; one that is over is opened anew."""
    activity, live_session = await queries.activity_for_update(session, actor, id)
    now = clock.now()
    require_going_on(live_session.status)
    require_openable(state_at(activity.state, activity.expires_at, now))
    require_configuration(faults_of(activity.type, activity.config))
    for other in await queries.active_for_update(session, activity.session_id):
        if other.id != id:
            await opening.enter(session, other, ActivityState.EXPIRED, now)
    audit.record(session, actor, "live_activity.opened", id, session=activity.session_id)
    await opening.enter(session, activity, ActivityState.ACTIVE, now)
    return activity


async def close_activity(session: AsyncSession, actor: Actor, id: UUID) -> LiveActivity:
    """Close an open activity; one whose time is over already is closed as well."""
    activity, _ = await queries.activity_for_update(session, actor, id)
    require_active(ActivityState(activity.state))
    audit.record(session, actor, "live_activity.closed", id, session=activity.session_id)
    await opening.enter(session, activity, ActivityState.EXPIRED, clock.now())
    return activity


async def open_next_question(session: AsyncSession, actor: Actor, id: UUID) -> LiveActivity:
    """Open the next question of an open activity."""
    activity, now = await _open_activity(session, actor, id)
    require_question_left(activity.step, opening.steps_of(activity))
    audit.record(session, actor, "live_activity.question_opened", id, step=activity.step + 1)
    await opening.open_question(session, activity, activity.step + 1, now)
    return activity


async def reveal_solution(session: AsyncSession, actor: Actor, id: UUID) -> LiveActivity:
    """Close the open question of an activity and show its solution; again is no harm."""
    activity, now = await _open_activity(session, actor, id)
    if not activity.is_revealed:
        audit.record(session, actor, "live_activity.revealed", id, step=activity.step)
        await opening.reveal(session, activity, now)
    return activity


async def show_results(session: AsyncSession, actor: Actor, id: UUID, *, shown: bool) -> LiveActivity:
    """Show an activity's results to everybody, or hide them; again is no harm."""
    activity, _ = await queries.activity_for_update(session, actor, id)
    if activity.shows_results != shown:
        activity.shows_results, activity.updated_at = shown, clock.now()
        audit.record(session, actor, "live_activity.results_shown", id, shown=shown)
        said = "results.shown" if shown else "results.hidden"
        await turns.say(session, activity.session_id, said, activity_id=str(id))
    return activity


async def open_next(session: AsyncSession, actor: Actor, session_id: int) -> LiveActivity | None:
    """Close the open activity of a session that goes on, and open the next one in order; None where none is left."""
    live_session = await session_queries.live_session_for_update(session, actor, session_id)
    require_going_on(live_session.status)
    now = clock.now()
    opened = await _lead_on(session, session_id, now)
    audit.record(session, actor, "live_session.led_on", session_id, activity=None if opened is None else opened.id)
    return opened


async def close_due(session: AsyncSession, actor: Actor, session_id: int, now: datetime) -> datetime | None:
    """Do all that the clock has to do in a session by now: close what is over and, where the clock leads on, reveal,
    and open the next question or activity. Returns when it has something to do next, or None. Safe to repeat, and at
    the same time as itself.
    """
    try:
        live_session = await session_queries.live_session_for_update(session, actor, session_id)
    except SessionNotFound:
        return None
    for _ in range(_MOST_AT_ONCE):
        found = await _first_due(session, live_session)
        if found is None:
            return None
        activity, next_deed = found
        if next_deed.at > now:
            return next_deed.at
        await _do(session, live_session, activity, next_deed.deed, now=now)
    return now


async def _open_activity(session: AsyncSession, actor: Actor, id: UUID) -> tuple[LiveActivity, datetime]:
    activity, _ = await queries.activity_for_update(session, actor, id)
    now = clock.now()
    require_active(state_at(activity.state, activity.expires_at, now))
    return activity, now


async def _lead_on(session: AsyncSession, session_id: int, now: datetime) -> LiveActivity | None:
    """Close all that is open, and open what comes after the last of it."""
    open_ones = await queries.active_for_update(session, session_id)
    for activity in open_ones:
        await opening.enter(session, activity, ActivityState.EXPIRED, now)
    upcoming = await queries.next_for_update(session, session_id, open_ones[-1] if open_ones else None)
    if upcoming is not None:
        require_configuration(faults_of(upcoming.type, upcoming.config))
        await opening.enter(session, upcoming, ActivityState.ACTIVE, now)
    return upcoming


async def _first_due(session: AsyncSession, live_session: LiveSession) -> tuple[LiveActivity, Due] | None:
    return opening.first_due(live_session, await queries.active_for_update(session, live_session.id))


async def _do(
    session: AsyncSession, live_session: LiveSession, activity: LiveActivity, deed: ClockDeed, *, now: datetime
) -> None:
    match deed:
        case ClockDeed.REVEAL:
            await opening.reveal(session, activity, now)
        case ClockDeed.NEXT_QUESTION:
            await opening.open_question(session, activity, activity.step + 1, now)
        case ClockDeed.CLOSE:
            await opening.enter(session, activity, ActivityState.EXPIRED, now)
            if opening.goes_by_clock(live_session):
                await _open_after(session, activity, now)


async def _open_after(session: AsyncSession, last: LiveActivity, now: datetime) -> None:
    """Open what comes next; what cannot be led waits for a facilitator, and all after it."""
    upcoming = await queries.next_for_update(session, last.session_id, last)
    if upcoming is not None and not faults_of(upcoming.type, upcoming.config):
        await opening.enter(session, upcoming, ActivityState.ACTIVE, now)
