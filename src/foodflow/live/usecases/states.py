"""States: what a live session looks like at one moment, from each seat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.live.queries import activities as activity_queries
from foodflow.live.queries import presence
from foodflow.live.queries import sessions as queries
from foodflow.live.rules.activities.kind import Json
from foodflow.live.rules.activities.registry import KINDS
from foodflow.live.rules.participants import ONLINE
from foodflow.live.rules.results import Audience as Looks
from foodflow.live.rules.seats import Seat
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.sessions import LiveSession
from foodflow.live.usecases import opening, results, scores
from foodflow.live.usecases.reading import step_of

TOP = 10
"""How many a leaderboard shows."""


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a session stands: its number of turns, what each seat sees, when the clock has something to do in it, and
    which activity is current.
    """

    sequence: int
    seen: Mapping[Seat, dict[str, Any]]
    due_at: datetime | None
    activity: LiveActivity | None


async def stand_of(session: AsyncSession, actor: Actor, id: int) -> Stand:
    """A session as it is now, from each seat; raises SessionNotFound."""
    live_session = await queries.live_session(session, actor, id)
    now = clock.now()
    activities = await activity_queries.activities_of(session, id)
    activity = await activity_queries.current_activity(session, id, now)
    about = await _about(session, live_session)
    seen: dict[Seat, dict[str, Any]] = {
        seat: {"session": about, "activity": None, "results": None, "leaderboard": None} for seat in Seat
    }
    best = await _best(session, id, activity)
    for seat, part in seen.items():
        if activity is not None:
            part["activity"] = activity_shown(activity, whole=seat is Seat.FACILITATOR)
        if live_session.shows_leaderboard or seat is Seat.FACILITATOR:
            part["leaderboard"] = best
        if seat is not Seat.PARTICIPANT:
            part["activities"] = [_listed(each) for each in activities]
    if activity is not None:
        for seat, outcome in (await _results(session, activity)).items():
            seen[seat]["results"] = outcome
    seen[Seat.FACILITATOR]["pending"] = 0 if activity is None else await presence.waiting(session, activity.id)
    due = opening.first_due(live_session, activities)
    return Stand(live_session.sequence, seen, None if due is None else due[1].at, activity)


async def _results(session: AsyncSession, activity: LiveActivity) -> dict[Seat, Json | None]:
    """What each seat sees of an activity's result now."""
    shown = await results.shown_result(session, activity, audience=Looks.EVERYBODY)
    leading = await results.shown_result(session, activity, audience=Looks.FACILITATOR)
    return {seat: leading if seat is Seat.FACILITATOR else shown for seat in Seat}


async def present(session: AsyncSession, id: int) -> tuple[int, int]:
    """How many take part, and how many of them are online."""
    return await presence.present(session, id, clock.now() - ONLINE)


async def _best(session: AsyncSession, id: int, activity: LiveActivity | None) -> Sequence[dict[str, Any]]:
    best = await scores.leaderboard(session, id, TOP, activity=activity)
    return [{"rank": each.rank, "nickname": each.nickname, "score": each.score} for each in best]


def activity_shown(activity: LiveActivity, *, whole: bool) -> dict[str, Any]:
    """An activity as it is told: with its whole configuration to who leads, and to everybody else with what they may
    see of it. What is of no kind that there is shows all that it has.
    """
    kind = KINDS.get(activity.type)
    configuration = None if kind is None else kind.read(activity.config)
    config, steps = activity.config, 1
    if kind is not None and configuration is not None:
        steps = kind.steps(configuration)
        config = activity.config if whole else kind.public(configuration, step_of(activity))
    return {
        "id": activity.id,
        "type": activity.type,
        "title": activity.title,
        "description": activity.description,
        "config": config,
        "state": activity.state,
        "step": activity.step,
        "steps": steps,
        "step_opened_at": activity.step_opened_at,
        "closes_at": activity.closes_at,
        "is_revealed": activity.is_revealed,
        "shows_results": activity.shows_results,
    }


async def _about(session: AsyncSession, live_session: LiveSession) -> dict[str, Any]:
    participants, online = await present(session, live_session.id)
    return {
        "id": live_session.id,
        "title": live_session.title,
        "description": live_session.description,
        "status": live_session.status,
        "purpose": live_session.purpose,
        "participants": participants,
        "online": online,
    }


def _listed(activity: LiveActivity) -> dict[str, Any]:
    named = {"id": activity.id, "type": activity.type, "title": activity.title}
    return {**named, "state": activity.state, "order_index": activity.order_index}
