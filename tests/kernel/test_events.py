"""Events within their transaction: told, reacted to, and stored with everything else or not at all."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import events
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction, tenant_transaction, write_consequences
from foodflow.kernel.errors import Conflict
from foodflow.kernel.events import Envelope, Event, Listener
from tests.kernel.make import ThingHappened

OUTBOX = text("SELECT event_id, tenant, type, subject, needs, data FROM outbox WHERE subject = :subject ORDER BY id")
MANY = 3000
MOST_LOCKS = 1024


@dataclass(frozen=True, kw_only=True)
class ThingNoticed(Event):
    type = "thing.noticed"
    needs = "thing.read"
    thing: str

    @property
    def subject(self) -> str:
        return f"thing/{self.thing}"


@dataclass(frozen=True, kw_only=True)
class AnythingHappened(Event):
    type = "anything.happened"
    needs = "thing.read"
    value: Any

    @property
    def subject(self) -> str:
        return "anything/1"


async def stored(database: Database, thing: str) -> Sequence[Row[Any]]:
    """What the outbox holds about a thing."""
    async with platform_transaction(database) as session:
        return (await session.execute(OUTBOX, {"subject": f"thing/{thing}"})).all()


@asynccontextmanager
async def listening(database: Database, listener: Listener) -> AsyncIterator[Database]:
    """The same database, where something listens to things."""
    own = Database(database.url, pool_size=2, listeners={ThingHappened: [listener]})
    try:
        yield own
    finally:
        await own.close()


async def test_what_was_told_is_stored_with_the_commit_in_the_order_of_the_telling(
    database: Database, demo: Actor
) -> None:
    async with tenant_transaction(database, demo) as session:
        for number in range(3):
            events.tell(session, ThingHappened(thing="a", number=number))
    rows = await stored(database, "a")
    assert [row.data["number"] for row in rows] == [0, 1, 2]
    assert {row.tenant for row in rows} == {"demo"}
    assert {(row.type, row.needs) for row in rows} == {("thing.happened", "thing.read")}
    assert len({row.event_id for row in rows}) == 3


async def test_a_refused_deed_told_nothing(database: Database, demo: Actor) -> None:
    async def refused() -> None:
        async with tenant_transaction(database, demo) as session:
            events.tell(session, ThingHappened(thing="refused"))
            await write_consequences(session)
            raise Conflict("no")

    with pytest.raises(Conflict):
        await refused()
    assert await stored(database, "refused") == []


async def test_listeners_react_in_the_same_transaction_and_what_they_tell_is_told(
    database: Database, demo: Actor
) -> None:
    async def notice(session: AsyncSession, event: Event) -> None:
        assert isinstance(event, ThingHappened)
        await session.execute(text("CREATE TABLE noticed (id int)"))
        events.tell(session, ThingNoticed(thing=event.thing))

    async with listening(database, notice) as own, tenant_transaction(own, demo) as session:
        events.tell(session, ThingHappened(thing="b"))
    assert [row.type for row in await stored(database, "b")] == ["thing.happened", "thing.noticed"]
    async with tenant_transaction(database, demo) as session:
        assert await session.scalar(text("SELECT count(*) FROM noticed")) == 0


async def test_a_listener_that_refuses_takes_the_whole_deed_back(database: Database, demo: Actor) -> None:
    async def refuse(_session: AsyncSession, _event: Event) -> None:
        raise Conflict("not now")

    async def deed() -> None:
        async with listening(database, refuse) as own, tenant_transaction(own, demo) as session:
            await session.execute(text("CREATE TABLE taken_back (id int)"))
            events.tell(session, ThingHappened(thing="c"))

    with pytest.raises(Conflict):
        await deed()
    async with tenant_transaction(database, demo) as session:
        assert await session.scalar(text("SELECT to_regclass('taken_back')")) is None
    assert await stored(database, "c") == []


async def test_listeners_that_tell_each_other_for_ever_are_stopped_with_the_names_of_the_events(
    database: Database, demo: Actor
) -> None:
    async def again(session: AsyncSession, event: Event) -> None:
        events.tell(session, event)

    async with listening(database, again) as own:
        with pytest.raises(RuntimeError, match=r"circle.*thing\.happened"):
            async with tenant_transaction(own, demo) as session:
                events.tell(session, ThingHappened(thing="d"))


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC), "2001-02-03T04:05:06Z"),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        ({"nested": ["ä€😀", 1.5, None, True]}, {"nested": ["ä€😀", 1.5, None, True]}),
    ],
)
async def test_an_event_carries_times_ids_and_json(session: AsyncSession, value: object, stored: object) -> None:
    events.tell(session, AnythingHappened(value=value))
    await write_consequences(session)
    await session.execute(text("RESET ROLE"))
    found = await session.scalar(text("SELECT data -> 'value' FROM platform.outbox ORDER BY id DESC LIMIT 1"))
    assert found == stored


async def test_an_event_carries_nothing_that_json_cannot_say(session: AsyncSession) -> None:
    events.tell(session, AnythingHappened(value=Decimal("1.5")))
    with pytest.raises(TypeError, match="Decimal"):
        await write_consequences(session)


async def test_a_subject_too_long_for_the_relay_is_refused_at_once(session: AsyncSession) -> None:
    events.tell(session, ThingHappened(thing="x" * 600))
    with pytest.raises(DBAPIError, match="ck_outbox_names"):
        await write_consequences(session)


async def test_telling_of_very_many_subjects_takes_few_locks(session: AsyncSession) -> None:
    for number in range(MANY):
        events.tell(session, ThingHappened(thing=f"many-{number}"))
    await write_consequences(session)
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    assert 0 < (await session.scalar(text(held)) or 0) <= MOST_LOCKS


def test_an_envelope_is_a_cloud_event() -> None:
    id, time = uuid4(), datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    envelope = Envelope(id, 12, "demo", "thing.happened", "thing/1", "thing.read", time, {"number": 3})
    assert json.loads(json.dumps(envelope.cloud_event())) == {
        "specversion": "1.0",
        "id": str(id),
        "source": "/companies/demo",
        "type": "foodflow.thing.happened",
        "subject": "thing/1",
        "time": "2001-02-03T04:05:06Z",
        "datacontenttype": "application/json",
        "dataschema": "/api/v1/events/types/thing.happened",
        "tenantid": "demo",
        "needs": "thing.read",
        "sequence": "12",
        "data": {"number": 3},
    }
