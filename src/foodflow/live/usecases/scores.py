"""Scores: the leaderboard, and where participants stand."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.live.queries import scores as queries
from foodflow.live.queries.scores import Unrevealed
from foodflow.live.rules.scores import MOST_RANKED, Ranked, Standing, unrevealed_since
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.usecases.reading import step_of


async def leaderboard(
    session: AsyncSession, session_id: int, limit: int, *, activity: LiveActivity | None = None
) -> list[Ranked]:
    """The first participants of a session by score. Answers to the open question of `activity`, the one that is open,
    count when its solution is shown.
    """
    most = min(limit, MOST_RANKED)
    return await queries.leaderboard(session, session_id, most, unrevealed=_unrevealed(activity))


async def standing_of(
    session: AsyncSession, session_id: int, participant_ids: Collection[int], *, activity: LiveActivity | None = None
) -> dict[int, Standing]:
    """Where participants of a session stand, with their own answers to the activity that is open; in one statement for
    as many as ask. Of its open question, what was right is not told before its solution.
    """
    if not participant_ids:
        return {}
    id = None if activity is None else activity.id
    unrevealed = _unrevealed(activity)
    return await queries.standings(session, session_id, participant_ids, activity_id=id, unrevealed=unrevealed)


async def recount_scores(session: AsyncSession, session_id: int) -> None:
    """Add up anew what answers have given everybody in a session, for when an activity is removed from it."""
    await queries.recount(session, await queries.participants_for_update(session, session_id))


def _unrevealed(activity: LiveActivity | None) -> Unrevealed | None:
    since = None if activity is None else unrevealed_since(activity.state, step_of(activity))
    return None if activity is None or since is None else Unrevealed(activity.id, since)
