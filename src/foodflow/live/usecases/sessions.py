"""Deeds on live sessions: making, changing and removing them, and leading them from their beginning to their end."""

import secrets
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock, events
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import unless_taken
from foodflow.live.events.sessions import SessionCompleted, SessionStarted
from foodflow.live.queries import activities as activity_queries
from foodflow.live.queries import sessions as queries
from foodflow.live.rules.activity_states import ActivityState
from foodflow.live.rules.sessions import (
    ADMIN_CODE,
    CODE_LETTERS,
    JOIN_CODE,
    NoCodeFree,
    SessionDeed,
    SessionStatus,
    move,
    require_own_site,
)
from foodflow.live.tables.sessions import LiveSession
from foodflow.live.usecases import opening, training, turns

_DRAWS: Final = 5
"""How often codes are drawn before it is given up; two of the shorter ones are alike in a company about never."""


async def create_session(session: AsyncSession, actor: Actor, fields: dict[str, Any]) -> LiveSession:
    """Make a live session, which is a draft, with codes of its own."""
    require_own_site(actor, fields["site"])
    now = clock.now()
    made = await _with_codes(session, {**fields, "created_by": actor.id, "created_at": now, "updated_at": now})
    audit.record(session, actor, "live_session.created", made.id, title=made.title)
    return made


async def change_session(session: AsyncSession, actor: Actor, id: int, changes: dict[str, Any]) -> LiveSession:
    """Change a session as the contract's clients do: any of its fields, its status from anything to anything."""
    found = await queries.live_session_for_update(session, actor, id)
    now, status = clock.now(), changes.pop("status", None)
    for name, value in changes.items():
        setattr(found, name, value)
    found.updated_at = now
    audit.record(session, actor, "live_session.changed", id, **changes, **({"status": status} if status else {}))
    if status is None or status == found.status:
        await turns.say(session, id, "session.changed")
    else:
        await _enter(session, actor, found, status=status, now=now)
    return found


async def delete_session(session: AsyncSession, actor: Actor, id: int) -> None:
    """Remove a session with all that belongs to it; records of training stay."""
    found = await queries.live_session_for_update(session, actor, id)
    audit.record(session, actor, "live_session.deleted", id, title=found.title)
    await session.delete(found)
    turns.came(session, id)


async def start_session(session: AsyncSession, actor: Actor, id: int) -> LiveSession:
    """Begin a session that is a draft."""
    return await _move(session, actor, id, SessionDeed.START)


async def complete_session(session: AsyncSession, actor: Actor, id: int) -> LiveSession:
    """End a session that goes on, and close what is open in it."""
    found = await _move(session, actor, id, SessionDeed.COMPLETE)
    for activity in await activity_queries.active_for_update(session, id):
        await opening.enter(session, activity, ActivityState.EXPIRED, found.updated_at)
    return found


async def reopen_session(session: AsyncSession, actor: Actor, id: int) -> LiveSession:
    """Go on with a session that was over."""
    return await _move(session, actor, id, SessionDeed.REOPEN)


async def set_capacity(session: AsyncSession, actor: Actor, id: int, max_participants: int) -> LiveSession:
    """Say how many may take part; who has a place keeps it."""
    return await _set(session, actor, id, {"max_participants": max_participants})


async def change_settings(session: AsyncSession, actor: Actor, id: int, changes: dict[str, Any]) -> LiveSession:
    """Change how a session goes: what it is for, where it belongs, who comes in, what leads on, what passes."""
    require_own_site(actor, changes.get("site") or "")
    return await _set(session, actor, id, changes)


async def show_leaderboard(session: AsyncSession, actor: Actor, id: int, *, shown: bool) -> LiveSession:
    """Show the leaderboard to everybody, or hide it."""
    found = await queries.live_session_for_update(session, actor, id)
    if found.shows_leaderboard != shown:
        found.shows_leaderboard, found.updated_at = shown, clock.now()
        audit.record(session, actor, "live_session.leaderboard_shown", id, shown=shown)
        await turns.say(session, id, "leaderboard.shown" if shown else "leaderboard.hidden")
    return found


async def _with_codes(session: AsyncSession, fields: dict[str, Any]) -> LiveSession:
    for _ in range(_DRAWS):
        codes = {"qr_code": _code(JOIN_CODE), "admin_code": _code(ADMIN_CODE)}
        beginning = {"status": SessionStatus.DRAFT, "participant_count": 0, "sequence": 0, "shows_leaderboard": False}
        made = LiveSession(**fields, **codes, **beginning)
        try:
            async with unless_taken(session, NoCodeFree("no code is free; try again")):
                session.add(made)
        except NoCodeFree:
            continue
        return made
    raise NoCodeFree("no code is free; try again")


def _code(length: int) -> str:
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(length))


async def _set(session: AsyncSession, actor: Actor, id: int, changes: dict[str, Any]) -> LiveSession:
    found = await queries.live_session_for_update(session, actor, id)
    for name, value in changes.items():
        setattr(found, name, value)
    found.updated_at = clock.now()
    audit.record(session, actor, "live_session.changed", id, **changes)
    await turns.say(session, id, "session.changed")
    return found


async def _move(session: AsyncSession, actor: Actor, id: int, deed: SessionDeed) -> LiveSession:
    found = await queries.live_session_for_update(session, actor, id)
    target, now = move(deed, found.status), clock.now()
    found.updated_at = now
    audit.record(session, actor, f"live_session.{_DONE[deed]}", id)
    await _enter(session, actor, found, status=target, now=now)
    return found


_DONE: Final = {SessionDeed.START: "started", SessionDeed.COMPLETE: "completed", SessionDeed.REOPEN: "reopened"}


async def _enter(
    session: AsyncSession, actor: Actor, found: LiveSession, *, status: SessionStatus, now: datetime
) -> None:
    """Bring a session into another status, and tell everybody who looks on, and everybody else."""
    was, found.status = found.status, status
    if status == SessionStatus.COMPLETED:
        found.completed_at = found.completed_at or now
        events.tell(session, SessionCompleted(**_named(found), participants=found.participant_count))
        await turns.say(session, found.id, "session.completed")
        await training.record_attendance(session, actor, found)
    elif status == SessionStatus.ACTIVE and was == SessionStatus.DRAFT:
        found.started_at = now
        events.tell(session, SessionStarted(**_named(found)))
        await turns.say(session, found.id, "session.started")
    else:
        reopened = status == SessionStatus.ACTIVE
        await turns.say(session, found.id, "session.reopened" if reopened else "session.changed")


def _named(found: LiveSession) -> dict[str, Any]:
    line = None if found.line_id is None else str(found.line_id)
    return {
        "session_id": found.id,
        "title": found.title,
        "purpose": found.purpose,
        "site_name": found.site,
        "line_id": line,
    }
