"""Deeds on alarms: seeing them, putting them out of sight for a while, and closing them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock, events
from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import FieldError, Invalid
from foodflow.kernel.paging import Wanted
from foodflow.kernel.preconditions import require_match
from foodflow.plant.events.alarms import AlarmAcknowledged, AlarmClosed, AlarmSilenced
from foodflow.plant.queries import alarms as queries
from foodflow.plant.queries import sensors as sensor_queries
from foodflow.plant.rules.alarms import (
    MOST_AT_ONCE,
    AlarmRaisedAgain,
    require_cleared,
    require_closed,
    require_open,
    require_silenced,
    require_unacknowledged,
    silence_until,
)
from foodflow.plant.tables.alarms import Alarm, AlarmDeed
from foodflow.plant.usecases.noting import wire
from foodflow.plant.usecases.raising import of_alarm


async def acknowledge_alarm(session: AsyncSession, actor: Actor, id: UUID, *, comment: str = "") -> Alarm:
    """Say that somebody has seen an alarm. One that has cleared meanwhile is over with that."""
    alarm = await _changing(session, actor, id)
    require_open(alarm.closed_at)
    require_unacknowledged(alarm.acknowledged_at, alarm.acknowledged_by)
    _acknowledge(session, actor, alarm, comment=comment)
    return await _settled(session, alarm)


async def acknowledge_alarms(
    session: AsyncSession, actor: Actor, wanted: Wanted, *, ids: Sequence[UUID] | None, comment: str = ""
) -> list[UUID]:
    """Say that somebody has seen the alarms of a filter or a list, up to a thousand of them; returns those that nobody
    had acknowledged. Refuses to acknowledge everything there is unasked.
    """
    if ids is None and not wanted.conditions:
        message = "name the alarms, or filter them in the query"
        raise Invalid.because(FieldError("ids", message, "plant.alarm.all_of_them"))
    found = await queries.unacknowledged_for_update(session, actor, wanted, ids, most=MOST_AT_ONCE)
    for alarm in found:
        alarm.version += 1
        _acknowledge(session, actor, alarm, comment=comment)
    return [alarm.id for alarm in found]


def _acknowledge(session: AsyncSession, actor: Actor, alarm: Alarm, *, comment: str) -> None:
    now = clock.now()
    alarm.acknowledged_at, alarm.acknowledged_by, alarm.acknowledgement = now, actor.id, comment
    _note(session, actor, alarm, "acknowledged", comment=comment)
    events.tell(session, AlarmAcknowledged(**of_alarm(alarm), by=actor.id, comment=comment))
    if alarm.cleared_at is not None:
        alarm.closed_at, alarm.closed_by = now, ""
        events.tell(session, AlarmClosed(**of_alarm(alarm), by="", cause=""))


async def silence_alarm(
    session: AsyncSession, actor: Actor, id: UUID, *, minutes: int | None, until: datetime | None, reason: str
) -> Alarm:
    """Put an alarm out of sight (shelve it) until a moment within a day; what happens is recorded all the same."""
    alarm = await _changing(session, actor, id)
    require_open(alarm.closed_at)
    silence(session, actor, alarm, until=silence_until(minutes, until, clock.now()), reason=reason)
    return await _settled(session, alarm)


def silence(session: AsyncSession, actor: Actor, alarm: Alarm, *, until: datetime | None, reason: str) -> None:
    """Put an alarm (locked) out of sight until a moment, or back in sight (None)."""
    alarm.silenced_until = until
    alarm.silenced_by, alarm.silence_reason = (actor.id, reason) if until is not None else ("", "")
    _note(session, actor, alarm, "silenced" if until is not None else "unsilenced", comment=reason)
    shown = None if until is None else wire(until)
    events.tell(session, AlarmSilenced(**of_alarm(alarm), by=actor.id, until=shown, reason=reason))


async def unsilence_alarm(session: AsyncSession, actor: Actor, id: UUID) -> Alarm:
    """Let an alarm be seen again before its silence is over."""
    alarm = await _changing(session, actor, id)
    require_open(alarm.closed_at)
    require_silenced(alarm.silenced_until, clock.now())
    silence(session, actor, alarm, until=None, reason="")
    return await _settled(session, alarm)


async def close_alarm(session: AsyncSession, actor: Actor, id: UUID, *, cause: str, comment: str = "") -> Alarm:
    """Close an alarm that has cleared, and say what it came from."""
    alarm = await _changing(session, actor, id)
    require_open(alarm.closed_at)
    require_cleared(alarm.cleared_at, code=alarm.sensor_code, rule=alarm.rule)
    close(session, actor, alarm, cause=cause, comment=comment)
    return await _settled(session, alarm)


def close(session: AsyncSession, actor: Actor, alarm: Alarm, *, cause: str, comment: str = "") -> None:
    """Close an alarm that is locked."""
    alarm.closed_at, alarm.closed_by, alarm.cause = clock.now(), actor.id, cause
    _note(session, actor, alarm, "closed", comment=f"{cause}: {comment}" if comment else cause)
    events.tell(session, AlarmClosed(**of_alarm(alarm), by=actor.id, cause=cause))


async def reopen_alarm(session: AsyncSession, actor: Actor, id: UUID, *, comment: str = "") -> Alarm:
    """Open a closed alarm again, for somebody to look at; refused where the same is in alarm anew."""
    # Readings raise alarms with their sensor locked, so nothing can be raised between looking and opening.
    await sensor_queries.sensor_for_update(session, actor, (await queries.alarm(session, actor, id)).sensor_id)
    alarm = await _changing(session, actor, id)
    require_closed(alarm.closed_at)
    if await queries.is_raised_again(session, alarm):
        raise AlarmRaisedAgain(f"{alarm.sensor_code} has an open alarm of this rule; look at that one")
    alarm.closed_at, alarm.closed_by, alarm.cause = None, "", ""
    alarm.acknowledged_at, alarm.acknowledged_by, alarm.acknowledgement = None, "", ""
    alarm.cleared_at = alarm.cleared_at or clock.now()
    _note(session, actor, alarm, "reopened", comment=comment)
    return await _settled(session, alarm)


async def comment_on_alarm(session: AsyncSession, actor: Actor, id: UUID, *, comment: str) -> Alarm:
    """Say something about an alarm, open or closed."""
    alarm = await _changing(session, actor, id)
    _note(session, actor, alarm, "commented", comment=comment)
    return await _settled(session, alarm)


async def _changing(session: AsyncSession, actor: Actor, id: UUID) -> Alarm:
    """An alarm, locked, as the caller has seen it, and about to be changed."""
    alarm = await queries.alarm_for_update(session, actor, id)
    require_match(session, alarm)
    alarm.version += 1
    return alarm


def _note(session: AsyncSession, actor: Actor, alarm: Alarm, deed: str, *, comment: str) -> None:
    """What somebody did, in the alarm's own history and in the audit trail."""
    now = clock.now()
    session.add(AlarmDeed(id=clock.new_id(), alarm_id=alarm.id, at=now, by=actor.id, deed=deed, comment=comment))
    details: dict[str, Any] = {"sensor": alarm.sensor_code, "rule": alarm.rule, "comment": comment}
    audit.record(session, actor, f"alarm.{deed}", alarm.id, **details)


async def _settled(session: AsyncSession, alarm: Alarm) -> Alarm:
    """The alarm with the state that follows from what was changed."""
    await session.flush()
    await session.refresh(alarm, ["state"])
    return alarm
