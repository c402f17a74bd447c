"""Makers of rows of live sessions, for tests of what is done with them; the rooms above have makers of their own."""

import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.live.rules.activity_states import ActivityState
from foodflow.live.rules.participants import ParticipantRole
from foodflow.live.rules.recording import CHANGED, PARTICIPANTS
from foodflow.live.rules.responses import Outcome, Stored, Submission
from foodflow.live.rules.sessions import Admission, Progression, Purpose, SessionStatus
from foodflow.live.tables.activities import LiveActivity, LiveTally
from foodflow.live.tables.participants import LiveParticipant
from foodflow.live.tables.responses import LiveResponse
from foodflow.live.tables.sessions import LiveSession
from foodflow.live.usecases import responses

Json = dict[str, Any]

POLL: Final[Json] = {"question": "Which line first?", "options": ["A", "B", "C"]}
SEVERAL: Final[Json] = {**POLL, "allow_multiple_choice": True}
_numbers = itertools.count(1)


async def live_session(session: AsyncSession, **fields: Any) -> LiveSession:  # noqa: ANN401 - of the row's types
    """A session that has begun."""
    number, now = next(_numbers), clock.now()
    row = LiveSession(
        title=f"Session {number}",
        status=SessionStatus.ACTIVE,
        purpose=Purpose.GENERAL,
        site="",
        qr_code=f"Q{number:07}",
        admin_code=f"A{number:05}",
        max_participants=50_000,
        admission=Admission.ANYONE,
        progression=Progression.HAND,
        allows_late_join=True,
        filters_nicknames=True,
        shows_leaderboard=False,
        participant_count=0,
        sequence=0,
        created_by="user:1",
        created_at=now,
        updated_at=now,
    )
    for name, value in fields.items():
        setattr(row, name, value)
    session.add(row)
    await session.flush()
    return row


async def people(session: AsyncSession, live: LiveSession, count: int, **fields: Any) -> list[int]:  # noqa: ANN401 - the same
    """So many participants; their ids."""
    now = clock.now()
    rows = [
        LiveParticipant(
            session_id=live.id,
            nickname=f"Guest {next(_numbers)}",
            actor="",
            role=ParticipantRole.PARTICIPANT,
            score=0,
            streak=0,
            correct=0,
            answered=0,
            joined_at=now,
            last_seen=now,
        )
        for _ in range(count)
    ]
    for row in rows:
        for name, value in fields.items():
            setattr(row, name, value)
    session.add_all(rows)
    await session.flush()
    return [row.id for row in rows]


async def activity(session: AsyncSession, live: LiveSession, config: Json | None = None, **fields: Any) -> LiveActivity:  # noqa: ANN401 - the same
    """An open activity, a poll unless said otherwise."""
    now = clock.now()
    row = LiveActivity(
        id=clock.new_id(),
        session_id=live.id,
        type="poll",
        title="",
        config=POLL if config is None else config,
        activity_metadata={},
        order_index=0,
        state=ActivityState.ACTIVE,
        step=0,
        step_opened_at=now,
        is_revealed=False,
        shows_results=False,
        opened_at=now,
        created_at=now,
        updated_at=now,
    )
    for name, value in fields.items():
        setattr(row, name, value)
    session.add(row)
    await session.flush()
    return row


def vote(participant: int, *options: str, id: UUID | None = None, at: datetime | None = None) -> Submission:
    """A vote in a poll."""
    return submission(participant, {"selected_options": list(options)}, id=id, at=at)


def submission(participant: int, data: Json, *, id: UUID | None = None, at: datetime | None = None) -> Submission:
    """An answer that arrives now."""
    return Submission(id or clock.new_id(), participant, data, at or clock.now())


async def record(database: Database, actor: Actor, to: LiveActivity, *submissions: Submission) -> list[Outcome]:
    """Answers, in a transaction of their own."""
    async with tenant_transaction(database, actor) as session:
        return await responses.record(session, to, submissions)


def stored(outcome: Outcome) -> Stored:
    """An outcome that is no refusal."""
    assert isinstance(outcome, Stored), outcome
    return outcome


def codes(outcomes: Sequence[Outcome]) -> list[str]:
    """Of each outcome, the status of what is stored or the code of the refusal."""
    return [each.status if isinstance(each, Stored) else each.refusal.code for each in outcomes]


async def tally(session: AsyncSession, of: UUID) -> dict[str, int]:
    """What an activity's answers add up to as it is stored, `participants` among it, without when it changed."""
    found = select(LiveTally.key, LiveTally.amount).where(LiveTally.activity_id == of, LiveTally.key != CHANGED)
    rows = await session.execute(found)
    return {"participants" if key == PARTICIPANTS else key: amount for key, amount in rows}


async def rows_of(session: AsyncSession, of: UUID) -> Sequence[LiveResponse]:
    """The responses to an activity as they are stored, in the order in which they came."""
    found = select(LiveResponse).where(LiveResponse.activity_id == of).order_by(LiveResponse.created_at)
    return (await session.scalars(found, execution_options={"populate_existing": True})).all()


async def scores(session: AsyncSession, ids: Sequence[int]) -> dict[int, tuple[int, int, int, int]]:
    """Score, streak, right answers and answers of participants as they are stored."""
    p = LiveParticipant
    found = select(p.id, p.score, p.streak, p.correct, p.answered).where(p.id.in_(ids))
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in await session.execute(found)}
