"""Votes of a live session: what one costs when few have voted and when many have, and that the result is exact."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.installation import Installation, installation
from benchmarks.measuring import Figure, in_turn, seconds
from foodflow.kernel import clock
from foodflow.kernel.db import tenant_transaction
from foodflow.live.rules.activity_states import ActivityState
from foodflow.live.rules.participants import ParticipantRole
from foodflow.live.rules.responses import Submission
from foodflow.live.rules.results import Audience
from foodflow.live.rules.sessions import Admission, Progression, Purpose, SessionStatus
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.participants import LiveParticipant
from foodflow.live.tables.responses import LiveResponse
from foodflow.live.tables.sessions import LiveSession
from foodflow.live.usecases import responses, results

FEW, SOME, MANY = 10, 1000, 10_000
BATCH: Final = 100
RUNS: Final = 15
PROMISED: Final = 1.25
OPTIONS: Final = ("A", "B", "C")
_PLAIN: Final = (
    "CREATE TABLE plain (id uuid PRIMARY KEY, participant_id int, data jsonb, at timestamptz)",
    "CREATE INDEX ON plain (participant_id)",
)
_STORE = text(
    "INSERT INTO plain SELECT gen_random_uuid(), p, jsonb_build_object('selected_options', jsonb_build_array('A')),"
    " now() FROM unnest(CAST(:people AS int[])) AS p"
)


class _Undo(Exception):  # noqa: N818 - no fault: what was measured is not to stay
    """Rolls a transaction back."""


@dataclass(frozen=True)
class Poll:
    """An activity, and participants of its session who have not voted yet."""

    activity: LiveActivity
    people: Sequence[int]


async def run() -> list[Figure]:
    """All figures; stops where a result is not exact."""
    async with installation() as place:
        polls = {count: await _poll(place, count) for count in (FEW, SOME, MANY)}
        for count, poll in polls.items():
            await _vote(place, poll, count)
            await _require_exact(place, poll, count)
        # The statistics that autovacuum gathers by itself within a minute.
        async with tenant_transaction(place.database, place.actor) as session:
            await session.execute(text("ANALYZE live_responses"))
        return [
            await _per_vote(place, polls, SOME),
            await _per_vote(place, polls, MANY),
            await _per_result(place, polls),
            await _storing(place),
        ]


async def _per_vote(place: Installation, polls: dict[int, Poll], count: int) -> Figure:
    ours, limit = await in_turn(_batch(place, polls[count], count), _batch(place, polls[FEW], FEW), runs=RUNS)
    return _compared(f"a vote when {count:,} have voted, against one when {FEW} have", ours / BATCH, limit / BATCH)


async def _per_result(place: Installation, polls: dict[int, Poll]) -> Figure:
    ours, limit = await in_turn(_result(place, polls[MANY]), _result(place, polls[FEW]), runs=RUNS)
    return _compared(f"the result of {MANY:,} votes, against that of {FEW}", ours / BATCH, limit / BATCH)


def _compared(what: str, ours: float, limit: float) -> Figure:
    kept = ours <= PROMISED * limit
    return Figure(what, ours * 1e6, limit * 1e6, "µs", promise=f"at most {PROMISED} times as long", kept=kept)


def _batch(place: Installation, poll: Poll, count: int) -> Callable[[], Awaitable[None]]:
    """A hundred more votes, which do not stay: nothing that a commit costs hides what they do."""

    async def vote() -> None:
        with suppress(_Undo):
            async with tenant_transaction(place.database, place.actor) as session:
                await responses.record(session, poll.activity, _votes(poll.people[count : count + BATCH]))
                raise _Undo

    return vote


def _result(place: Installation, poll: Poll) -> Callable[[], Awaitable[None]]:
    async def look() -> None:
        async with tenant_transaction(place.database, place.actor) as session:
            for _ in range(BATCH):
                await results.result_of(session, poll.activity, audience=Audience.FACILITATOR)

    return look


async def _storing(place: Installation) -> Figure:
    """All at once, in batches of five hundred, each committed."""
    polls = [await _poll(place, MANY) for _ in range(3)]
    async with tenant_transaction(place.database, place.actor) as session:
        for statement in _PLAIN:
            await session.execute(text(statement))

    async def store() -> None:
        await _vote(place, polls.pop(), MANY)

    async def store_plainly() -> None:
        for start in range(0, MANY, 500):
            async with tenant_transaction(place.database, place.actor) as session:
                await session.execute(_STORE, {"people": list(range(start, start + 500))})

    ours, limit = await seconds(store, runs=2), await seconds(store_plainly, runs=2)
    return Figure(f"{MANY:,} votes in batches of 500", MANY / ours, MANY / limit, "votes/s")


async def _vote(place: Installation, poll: Poll, count: int) -> None:
    for start in range(0, count, 500):
        votes = _votes(poll.people[start : min(start + 500, count)])
        async with tenant_transaction(place.database, place.actor) as session:
            await responses.record(session, poll.activity, votes)


def _votes(people: Sequence[int]) -> list[Submission]:
    now = clock.now()
    return [Submission(clock.new_id(), each, {"selected_options": [_choice(each)]}, now) for each in people]


def _choice(participant: int) -> str:
    return OPTIONS[participant % len(OPTIONS)]


async def _require_exact(place: Installation, poll: Poll, count: int) -> None:
    """The result is what adding up the stored responses gives."""
    async with tenant_transaction(place.database, place.actor) as session:
        seen = (await results.result_of(session, poll.activity, audience=Audience.FACILITATOR)).results
        of_poll = select(LiveResponse.participant_id).where(LiveResponse.activity_id == poll.activity.id)
        stored = Counter(_choice(each) for each in await session.scalars(of_poll))
    assert seen["vote_counts"] == {option: stored[option] for option in OPTIONS}
    assert (seen["total_responses"], stored.total()) == (count, count)


async def _poll(place: Installation, count: int) -> Poll:
    """An open poll, and so many participants and a hundred more."""
    async with tenant_transaction(place.database, place.actor) as session:
        live = await _session(session)
        now = clock.now()
        zero = {"score": 0, "streak": 0, "correct": 0, "answered": 0}
        common = {"session_id": live.id, "actor": "", "role": ParticipantRole.PARTICIPANT, **zero}
        rows = [
            LiveParticipant(nickname=f"Guest {number}", joined_at=now, last_seen=now, **common)
            for number in range(count + BATCH)
        ]
        activity = LiveActivity(
            id=clock.new_id(),
            session_id=live.id,
            type="poll",
            title="",
            config={"question": "Which line first?", "options": list(OPTIONS)},
            activity_metadata={},
            order_index=0,
            state=ActivityState.ACTIVE,
            step=0,
            is_revealed=False,
            shows_results=False,
            created_at=now,
            updated_at=now,
        )
        session.add_all([*rows, activity])
        await session.flush()
        return Poll(activity, [row.id for row in rows])


async def _session(session: AsyncSession) -> LiveSession:
    now, code = clock.now(), clock.new_id().hex
    live = LiveSession(
        title="Vote",
        status=SessionStatus.ACTIVE,
        purpose=Purpose.GENERAL,
        site="",
        qr_code=code,
        admin_code=code,
        max_participants=50_000,
        admission=Admission.ANYONE,
        progression=Progression.HAND,
        allows_late_join=True,
        filters_nicknames=True,
        shows_leaderboard=False,
        participant_count=0,
        sequence=0,
        created_by="benchmark",
        created_at=now,
        updated_at=now,
    )
    session.add(live)
    await session.flush()
    return live
