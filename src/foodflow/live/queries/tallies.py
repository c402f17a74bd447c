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
from foodflow.live.rules.recording import CHANGED, PARTICIPANTS
from foodflow.live.rules.results import MOST_LISTED, MOST_MOMENTS, MOST_VOTES
from foodflow.live.tables.activities import LiveTally
from foodflow.live.tables.responses import LiveResponse
from foodflow.numerics.epoch import from_micros, to_micros

# In the order of keys, so that two who add to the same do not wait for each other. A moment is not added up.
_ADD = text(
    "INSERT INTO live_tallies AS t (activity_id, key, amount) SELECT :activity_id, n.key, n.amount"
    ' FROM unnest(CAST(:keys AS text[]), CAST(:amounts AS bigint[])) AS n (key, amount) ORDER BY n.key COLLATE "C"'
    " ON CONFLICT (activity_id, key) DO UPDATE SET amount = CASE WHEN t.key = :changed"
    " THEN greatest(t.amount, excluded.amount) ELSE t.amount + excluded.amount END"
)
_DROP_EMPTY = text(
    "DELETE FROM live_tallies WHERE activity_id = :activity_id AND key = ANY(CAST(:keys AS text[])) AND amount = 0"
)
_CLEAR = text("DELETE FROM live_tallies WHERE activity_id = :activity_id")
_TALLY = text("SELECT key, amount FROM live_tallies WHERE activity_id = :activity_id")
_MOMENTS = text(
    "SELECT created_at FROM live_responses WHERE activity_id = :activity_id AND is_counted AND status = 'approved'"
    " ORDER BY created_at DESC, id DESC LIMIT :most"
)
_VOTERS = text(
    "SELECT response_data ->> 'question_id', participant_id FROM live_responses"
    " WHERE activity_id = :activity_id AND is_counted AND slot LIKE 'vote:%' ORDER BY created_at DESC, id DESC"
    " LIMIT :most"
)
# `coalesce` keeps the planner from the index of what is counted, through which it would read every answer; the one that
# it is left with holds those alone that are shown. LIMIT has it look up each by itself, instead of reading all.
_OF_ACTIVITY: Final = "r.activity_id = :activity_id AND coalesce(r.is_counted, false)"
_IS_SHOWN: Final = f"{_OF_ACTIVITY} AND r.is_listed AND r.status = 'approved'"
_IS_PENDING: Final = f"{_OF_ACTIVITY} AND r.status = 'pending'"
_EARLIEST: Final = "(SELECT r.id FROM live_responses AS r WHERE {} ORDER BY r.created_at, r.id LIMIT :most)"
# Whoever is among the first of all is among the first by votes, or among the earliest.
_FIRST: Final = (
    "SELECT CASE WHEN v.key ~ '^votes:[0-9a-f-]{36}$' THEN CAST(substr(v.key, 7) AS uuid) END AS id"  # noqa: S608 - the same
    " FROM (SELECT key FROM live_tallies WHERE activity_id = :activity_id AND key LIKE 'votes:%'"
    f" ORDER BY amount DESC, key LIMIT :most) AS v UNION {_EARLIEST.format(_IS_SHOWN)}"
)
_LISTED: Final = (
    "(SELECT r.id, r.participant_id, p.nickname, r.response_data, r.created_at, r.status,"
    " coalesce(t.amount, 0) AS votes FROM ({first}) AS f CROSS JOIN LATERAL"
    " (SELECT * FROM live_responses AS r WHERE r.id = f.id AND {condition} LIMIT 1) AS r CROSS JOIN LATERAL"
    " (SELECT nickname FROM live_participants AS p WHERE p.id = r.participant_id LIMIT 1) AS p LEFT JOIN LATERAL"
    " (SELECT amount FROM live_tallies AS t WHERE t.activity_id = r.activity_id"
    " AND t.key = 'votes:' || CAST(r.id AS text) LIMIT 1) AS t ON true"
    " ORDER BY votes DESC, r.created_at, r.id LIMIT :most)"
)
_SHOWN: Final = _LISTED.format(first=_FIRST, condition=_IS_SHOWN)
_PENDING: Final = _LISTED.format(first=_EARLIEST.format(_IS_PENDING), condition=_IS_PENDING)
_SHOWN_LISTED, _ALL_LISTED = text(_SHOWN), text(f"{_SHOWN} UNION ALL {_PENDING}")


@dataclass(frozen=True, slots=True)
class Summary:
    """What an activity's answers add up to, by key, how many participants gave them, and when that changed last."""

    amounts: dict[str, int]
    participants: int
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Figures:
    """How many responses an activity has, whatever it makes of them, and when the last one came."""

    responses: int
    last_at: datetime | None


async def figures(session: AsyncSession, activity_id: UUID) -> Figures:
    """How much an activity was answered."""
    found = select(func.count(), func.max(LiveResponse.created_at)).where(LiveResponse.activity_id == activity_id)
    return Figures(*(await session.execute(found)).one())


async def add(session: AsyncSession, activity_id: UUID, amounts: Mapping[str, int], *, at: datetime) -> None:
    """Add to the tally of an activity, which changes at this moment; who adds to the same keys waits until this
    transaction ends.
    """
    if not amounts:
        return
    added = {**amounts, CHANGED: to_micros(at)}
    values = {"activity_id": activity_id, "keys": list(added), "amounts": list(added.values()), "changed": CHANGED}
    await session.execute(_ADD, values)
    fewer = [key for key, amount in amounts.items() if amount < 0]
    if fewer:
        await session.execute(_DROP_EMPTY, {"activity_id": activity_id, "keys": fewer})


async def clear(session: AsyncSession, activity_id: UUID) -> None:
    """Remove the tally of an activity, which the caller has locked."""
    await session.execute(_CLEAR, {"activity_id": activity_id})


async def summary(session: AsyncSession, activity_id: UUID) -> Summary:
    """What an activity's answers add up to; costs by the number of keys, not of answers."""
    rows = await session.execute(_TALLY, {"activity_id": activity_id})
    amounts: dict[str, int] = {row.key: row.amount for row in rows}
    participants, changed = amounts.pop(PARTICIPANTS, 0), amounts.pop(CHANGED, None)
    return Summary(amounts, participants, None if changed is None else from_micros(changed))


async def latest_moments(session: AsyncSession, activity_id: UUID) -> list[datetime]:
    """When the latest answers to an activity came that count, the latest first."""
    return list(await session.scalars(_MOMENTS, {"activity_id": activity_id, "most": MOST_MOMENTS}))


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
    statement = _ALL_LISTED if pending else _SHOWN_LISTED
    rows = (await session.execute(statement, {"activity_id": activity_id, "most": MOST_LISTED})).all()
    found = [_listed(row) for row in rows]
    waiting = [each for each in found if each.status == ResponseStatus.PENDING]
    return [each for each in found if each.status != ResponseStatus.PENDING], waiting


def _listed(row: Row[Any]) -> Listed:
    return Listed(
        str(row.id), row.participant_id, row.nickname, row.response_data, row.created_at, row.status, row.votes
    )
