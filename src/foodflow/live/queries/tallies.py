"""Tallies: what the answers of activities add up to, and what results are made of beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.live.rules.activities.kind import Listed
from foodflow.live.rules.moderation import ResponseStatus
from foodflow.live.rules.results import MOST_LISTED, MOST_MOMENTS, MOST_VOTES
from foodflow.live.tables.activities import LiveTally
from foodflow.live.tables.responses import LiveResponse

# In the order of keys, so that two who add to the same do not wait for each other.
_ADD = text(
    "INSERT INTO live_tallies AS t (activity_id, key, amount) SELECT :activity_id, n.key, n.amount"
    ' FROM unnest(CAST(:keys AS text[]), CAST(:amounts AS bigint[])) AS n (key, amount) ORDER BY n.key COLLATE "C"'
    " ON CONFLICT (activity_id, key) DO UPDATE SET amount = t.amount + excluded.amount"
)
_DROP_EMPTY = text(
    "DELETE FROM live_tallies WHERE activity_id = :activity_id AND key = ANY(CAST(:keys AS text[])) AND amount = 0"
)
_CLEAR = text("DELETE FROM live_tallies WHERE activity_id = :activity_id")
# `coalesce` keeps the planner from the index of what is counted, through which it would read every answer: the others
# are in order, or hold those alone that are shown.
_SUMMARY = text(
    "SELECT key, amount, NULL AS at FROM live_tallies WHERE activity_id = :activity_id AND amount <> 0"
    " UNION ALL (SELECT NULL, NULL, created_at FROM live_responses"
    " WHERE activity_id = :activity_id AND coalesce(is_counted, false) AND status = 'approved'"
    " ORDER BY created_at DESC, id DESC LIMIT :most)"
)
_VOTERS = text(
    "SELECT response_data ->> 'question_id', participant_id FROM live_responses"
    " WHERE activity_id = :activity_id AND coalesce(is_counted, false) AND slot LIKE 'vote:%'"
    " ORDER BY created_at DESC, id DESC LIMIT :most"
)
_LISTED: Final = (
    "SELECT r.id, r.participant_id, p.nickname, r.response_data, r.created_at, r.status, coalesce(t.amount, 0) AS votes"
    " FROM live_responses AS r JOIN live_participants AS p ON p.id = r.participant_id"
    " LEFT JOIN live_tallies AS t ON t.activity_id = r.activity_id"
    " AND t.key = 'votes:' || coalesce(r.response_data ->> 'question_id', CAST(r.id AS text))"
    " WHERE r.activity_id = :activity_id AND coalesce(r.is_counted, false) AND "
)
_SHOWN = text(
    f"(SELECT * FROM ({_LISTED} r.is_listed AND r.status = 'approved') AS shown"  # noqa: S608 - the same columns
    " ORDER BY votes DESC, created_at, id LIMIT :most)"
)
_SHOWN_AND_PENDING = text(
    f"{_SHOWN.text} UNION ALL (SELECT * FROM ({_LISTED} r.status = 'pending') AS pending"  # noqa: S608 - the same
    " ORDER BY created_at, id LIMIT :most)"
)


@dataclass(frozen=True, slots=True)
class Summary:
    """What an activity's answers add up to, by key, and the moments of the latest of them, latest first."""

    amounts: dict[str, int]
    moments: list[datetime]


@dataclass(frozen=True, slots=True)
class Figures:
    """How many responses an activity has, whatever it makes of them, and when the last one came."""

    responses: int
    last_at: datetime | None


async def figures(session: AsyncSession, activity_id: UUID) -> Figures:
    """How much an activity was answered."""
    found = select(func.count(), func.max(LiveResponse.created_at)).where(LiveResponse.activity_id == activity_id)
    return Figures(*(await session.execute(found)).one())


async def add(session: AsyncSession, activity_id: UUID, amounts: Mapping[str, int]) -> None:
    """Add to the tally of an activity; who adds to the same keys waits until this transaction ends."""
    if not amounts:
        return
    values = {"activity_id": activity_id, "keys": list(amounts), "amounts": list(amounts.values())}
    await session.execute(_ADD, values)
    fewer = [key for key, amount in amounts.items() if amount < 0]
    if fewer:
        await session.execute(_DROP_EMPTY, {"activity_id": activity_id, "keys": fewer})


async def clear(session: AsyncSession, activity_id: UUID) -> None:
    """Remove the tally of an activity, which the caller has locked."""
    await session.execute(_CLEAR, {"activity_id": activity_id})


async def summary(session: AsyncSession, activity_id: UUID) -> Summary:
    """What an activity's answers add up to; costs by the number of keys, not of answers."""
    rows = (await session.execute(_SUMMARY, {"activity_id": activity_id, "most": MOST_MOMENTS})).all()
    amounts = {row.key: row.amount for row in rows if row.key is not None}
    return Summary(amounts, [row.at for row in rows if row.key is None])


async def keys(session: AsyncSession, activity_id: UUID) -> int:
    """How many keys the tally of an activity has."""
    found = select(func.count()).select_from(LiveTally).where(LiveTally.activity_id == activity_id)
    return await session.scalar(found) or 0


async def latest_voters(session: AsyncSession, activity_id: UUID) -> dict[str, list[int]]:
    """Who voted for which of the listed answers, the latest first, of the latest votes of all."""
    voters: dict[str, list[int]] = {}
    for voted_for, participant in await session.execute(_VOTERS, {"activity_id": activity_id, "most": MOST_VOTES}):
        voters.setdefault(voted_for, []).append(participant)
    return voters


async def listed(session: AsyncSession, activity_id: UUID, *, pending: bool) -> tuple[list[Listed], list[Listed]]:
    """The answers that are shown one by one, most votes first, then the earliest; and those that wait for a moderator,
    the earliest first, where they are wanted.
    """
    statement = _SHOWN_AND_PENDING if pending else _SHOWN
    rows = (await session.execute(statement, {"activity_id": activity_id, "most": MOST_LISTED})).all()
    found = [_listed(row) for row in rows]
    waiting = [each for each in found if each.status == ResponseStatus.PENDING]
    return [each for each in found if each.status != ResponseStatus.PENDING], waiting


def _listed(row: Row[Any]) -> Listed:
    return Listed(
        str(row.id), row.participant_id, row.nickname, row.response_data, row.created_at, row.status, row.votes
    )
