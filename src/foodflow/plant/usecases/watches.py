"""Deeds on how sensors are watched: their own rules, those of their type, and silencing one as a whole."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import unless_taken
from foodflow.kernel.preconditions import require_match
from foodflow.plant.queries import alarms as alarm_queries
from foodflow.plant.queries import sensors as sensor_queries
from foodflow.plant.queries import watches as queries
from foodflow.plant.rules.alarms import CALIBRATION_OVERDUE, require_silenced, silence_until
from foodflow.plant.rules.shared import Taken
from foodflow.plant.rules.watches import SAID, Effective, Said, effective, require_known_type, require_own_sites
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.tables.watches import Watch, WatchDefault
from foodflow.plant.usecases import alarms

NO_LONGER_WATCHED = "no longer watched"
"""The cause of an alarm that was closed because its rule was switched off."""


@dataclass(frozen=True, slots=True)
class Watching:
    """How a sensor, or a type of sensors, is watched: what was said of itself, and what holds in the end.

    `version` is 0 while nothing was said.
    """

    said: Said
    effective: Effective
    version: int
    silenced_until: datetime | None = None
    silenced_by: str = ""
    silence_reason: str = ""


async def watching_of(session: AsyncSession, actor: Actor, sensor_id: UUID) -> Watching:
    """How a sensor is watched."""
    sensor = await sensor_queries.sensor(session, actor, sensor_id)
    return await _watching(session, sensor, await queries.own(session, sensor.id))


async def watch_sensor(session: AsyncSession, actor: Actor, sensor_id: UUID, said: dict[str, Any]) -> Watching:
    """Say how a sensor is watched, instead of all that was said of it before. Open alarms of rules that it is no longer
    watched by are closed.
    """
    sensor = await sensor_queries.sensor_for_update(session, actor, sensor_id)
    watch = await queries.own_for_update(session, sensor)
    require_match(session, await _watching(session, sensor, watch))
    before = _said(watch)
    watch = watch or _unsaid(session, sensor)
    for name in SAID:
        setattr(watch, name, said[name])
    watch.updated_at = clock.now()
    await session.flush()
    audit.record(session, actor, "sensor.watched", sensor.id, before=_plain(before), after=_plain(_said(watch)))
    found = await _watching(session, sensor, watch)
    await _close_unwatched(session, actor, {sensor.id: found.effective})
    return found


async def silence_sensor(
    session: AsyncSession, actor: Actor, sensor_id: UUID, *, minutes: int | None, until: datetime | None, reason: str
) -> Watching:
    """Put all alarms of a sensor out of sight until a moment within a day, those to come too; they are recorded all the
    same.
    """
    sensor = await sensor_queries.sensor_for_update(session, actor, sensor_id)
    watch = await queries.own_for_update(session, sensor)
    require_match(session, await _watching(session, sensor, watch))
    end = silence_until(minutes, until, clock.now())
    return await _silence(session, actor, sensor, watch or _unsaid(session, sensor), until=end, reason=reason)


async def unsilence_sensor(session: AsyncSession, actor: Actor, sensor_id: UUID) -> Watching:
    """Let the alarms of a sensor be seen again before its silence is over."""
    sensor = await sensor_queries.sensor_for_update(session, actor, sensor_id)
    watch = await queries.own_for_update(session, sensor)
    require_match(session, await _watching(session, sensor, watch))
    require_silenced(watch.silenced_until if watch else None, clock.now())
    return await _silence(session, actor, sensor, watch or _unsaid(session, sensor), until=None, reason="")


async def _silence(
    session: AsyncSession, actor: Actor, sensor: Sensor, watch: Watch, *, until: datetime | None, reason: str
) -> Watching:
    watch.silenced_until = until
    watch.silenced_by, watch.silence_reason = (actor.id, reason) if until is not None else ("", "")
    watch.updated_at = clock.now()
    await session.flush()
    deed = "sensor.silenced" if until is not None else "sensor.unsilenced"
    audit.record(session, actor, deed, sensor.id, until=until, reason=reason)
    for alarm in await alarm_queries.open_of_for_update(session, [sensor.id]):
        alarm.version += 1
        alarms.silence(session, actor, alarm, until=until, reason=reason)
    return await _watching(session, sensor, watch)


async def watching_of_type(session: AsyncSession, actor: Actor, sensor_type: str) -> Watching:
    """How a company watches its sensors of a type that say nothing else, where it does not depend on the unit."""
    default = await queries.of_type(session, sensor_type)
    sites = await queries.sites_of_type(session, sensor_type)
    _require_known(actor, sensor_type, default, sites)
    return _of_type(sensor_type, default)


def _require_known(actor: Actor, sensor_type: str, default: WatchDefault | None, sites: set[str]) -> None:
    is_known = any(map(actor.is_for, sites)) or (actor.sites is None and default is not None)
    require_known_type(sensor_type, is_known=is_known)


async def watch_type(session: AsyncSession, actor: Actor, sensor_type: str, said: dict[str, Any]) -> Watching:
    """Say how sensors of a type are watched, instead of all that was said before. Open alarms of rules that a sensor is
    no longer watched by are closed.
    """
    sites = await queries.sites_of_type(session, sensor_type)
    sensors = await queries.sensors_of_type_for_update(session, sensor_type)
    default = await queries.of_type_for_update(session, sensor_type)
    _require_known(actor, sensor_type, default, sites)
    require_own_sites(actor.sites, sites, sensor_type=sensor_type)
    require_match(session, _of_type(sensor_type, default))
    before, now = _said(default), clock.now()
    if default is None:
        default = WatchDefault(sensor_type=sensor_type.lower(), updated_at=now, **said)
        async with unless_taken(session, Taken(f"somebody else is saying how to watch {sensor_type}; look again")):
            session.add(default)
    else:
        for name in SAID:
            setattr(default, name, said[name])
        default.updated_at = now
        await session.flush()
    after = _said(default)
    audit.record(session, actor, "sensor_type.watched", default.sensor_type, before=_plain(before), after=_plain(after))
    own = await queries.own_of(session, [sensor.id for sensor in sensors])
    how = {
        each.id: effective(each.sensor_type, each.unit_of_measure, _said(own.get(each.id)), after) for each in sensors
    }
    await _close_unwatched(session, actor, how)
    return _of_type(sensor_type, default)


async def _close_unwatched(session: AsyncSession, actor: Actor, how: dict[UUID, Effective]) -> None:
    """Close the open alarms of sensors (locked) whose rules they are no longer watched by."""
    for alarm in await alarm_queries.open_of_for_update(session, list(how)):
        if alarm.rule not in how[alarm.sensor_id].rules and alarm.rule != CALIBRATION_OVERDUE:
            alarm.version += 1
            alarms.close(session, actor, alarm, cause=NO_LONGER_WATCHED)


async def _watching(session: AsyncSession, sensor: Sensor, watch: Watch | None) -> Watching:
    company, own = _said(await queries.of_type(session, sensor.sensor_type)), _said(watch)
    found = effective(sensor.sensor_type, sensor.unit_of_measure, own, company)
    if watch is None:
        return Watching(own, found, 0)
    return Watching(own, found, watch.version, watch.silenced_until, watch.silenced_by, watch.silence_reason)


def _of_type(sensor_type: str, default: WatchDefault | None) -> Watching:
    said = _said(default)
    return Watching(said, effective(sensor_type, "", said), default.version if default else 0)


def _unsaid(session: AsyncSession, sensor: Sensor) -> Watch:
    watch = Watch(sensor_id=sensor.id, silenced_by="", silence_reason="", updated_at=clock.now())
    session.add(watch)
    return watch


def _said(row: Watch | WatchDefault | None) -> Said:
    if row is None:
        return Said()
    values: dict[str, Any] = {name: getattr(row, name) for name in SAID}
    return Said(**values | {"rules": None if row.rules is None else tuple(sorted(row.rules))})


def _plain(said: Said) -> dict[str, Any]:
    return {name: value for name in SAID if (value := getattr(said, name)) is not None}
