"""States: what a live session looks like at one moment, from each seat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.live.queries import activities as activity_queries
from foodflow.live.queries import presence, tallies
from foodflow.live.queries import sessions as queries
from foodflow.live.rules.activities.kind import Json, Step
from foodflow.live.rules.activities.registry import KINDS
from foodflow.live.rules.participants import ONLINE
from foodflow.live.rules.seats import Seat
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.sessions import LiveSession
from foodflow.live.usecases import results, scores

TOP = 10
"""How many a leaderboard shows."""


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a session stands: its number of turns, what each seat sees, when its open question closes by itself, and
    which activity is current.
    """

    sequence: int
    seen: Mapping[Seat, dict[str, Any]]
    closes_at: datetime | None
    activity: LiveActivity | None
    is_scored: bool


async def stand_of(session: AsyncSession, actor: Actor, id: int) -> Stand:
    """A session as it is now, from each seat; raises SessionNotFound."""
    live_session = await queries.live_session(session, actor, id)
    activities = await activity_queries.activities_of(session, id)
    activity = await activity_queries.current_activity(session, id)
    about = await _about(session, live_session)
    board = await board_of(session, live_session)
    outcome = None if activity is None else await results.result_of(session, activity)
    seen = {}
    for seat in Seat:
        leads = seat is Seat.FACILITATOR
        may_see = activity is not None and (leads or activity.shows_results)
        seen[seat] = {
            "session": about,
            "activity": None if activity is None else activity_shown(activity, whole=leads),
            "results": outcome if may_see else None,
            "leaderboard": board,
        }
        if seat is not Seat.PARTICIPANT:
            seen[seat]["activities"] = [_listed(each) for each in activities]
        if leads:
            pending = 0 if activity is None else await tallies.pending_of(session, activity.id)
            seen[seat] |= {"pending": pending, "leaderboard": board or await top(session, id)}
    closes_at = None if activity is None else activity.closes_at
    is_scored = activity is not None and activity.type == "quiz"
    return Stand(live_session.sequence, seen, closes_at, activity, is_scored)


async def results_seen(session: AsyncSession, activity: LiveActivity) -> dict[Seat, Json | None]:
    """What each seat sees of an activity's result now."""
    outcome = await results.result_of(session, activity)
    return {seat: outcome if seat is Seat.FACILITATOR or activity.shows_results else None for seat in Seat}


async def present(session: AsyncSession, id: int) -> tuple[int, int]:
    """How many take part, and how many of them are online."""
    return await presence.present(session, id, clock.now() - ONLINE)


async def board_of(session: AsyncSession, live_session: LiveSession) -> Sequence[dict[str, Any]] | None:
    """The leaderboard, where it is shown."""
    return await top(session, live_session.id) if live_session.shows_leaderboard else None


async def top(session: AsyncSession, id: int) -> Sequence[dict[str, Any]]:
    """The best of a session."""
    best = await scores.leaderboard(session, id, TOP)
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


def step_of(activity: LiveActivity) -> Step:
    """Where an activity of several questions stands."""
    return Step(activity.step, activity.step_opened_at, activity.closes_at, activity.is_revealed)


def is_late(closes_at: datetime, now: datetime, *, tolerance: timedelta) -> bool:
    """Whether something that closes by itself is closed."""
    return now > closes_at + tolerance


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
