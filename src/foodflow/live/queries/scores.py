"""Scores of participants: what answers have given them, and in which order that brings them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.live.rules.recording import Place
from foodflow.live.rules.scores import Ranked, Standing
from foodflow.live.tables.participants import LiveParticipant

MOST_OWN: Final = 100
"""A participant's own answers to an activity that they are shown, at most."""

_SET = text(
    "UPDATE live_participants AS p SET score = n.score, streak = n.streak, correct = n.correct, answered = n.answered"
    " FROM unnest(CAST(:ids AS int[]), CAST(:scores AS int[]), CAST(:streaks AS int[]), CAST(:corrects AS int[]),"
    " CAST(:answereds AS int[])) AS n (id, score, streak, correct, answered) WHERE p.id = n.id"
)
# A streak is how many right answers came last without a wrong one after them.
_SUMS: Final = """
SELECT r.participant_id, sum(r.points) AS score, count(r.is_correct) AS answered,
       count(*) FILTER (WHERE r.is_correct) AS correct, count(*) FILTER (WHERE r.is_correct AND r.since) AS streak
FROM (
    SELECT a.participant_id, a.points, a.is_correct,
           bool_and(a.is_correct) OVER (PARTITION BY a.participant_id ORDER BY a.created_at DESC, a.id DESC) AS since
    FROM live_responses AS a
    WHERE a.participant_id = ANY(CAST(:ids AS int[])) AND a.is_counted AND a.status = 'approved'
      AND (a.is_correct IS NOT NULL OR a.points <> 0)
      AND (CAST(:hidden AS uuid) IS NULL OR a.activity_id <> CAST(:hidden AS uuid)
           OR a.created_at < CAST(:since AS timestamptz))
) AS r
GROUP BY r.participant_id
"""
_RECOUNT = text(
    "UPDATE live_participants AS p SET score = coalesce(n.score, 0), streak = coalesce(n.streak, 0),"  # noqa: S608 - the statement above
    " correct = coalesce(n.correct, 0), answered = coalesce(n.answered, 0)"
    " FROM unnest(CAST(:ids AS int[])) AS i (id)"
    f" LEFT JOIN ({_SUMS}) AS n ON n.participant_id = i.id WHERE p.id = i.id"
)
# What the open question has given is left out until its solution is shown; whoever knows their score knows it.
_RANKED: Final = """
SELECT p.id, p.nickname, p.score - coalesce(h.points, 0) AS score, p.answered - coalesce(h.answered, 0) AS answered,
       p.streak, p.correct, h.participant_id IS NOT NULL AS is_hidden, p.removed_at IS NULL AS is_present,
       rank() OVER (PARTITION BY p.removed_at IS NULL ORDER BY p.score - coalesce(h.points, 0) DESC) AS rank
FROM live_participants AS p
LEFT JOIN (
    SELECT r.participant_id, sum(r.points) AS points, count(r.is_correct) AS answered
    FROM live_responses AS r
    WHERE r.activity_id = CAST(:hidden AS uuid) AND r.created_at >= CAST(:since AS timestamptz)
      AND r.is_counted AND r.status = 'approved' AND (r.is_correct IS NOT NULL OR r.points <> 0)
    GROUP BY r.participant_id
) AS h ON h.participant_id = p.id
WHERE p.session_id = :session_id AND p.role = 'participant'
"""
_LEADERBOARD = text(
    f"SELECT rank, id, nickname, score FROM ({_RANKED}) AS ranked WHERE is_present AND answered > 0"  # noqa: S608 - the statement above
    " ORDER BY rank, id LIMIT :limit"
)
_STANDINGS = text(
    "SELECT w.id, w.nickname, w.score,"  # noqa: S608 - the statements above
    " coalesce(n.streak, CASE WHEN w.is_hidden THEN 0 ELSE w.streak END) AS streak,"
    " coalesce(n.correct, CASE WHEN w.is_hidden THEN 0 ELSE w.correct END) AS correct, w.answered, w.rank,"
    " w.is_present, (SELECT jsonb_object_agg(own.slot, own.response_data)"
    " FROM (SELECT r.slot, r.response_data FROM live_responses AS r WHERE r.activity_id = CAST(:activity_id AS uuid)"
    " AND r.participant_id = w.id AND r.is_counted ORDER BY r.created_at DESC LIMIT :most_own) AS own) AS responses"
    f" FROM (SELECT * FROM ({_RANKED}) AS ranked WHERE id = ANY(CAST(:ids AS int[]))) AS w"
    f" LEFT JOIN ({_SUMS}) AS n ON w.is_hidden AND n.participant_id = w.id"
)


@dataclass(frozen=True, slots=True)
class Unrevealed:
    """The open question of an activity whose solution nobody is to know yet: answers since it was opened."""

    activity_id: UUID
    since: datetime


async def set_scores(session: AsyncSession, places: Sequence[Place]) -> None:
    """Give participants, whom the caller has locked, the scores that they have come to."""
    values = {
        "ids": [each.id for each in places],
        "scores": [each.score for each in places],
        "streaks": [each.streak for each in places],
        "corrects": [each.correct for each in places],
        "answereds": [each.answered for each in places],
    }
    await session.execute(_SET, values)


async def recount(session: AsyncSession, ids: Iterable[int]) -> None:
    """Add up anew what answers have given participants, whom the caller has locked."""
    await session.execute(_RECOUNT, {"ids": list(ids), "hidden": None, "since": None})


async def participants_for_update(session: AsyncSession, session_id: int) -> Sequence[int]:
    """The ids of all who have a place in a session, each locked until the transaction ends."""
    found = select(LiveParticipant.id).where(LiveParticipant.session_id == session_id).order_by(LiveParticipant.id)
    return (await session.scalars(found.with_for_update(key_share=True))).all()


async def leaderboard(
    session: AsyncSession, session_id: int, limit: int, *, unrevealed: Unrevealed | None
) -> list[Ranked]:
    """The first participants of those who have answered something that is scored."""
    values = {"session_id": session_id, "limit": limit, **_hidden(unrevealed)}
    return [Ranked(row.rank, row.id, row.nickname, row.score) for row in await session.execute(_LEADERBOARD, values)]


async def standings(
    session: AsyncSession,
    session_id: int,
    ids: Iterable[int],
    *,
    activity_id: UUID | None,
    unrevealed: Unrevealed | None,
) -> dict[int, Standing]:
    """Where some participants stand, each with their own answers to an activity."""
    values = {
        "session_id": session_id,
        "ids": list(ids),
        "activity_id": activity_id,
        "most_own": MOST_OWN,
        **_hidden(unrevealed),
    }
    return {row.id: _standing(row) for row in await session.execute(_STANDINGS, values)}


def _hidden(unrevealed: Unrevealed | None) -> dict[str, Any]:
    if unrevealed is None:
        return {"hidden": None, "since": None}
    return {"hidden": unrevealed.activity_id, "since": unrevealed.since}


def _standing(row: Row[Any]) -> Standing:
    return Standing(
        row.id,
        row.nickname,
        row.score,
        row.streak,
        row.correct,
        row.answered,
        rank=row.rank if row.is_present else None,
        responses=row.responses or {},
    )
