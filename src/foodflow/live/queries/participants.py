"""Participants of live sessions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from psycopg.errors import ForeignKeyViolation
from sqlalchemy import Select, Text, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.live.queries import sessions as session_queries
from foodflow.live.rules.participants import ParticipantNotFound, ParticipantRole
from foodflow.live.rules.sessions import LARGEST_ID, SessionNotFound, SessionUnknown
from foodflow.live.tables.participants import LiveParticipant
from foodflow.live.tables.sessions import LiveSession

_FREE: Final = (
    " FROM unnest(CAST(:candidates AS text[])) WITH ORDINALITY AS candidate (nickname, place)"
    " WHERE NOT EXISTS (SELECT FROM live_participants AS p"
    " WHERE p.session_id = :session_id AND p.nickname = candidate.nickname) ORDER BY candidate.place LIMIT 1"
)
_FIRST_FREE = text(f"SELECT candidate.nickname{_FREE}")
# Whoever takes a nickname that somebody else is just taking waits until they have it, and then gets none from here.
_PLACE = text(
    "INSERT INTO live_participants (session_id, nickname, actor, role, score, streak, correct, answered, joined_at,"
    " last_seen) SELECT CAST(:session_id AS integer), candidate.nickname, CAST(:actor AS text), CAST(:role AS text),"
    f" 0, 0, 0, 0, CAST(:now AS timestamptz), CAST(:now AS timestamptz){_FREE}"
    " ON CONFLICT (session_id, nickname) DO NOTHING RETURNING live_participants.*"
)
_PLACED = select(LiveParticipant).from_statement(_PLACE)
_LOCK = text(
    "SELECT pg_advisory_xact_lock(hashtext('live ' || current_schema() || CAST(:session_id AS text)),"
    " hashtext(CAST(:name AS text)))"
)


async def participant(session: AsyncSession, actor: Actor, id: int) -> LiveParticipant:
    """A participant of a session that exists for an actor, or a refusal; those sent out are found too."""
    found = await session.get(LiveParticipant, id) if abs(id) <= LARGEST_ID else None
    return await _of_own_session(session, actor, found)


async def participant_for_update(session: AsyncSession, actor: Actor, id: int) -> tuple[LiveParticipant, LiveSession]:
    """A participant and their session as they are now, both locked until the transaction ends, the session first; or a
    refusal.
    """
    found = await participant(session, actor, id)
    live_session = await session_queries.live_session_for_update(session, actor, found.session_id)
    locked = await session.get(LiveParticipant, id, with_for_update=session_queries.NO_KEY, populate_existing=True)
    if locked is None:
        raise ParticipantNotFound("Participant not found")
    return locked, live_session


async def page_of_participants(
    session: AsyncSession, session_id: int, *, offset: int, limit: int
) -> Sequence[LiveParticipant]:
    """Those who have a place in a session, in the order in which they came."""
    found = _present(select(LiveParticipant), session_id).order_by(LiveParticipant.joined_at, LiveParticipant.id)
    return (await session.scalars(found.offset(min(offset, LARGEST_ID)).limit(limit))).all()


async def removed_from(session: AsyncSession, session_id: int, *, limit: int) -> Sequence[LiveParticipant]:
    """Those who had a place in a session and have none any more, the latest first."""
    found = select(LiveParticipant).where(
        LiveParticipant.session_id == session_id, LiveParticipant.removed_at.is_not(None)
    )
    order = (LiveParticipant.removed_at.desc(), LiveParticipant.id.desc())
    return (await session.scalars(found.order_by(*order).limit(limit))).all()


async def first_free(session: AsyncSession, session_id: int, candidates: Sequence[str]) -> str | None:
    """The first of some nicknames that nobody has in a session, or None."""
    values = {"session_id": session_id, "candidates": list(candidates)}
    free: str | None = await session.scalar(_FIRST_FREE, values)
    return free


async def place(
    session: AsyncSession, session_id: int, candidates: Sequence[str], *, actor: str, now: datetime
) -> LiveParticipant | None:
    """Give somebody a place in a session under the first of some nicknames that is free, or None where none is. Those
    who want the same one at the same time follow each other until their commits.
    """
    values = {"session_id": session_id, "actor": actor, "role": ParticipantRole.PARTICIPANT, "now": now}
    for _ in candidates:
        placed = await _placed(session, {**values, "candidates": list(candidates)})
        if placed is not None:
            return placed
        await session.execute(_LOCK, {"session_id": session_id, "name": f"nickname {candidates[0]}"})
        if await first_free(session, session_id, candidates) is None:
            return None
    return None


async def place_of_person(session: AsyncSession, session_id: int, actor: str) -> LiveParticipant | None:
    """The place that somebody of the company has in a session, or None; from here on until the transaction ends, nobody
    else asks this for them.
    """
    await session.execute(_LOCK, {"session_id": session_id, "name": actor})
    # The index knows nobody without a name, which the statement has to say too.
    theirs = select(LiveParticipant).where(
        LiveParticipant.session_id == session_id,
        LiveParticipant.actor == literal(actor, Text),
        LiveParticipant.actor != "",
    )
    return await session.scalar(theirs.order_by(LiveParticipant.id).limit(1))


async def see(session: AsyncSession, id: int, now: datetime, context: dict[str, Any] | None) -> None:
    """Keep that a participant was there, and what they told of themselves where they told something."""
    told: dict[str, Any] = {"activity_context": literal(context, JSONB)} if context else {}
    await session.execute(update(LiveParticipant).where(LiveParticipant.id == id).values(last_seen=now, **told))


async def _placed(session: AsyncSession, values: dict[str, Any]) -> LiveParticipant | None:
    try:
        return (await session.scalars(_PLACED, values)).one_or_none()
    except IntegrityError as error:
        if isinstance(error.orig, ForeignKeyViolation):  # the session was removed just now
            raise SessionUnknown("Session not found") from error
        raise


async def _of_own_session(session: AsyncSession, actor: Actor, found: LiveParticipant | None) -> LiveParticipant:
    try:
        if found is not None:
            await session_queries.admitting_session(session, actor, found.session_id)
            return found
    except SessionNotFound:
        pass
    raise ParticipantNotFound("Participant not found")


def _present(statement: Select[Any], session_id: int) -> Select[Any]:
    return statement.where(LiveParticipant.session_id == session_id, LiveParticipant.removed_at.is_(None))


async def count_present(session: AsyncSession, session_id: int) -> int:
    """How many have a place in a session."""
    return await session.scalar(_present(select(func.count()).select_from(LiveParticipant), session_id)) or 0
