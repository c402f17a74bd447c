"""Coming into a session: a nickname of one's own, a place as long as there are some, and one's own place again."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.live.queries import activities as activity_queries
from foodflow.live.queries import participants as queries
from foodflow.live.queries import sessions as session_queries
from foodflow.live.rules.nicknames import candidates, is_fit, neutral
from foodflow.live.rules.participants import (
    NicknameTaken,
    NicknameUnfit,
    participation_of,
    person_of,
    require_may_return,
)
from foodflow.live.rules.sessions import (
    SessionClosed,
    SessionFull,
    SessionNotFound,
    SessionStatus,
    SessionUnknown,
    may_come_in,
    require_admitted,
    require_room,
)
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.participants import LiveParticipant
from foodflow.live.tables.sessions import LiveSession
from foodflow.live.usecases import turns


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody's place, the session as it is with them in it, and what is open there."""

    participant: LiveParticipant
    live_session: LiveSession
    current: LiveActivity | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Whether a nickname can be had, and another one where it cannot."""

    available: bool
    suggested_nickname: str | None


async def join(session: AsyncSession, actor: Actor, id: int, nickname: str, *, resumes: bool = False) -> Joined:
    """Take a place in a session under a nickname, or under the nickname with a number where it is taken. Who brings the
    token of a place has that one; so has, with `resumes`, who is signed in and has one already.
    """
    try:
        live_session = await session_queries.admitting_session(session, actor, id)
    except SessionNotFound:
        raise SessionUnknown("Session not found") from None
    return await _join(session, actor, live_session, nickname, resumes=resumes)


async def join_by_code(session: AsyncSession, actor: Actor, code: str, nickname: str, *, resumes: bool) -> Joined:
    """The same for the session that a join code leads to, however it was typed."""
    live_session = await session_queries.session_of_join_code(session, actor, code.strip().upper())
    require_admitted(actor, live_session.id, live_session.admission)
    return await _join(session, actor, live_session, nickname, resumes=resumes)


async def suggest(session: AsyncSession, actor: Actor, id: int, nickname: str) -> Suggestion:
    """Whether a nickname can be had in a session, and which one could be instead; in a session that does not exist,
    nothing is taken.
    """
    try:
        live_session = await session_queries.admitting_session(session, actor, id)
    except SessionNotFound:
        return Suggestion(available=True, suggested_nickname=None)
    if live_session.filters_nicknames and not is_fit(nickname):
        free = await queries.first_free(session, id, neutral(live_session.participant_count + 1))
        return Suggestion(available=False, suggested_nickname=free)
    free = await queries.first_free(session, id, candidates(nickname))
    is_free = free == nickname
    return Suggestion(available=is_free, suggested_nickname=None if is_free else free)


async def _join(
    session: AsyncSession, actor: Actor, live_session: LiveSession, nickname: str, *, resumes: bool
) -> Joined:
    own = await _own_place(session, actor, live_session.id, resumes=resumes)
    if own is not None:
        return await _return(session, actor, own, live_session)
    _require_open(live_session)
    if live_session.filters_nicknames and not is_fit(nickname):
        raise NicknameUnfit
    now = clock.now()
    names, person = candidates(nickname), person_of(actor)
    participant = await queries.place(session, live_session.id, names, actor=person, now=now)
    if participant is None:
        raise NicknameTaken("this nickname is taken, and so is every other that would be like it")
    current = await activity_queries.current_activity(session, live_session.id, now)
    turns.came(session, live_session.id)
    counted = await session_queries.count_in(session, live_session.id)
    if counted is None:
        raise await _refusal(session, actor, live_session.id)
    return Joined(participant, counted, current)


async def _own_place(session: AsyncSession, actor: Actor, id: int, *, resumes: bool) -> LiveParticipant | None:
    place, person = participation_of(actor), person_of(actor)
    if place is not None and place.session_id == id:
        return await queries.participant(session, actor, place.participant_id)
    if resumes and person:
        return await queries.place_of_person(session, id, person)
    return None


async def _return(session: AsyncSession, actor: Actor, own: LiveParticipant, live_session: LiveSession) -> Joined:
    """The place that somebody has already; who gave it up has it back, who was sent out has not."""
    now = clock.now()
    current = await activity_queries.current_activity(session, live_session.id, now)
    if own.removed_at is not None:
        own, live_session = await queries.participant_for_update(session, actor, own.id)
        require_may_return(own.id, own.removed_by)
        require_room(live_session.participant_count, live_session.max_participants)
        live_session.participant_count += 1
        own.removed_at = own.removed_by = None
        turns.came(session, live_session.id)
    await queries.see(session, own.id, now, None)
    return Joined(own, live_session, current)


def _require_open(live_session: LiveSession) -> None:
    """Send away whom nothing has to be asked about; what changes meanwhile is found when they are counted in."""
    if not may_come_in(live_session.status, allows_late_join=live_session.allows_late_join):
        is_over = live_session.status == SessionStatus.COMPLETED
        raise SessionClosed("the session is over" if is_over else "the session has begun, and takes nobody who is late")
    require_room(live_session.participant_count, live_session.max_participants)


async def _refusal(session: AsyncSession, actor: Actor, id: int) -> SessionClosed | SessionFull:
    """Why nobody comes in any more, though somebody could a moment ago."""
    try:
        _require_open(await session_queries.live_session_now(session, actor, id))
    except (SessionClosed, SessionFull) as refusal:
        return refusal
    except SessionNotFound:
        return SessionClosed("Session not found")
    return SessionFull("Session is full")
