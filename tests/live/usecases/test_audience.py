"""What an audience does does not grow with how many are in it."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from fastapi import FastAPI
from sqlalchemy import event

from foodflow.kernel.clock import new_id, now
from foodflow.kernel.db import tenant_transaction
from foodflow.live.rules.seats import Seat
from foodflow.live.tables.participants import LiveParticipant
from foodflow.live.tables.sessions import LiveSession, LiveTurn
from foodflow.live.usecases import turns
from foodflow.live.usecases.members import Member
from tests.live import make_rows as make
from tests.make import everything


@contextmanager
def statements_of(app: FastAPI) -> Iterator[list[str]]:
    """What is asked of the database meanwhile, but for who is there, which is told by its own clock."""
    sent: list[str] = []

    def note(*context: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        if "live_turns" in context[2] or "live_activities" in context[2]:
            sent.append(context[2])

    engine = app.state.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


async def told(app: FastAPI, count: int) -> tuple[list[str], set[int], int]:
    """What so many participants, each with a connection, are told of one change: the frames that say it, by which
    objects they are, and how many statements that took.
    """
    actor, audiences = everything("demo"), app.state.audiences
    async with tenant_transaction(app.state.database, actor) as session:
        live = await make.live_session(session)
        await make.activity(session, live)
        people = await make.people(session, live, count)
    audience = await audiences.of("demo", live.id)
    members = [Member(Seat.PARTICIPANT, person) for person in people]
    with ExitStack() as seats:
        for member in members:
            seats.enter_context(audiences.seated(audience, member))
        with statements_of(app) as statements:
            async with tenant_transaction(app.state.database, actor) as session:
                await turns.say(session, live.id, "activity.changed")
            frames = await asyncio.gather(*(member.next(10) for member in members))
        return [frame or "" for frame in frames], {id(frame) for frame in frames}, len(statements)


async def test_a_change_is_read_and_written_down_once_for_however_many(app: FastAPI) -> None:
    [alone], _, statements = await told(app, 1)
    assert '"activity.changed"' in alone
    frames, objects, more = await told(app, 200)
    assert (len(frames), len(objects), more) == (200, 1, statements)


async def test_who_comes_back_is_told_what_they_missed_without_asking_the_database(app: FastAPI) -> None:
    actor = everything("demo")
    async with tenant_transaction(app.state.database, actor) as session:
        live = await make.live_session(session)
        for _ in range(3):
            await turns.say(session, live.id, "activity.changed")
    audience = await app.state.audiences.of("demo", live.id)
    with statements_of(app) as statements:
        missed = [[json.loads(turn)["sequence"] for turn in audience.missed(after)] for after in (0, 1, 3, 7)]
    assert (missed, statements) == ([[1, 2, 3], [2, 3], [], []], [])


async def test_a_turn_that_the_results_are_loaded_with_is_told(app: FastAPI) -> None:
    actor = everything("demo")
    async with tenant_transaction(app.state.database, actor) as session:
        live = await make.live_session(session)
        [person] = await make.people(session, live, 1)
    audience, member = await app.state.audiences.of("demo", live.id), Member(Seat.PARTICIPANT, person)
    with app.state.audiences.seated(audience, member):
        async with tenant_transaction(app.state.database, actor) as session:
            row = await session.get(LiveSession, live.id)
            assert row is not None
            row.sequence = 1  # as a turn of which the message is still on its way
            session.add(LiveTurn(session_id=live.id, sequence=1, type="activity.changed", data={}, created_at=now()))
        async with tenant_transaction(app.state.database, actor) as session:
            turns.counted(session, live.id, new_id())
        assert '"activity.changed"' in (await member.next(10) or "")


async def test_everybodys_own_score_is_told_where_scores_may_have_changed_and_only_where_there_are_any(
    app: FastAPI,
) -> None:
    actor = everything("demo")
    async with tenant_transaction(app.state.database, actor) as session:
        live = await make.live_session(session)
        [person] = await make.people(session, live, 1)
    audience, member = await app.state.audiences.of("demo", live.id), Member(Seat.PARTICIPANT, person)

    async def heard(turn: str, *, score: int = 0) -> dict[str, Any]:
        async with tenant_transaction(app.state.database, actor) as session:
            place = await session.get(LiveParticipant, person)
            assert place is not None
            place.score, place.answered = score, int(score > 0)
            await turns.say(session, live.id, turn)
        said: dict[str, Any] = json.loads(await member.next(10) or "{}")
        return said

    with app.state.audiences.seated(audience, member):
        assert (await heard("activity.closed"))["turn"] == "activity.closed"
        assert (await heard("question.revealed", score=70))["turn"] == "question.revealed"
        own = json.loads(await member.next(10) or "{}")
        assert (own["type"], own["you"]["score"], own["you"]["rank"]) == ("you", 70, 1)
        assert (await heard("activity.changed", score=90))["turn"] == "activity.changed"
        assert (await heard("activity.closed"))["turn"] == "activity.closed"
        assert json.loads(await member.next(10) or "{}")["you"]["score"] == 0  # of what there was, nothing is left
