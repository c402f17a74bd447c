"""Deeds on the activities of live sessions: adding, changing, moving and removing them."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.live.queries import activities as queries
from foodflow.live.queries import sessions as session_queries
from foodflow.live.rules.activities.registry import KINDS, KindUnknown
from foodflow.live.rules.activity_states import (
    STATE_OF,
    STATUS_OF,
    ActivityNotFound,
    ActivityState,
    ActivityStatus,
    ActivityUnknown,
    ConfigurationRefused,
    require_transition,
    require_type,
    state_at,
)
from foodflow.live.rules.sessions import SessionNotFound, SessionUnknown
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.sessions import LiveSession
from foodflow.live.usecases import counting, opening, turns

_AT_FIRST: Final[dict[str, Any]] = {"step": 0, "is_revealed": False, "shows_results": False}
_READ_BY: Final = {"type", "config"}
"""What decides how answers are read."""


async def add_activity(
    session: AsyncSession, actor: Actor, session_id: int, fields: dict[str, Any], *, status: ActivityStatus
) -> LiveActivity:
    """Add an activity of any type, configured as it comes, in any status, as the contract's clients do."""
    require_type(fields["type"])
    await _session_to_add_to(session, actor, session_id)
    return await _added(session, actor, session_id, fields, state=STATE_OF[status])


async def add_kind(session: AsyncSession, actor: Actor, session_id: int, fields: dict[str, Any]) -> LiveActivity:
    """Add an activity of a kind that there is, as a draft, with a configuration that it can read; what is not said of
    how it goes is as its kind has it.
    """
    kind = KINDS.get(fields["type"])
    if kind is None:
        raise KindUnknown(f"there is no kind of activity {fields['type']!r}; there are {', '.join(KINDS)}")
    require_configuration(kind.errors_of(fields["config"]))
    await _session_to_add_to(session, actor, session_id)
    metadata = {**asdict(kind.metadata), "activity_type": kind.id, **fields["activity_metadata"]}
    fields = {**fields, "activity_metadata": metadata}
    return await _added(session, actor, session_id, fields, state=ActivityState.DRAFT)


async def change_activity(
    session: AsyncSession, actor: Actor, id: UUID, changes: dict[str, Any], *, status: ActivityStatus | None
) -> LiveActivity:
    """Change an activity as the contract's clients do: any of its fields, its status from anything to anything. What
    was answered is counted anew as the activity now reads it; points stay as they were given.
    """
    require_type(changes.get("type", ""))
    activity, _ = await queries.activity_for_update(session, actor, id)
    now = clock.now()
    for name, value in changes.items():
        setattr(activity, name, value)
    activity.updated_at = now
    if _READ_BY & changes.keys() and (await queries.answered(session, id)).responses:
        await counting.recount(session, activity)
    said = {"status": status} if status is not None else {}
    audit.record(session, actor, "live_activity.changed", id, fields=sorted(changes), **said)
    if status is None or status == status_at(activity, now):
        await turns.say(session, activity.session_id, "activity.changed", activity_id=str(id))
    else:
        await opening.enter(session, activity, STATE_OF[status], now)
    return activity


async def move_activity(
    session: AsyncSession, actor: Actor, id: UUID, target: ActivityState, *, reason: str, force: bool
) -> LiveActivity:
    """Move an activity by one of the contract's transitions, or by force from any state to any other."""
    try:
        activity, _ = await queries.activity_for_update(session, actor, id)
    except ActivityNotFound:
        raise ActivityUnknown("Activity not found") from None
    now = clock.now()
    was = state_at(activity.state, activity.expires_at, now)
    require_transition(was, target, force=force)
    audit.record(session, actor, "live_activity.moved", id, source=was, target=target, reason=reason, forced=force)
    await opening.enter(session, activity, target, now)
    return activity


async def delete_activity(session: AsyncSession, actor: Actor, id: UUID) -> None:
    """Remove an activity with its answers."""
    activity, _ = await queries.activity_for_update(session, actor, id)
    audit.record(session, actor, "live_activity.deleted", id, title=activity.title, type=activity.type)
    await session.delete(activity)
    await turns.say(session, activity.session_id, "activity.removed", activity_id=str(id))


def status_at(activity: LiveActivity, now: datetime) -> ActivityStatus:
    """Where an activity stands at a moment, in the contract's older words."""
    return STATUS_OF[state_at(activity.state, activity.expires_at, now)]


def faults_of(type: str, configuration: Mapping[str, JsonValue]) -> list[str]:  # noqa: A002 - the contract's name
    """All that is wrong with a configuration, in words; empty where an activity can be led with it."""
    kind = KINDS.get(type)
    if kind is None:
        return [f"there is no kind of activity {type!r}; there are {', '.join(KINDS)}"]
    return kind.errors_of(configuration)


def require_configuration(faults: list[str]) -> None:
    """Refuse a configuration in which something is wrong."""
    if faults:
        raise ConfigurationRefused("; ".join(faults))


async def _session_to_add_to(session: AsyncSession, actor: Actor, id: int) -> LiveSession:
    try:
        return await session_queries.live_session_for_update(session, actor, id)
    except SessionNotFound:
        raise SessionUnknown("Session not found") from None


async def _added(
    session: AsyncSession, actor: Actor, session_id: int, fields: dict[str, Any], *, state: ActivityState
) -> LiveActivity:
    now = clock.now()
    moments = {"created_at": now, "updated_at": now}
    draft = {"state": ActivityState.DRAFT, **_AT_FIRST, **moments}
    activity = LiveActivity(id=clock.new_id(), session_id=session_id, **draft, **fields)
    session.add(activity)
    audit.record(session, actor, "live_activity.created", activity.id, session=session_id, type=activity.type)
    await opening.enter(session, activity, state, now)
    return activity
