"""What an audience does does not grow with how many are in it."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from fastapi import FastAPI
from sqlalchemy import event

from foodflow.kernel.db import tenant_transaction
from foodflow.live.rules.seats import Seat
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
