"""What opening and closing come to: times, the first question, whether results are shown, and the turn that is told.

These change an activity that the caller has locked, after its session.
"""

from collections.abc import Iterable
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.live.rules import progression
from foodflow.live.rules.activities.kind import Step
from foodflow.live.rules.activities.registry import KINDS
from foodflow.live.rules.activity_states import ActivityState
from foodflow.live.rules.progression import Due, Standing
from foodflow.live.rules.sessions import Progression, SessionStatus
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.sessions import LiveSession
from foodflow.live.usecases import turns


async def enter(session: AsyncSession, activity: LiveActivity, state: ActivityState, now: datetime) -> None:
    """Bring an activity into a state, whichever it was in, and say so where everybody sees it."""
    was, activity.state, activity.updated_at = activity.state, state, now
    if state == ActivityState.ACTIVE:
        _open(activity, now)
        await _say(session, activity, "activity.opened")
    elif state == ActivityState.EXPIRED:
        activity.expires_at = activity.expires_at or now
        activity.closes_at = _earlier(activity.closes_at, now)
        await _say(session, activity, "activity.closed")
    else:
        activity.expires_at = activity.closes_at = None
        await _say(session, activity, "activity.closed" if was == ActivityState.ACTIVE else "activity.changed")


async def open_question(session: AsyncSession, activity: LiveActivity, step: int, now: datetime) -> None:
    """Open a question of an open activity."""
    activity.step, activity.step_opened_at, activity.is_revealed, activity.updated_at = step, now, False, now
    activity.closes_at = progression.question_until(
        now, seconds=seconds_of(activity, step), expires_at=activity.expires_at
    )
    await _say(session, activity, "question.opened", step=step)


async def reveal(session: AsyncSession, activity: LiveActivity, now: datetime) -> None:
    """Close the open question, and let everybody see its solution."""
    activity.is_revealed, activity.updated_at = True, now
    activity.closes_at = _earlier(activity.closes_at, now)
    await _say(session, activity, "question.revealed", step=activity.step)


def first_due(live_session: LiveSession, activities: Iterable[LiveActivity]) -> tuple[LiveActivity, Due] | None:
    """What the clock does next in a session with these activities, and to which; None: nothing."""
    by_clock = goes_by_clock(live_session)
    found = [(each, deed) for each in activities if (deed := progression.due(_standing(each, by_clock=by_clock)))]
    return min(found, key=lambda each: each[1].at, default=None)


def goes_by_clock(live_session: LiveSession) -> bool:
    """Whether the clock leads on in a session."""
    return live_session.progression == Progression.CLOCK and live_session.status == SessionStatus.ACTIVE


def steps_of(activity: LiveActivity) -> int:
    """How many questions an activity has; what no kind can read has one."""
    kind = KINDS.get(activity.type)
    configuration = None if kind is None else kind.read(activity.config)
    return 1 if kind is None or configuration is None else kind.steps(configuration)


def seconds_of(activity: LiveActivity, step: int) -> int | None:
    """How long a question of an activity is open by itself, in seconds; None is until somebody closes it."""
    kind = KINDS.get(activity.type)
    configuration = None if kind is None else kind.read(activity.config)
    return None if kind is None or configuration is None else kind.seconds_of(configuration, step)


def step_of(activity: LiveActivity) -> Step:
    """Where an activity of several questions stands."""
    return Step(activity.step, activity.step_opened_at, activity.closes_at, activity.is_revealed)


def _standing(activity: LiveActivity, *, by_clock: bool) -> Standing:
    return Standing(
        state=activity.state,
        expires_at=activity.expires_at,
        closes_at=activity.closes_at,
        step=activity.step,
        steps=steps_of(activity),
        is_revealed=activity.is_revealed,
        by_clock=by_clock,
    )


def _open(activity: LiveActivity, now: datetime) -> None:
    times = progression.times_from(
        now,
        duration=progression.duration_of(activity.activity_metadata),
        seconds=seconds_of(activity, 0),
        steps=steps_of(activity),
    )
    activity.step, activity.step_opened_at, activity.opened_at, activity.is_revealed = 0, now, now, False
    activity.expires_at, activity.closes_at = times.expires_at, times.closes_at
    activity.shows_results = _shows_at_once(activity)


def _shows_at_once(activity: LiveActivity) -> bool:
    """Whether results are seen while they come in: as the activity is set up, or as its kind has it."""
    kind = KINDS.get(activity.type)
    said: list[JsonValue] = [each.get("show_live_results") for each in (activity.config, activity.activity_metadata)]
    by_kind = kind is not None and kind.metadata.show_live_results
    return next((each for each in said if isinstance(each, bool)), by_kind)


def _earlier(moment: datetime | None, now: datetime) -> datetime:
    return now if moment is None else min(moment, now)


async def _say(session: AsyncSession, activity: LiveActivity, type: str, **data: JsonValue) -> None:  # noqa: A002
    await turns.say(session, activity.session_id, type, activity_id=str(activity.id), **data)
