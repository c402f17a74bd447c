"""The relay: at least once, in order for each subject, and held up by nobody."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import events, relay
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction, tenant_transaction, write_consequences
from foodflow.kernel.events import Envelope
from tests.kernel.make import ThingHappened
from tests.make import until

AGE = text("UPDATE outbox SET time = time - make_interval(days => 40) WHERE subject = :subject")


class Inbox:
    """A sink that remembers what it was given."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def take(self, _session: AsyncSession, envelopes: Sequence[Envelope]) -> None:
        self.envelopes += envelopes

    @property
    def numbers(self) -> list[tuple[str, int]]:
        return [(envelope.subject, envelope.data["number"]) for envelope in self.envelopes]


async def tell(database: Database, actor: Actor, *things: str, number: int = 0) -> None:
    async with tenant_transaction(database, actor) as session:
        for thing in things:
            events.tell(session, ThingHappened(thing=thing, number=number))


async def deliver_all(database: Database, *sinks: relay.Sink) -> int:
    total = 0
    while delivered := await relay.deliver_once(database, sinks):
        total += delivered
    return total


@pytest.fixture
async def inbox(database: Database) -> Inbox:
    """An empty inbox, after all that earlier tests have told is delivered."""
    await deliver_all(database)
    return Inbox()


@pytest.fixture
async def running(database: Database, inbox: Inbox) -> AsyncIterator[asyncio.Task[None]]:
    """A relay that runs for ever, until the test ends."""
    task = asyncio.create_task(relay.run(database, [inbox.take]))
    yield task
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_each_event_is_delivered_and_marked_once(database: Database, demo: Actor, inbox: Inbox) -> None:
    await tell(database, demo, "a", "b")
    assert await relay.deliver_once(database, [inbox.take]) == 2
    assert await relay.deliver_once(database, [inbox.take]) == 0
    assert inbox.numbers == [("thing/a", 0), ("thing/b", 0)]


async def test_a_batch_takes_the_oldest_and_leaves_the_rest(database: Database, demo: Actor, inbox: Inbox) -> None:
    for number in range(5):
        await tell(database, demo, "a", number=number)
    assert await relay.deliver_once(database, [inbox.take], batch=2) == 2
    assert await relay.deliver_once(database, [inbox.take], batch=2) == 2
    assert await relay.deliver_once(database, [inbox.take], batch=2) == 1
    assert [number for _, number in inbox.numbers] == list(range(5))
    sequences = [envelope.sequence for envelope in inbox.envelopes]
    assert sequences == list(range(sequences[0], sequences[0] + 5))


async def test_a_sink_that_fails_gets_the_same_events_again_with_the_same_ids_and_numbers(
    database: Database, demo: Actor, inbox: Inbox
) -> None:
    async def fail(_session: AsyncSession, _envelopes: Sequence[Envelope]) -> None:
        raise OSError("the broker is gone")

    await tell(database, demo, "a", "b")
    with pytest.raises(OSError, match="gone"):
        await relay.deliver_once(database, [inbox.take, fail])
    assert await relay.deliver_once(database, [inbox.take]) == 2
    assert inbox.envelopes[:2] == inbox.envelopes[2:]


async def test_a_transaction_that_stays_open_holds_up_nobody_elses_events(
    database: Database, demo: Actor, akron: Actor, inbox: Inbox
) -> None:
    async with tenant_transaction(database, akron) as slow, tenant_transaction(database, demo) as slow_too:
        for session, thing in ((slow, "a"), (slow_too, "elsewhere")):
            events.tell(session, ThingHappened(thing=thing, number=1))
            await write_consequences(session)
        await tell(database, demo, "a", number=2)
        assert await relay.deliver_once(database, [inbox.take]) == 1
        assert inbox.numbers == [("thing/a", 2)]
    assert await relay.deliver_once(database, [inbox.take]) == 2
    assert [envelope.sequence for envelope in inbox.envelopes] == sorted(each.sequence for each in inbox.envelopes)


async def test_who_tells_of_a_subject_waits_for_who_told_of_it_before_so_the_first_is_delivered_first(
    database: Database, demo: Actor, inbox: Inbox
) -> None:
    async with tenant_transaction(database, demo) as session:
        events.tell(session, ThingHappened(thing="a", number=1))
        await write_consequences(session)
        second = asyncio.create_task(tell(database, demo, "a", number=2))
        _, waiting = await asyncio.wait({second}, timeout=0.3)
        assert waiting, "the second must not commit before the first"
        assert await relay.deliver_once(database, [inbox.take]) == 0
    await second
    await deliver_all(database, inbox.take)
    assert inbox.numbers == [("thing/a", 1), ("thing/a", 2)]


async def test_the_same_subject_in_two_companies_are_two_subjects(
    database: Database, demo: Actor, akron: Actor, inbox: Inbox
) -> None:
    async with tenant_transaction(database, demo) as session:
        events.tell(session, ThingHappened(thing="a"))
        await write_consequences(session)
        async with asyncio.timeout(5):
            await tell(database, akron, "a")
    assert await deliver_all(database, inbox.take) == 2


async def test_two_subjects_told_in_opposite_orders_at_once_do_not_lock_each_other_out(
    database: Database, demo: Actor, inbox: Inbox
) -> None:
    for _ in range(20):
        await asyncio.gather(*(tell(database, demo, *order) for order in (("a", "b"), ("b", "a"), ("b", "c", "a"))))
    assert await deliver_all(database, inbox.take) == 20 * 7


async def test_while_one_relay_is_at_work_another_takes_nothing(database: Database, demo: Actor, inbox: Inbox) -> None:
    await tell(database, demo, "a")
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(_session: AsyncSession, _envelopes: Sequence[Envelope]) -> None:
        entered.set()
        await leave.wait()

    first = asyncio.create_task(relay.deliver_once(database, [slow]))
    await asyncio.wait_for(entered.wait(), 5)
    assert await relay.deliver_once(database, [inbox.take]) == 0
    leave.set()
    assert await first == 1
    assert inbox.envelopes == []


async def test_a_running_relay_delivers_soon_after_the_commit(
    database: Database, demo: Actor, inbox: Inbox, running: asyncio.Task[None]
) -> None:
    for number in range(10):
        await tell(database, demo, "a", number=number)
        await until(lambda number=number: len(inbox.envelopes) > number)  # type: ignore[misc]
    assert [number for _, number in inbox.numbers] == list(range(10))


async def test_a_relay_whose_connections_are_cut_starts_over_by_itself(
    database: Database, demo: Actor, inbox: Inbox, running: asyncio.Task[None], superuser_url: str
) -> None:
    await tell(database, demo, "a", number=1)
    await until(lambda: len(inbox.envelopes) == 1)
    async with await psycopg.AsyncConnection.connect(superuser_url, autocommit=True) as superuser:
        others = "pid <> pg_backend_pid() AND datname = current_database()"
        await superuser.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
    with suppress(Exception):  # the pool finds out at the first use of each cut connection
        await tell(database, demo, "a", number=2)
    await tell(database, demo, "a", number=3)
    await until(lambda: ("thing/a", 3) in inbox.numbers)
    assert not running.done()


async def test_a_sink_that_is_at_fault_gets_its_events_again_and_the_relay_goes_on(
    database: Database, demo: Actor, inbox: Inbox
) -> None:
    faults = iter([ValueError("a fault of the program"), KeyError("another")])

    async def stumble(_session: AsyncSession, _envelopes: Sequence[Envelope]) -> None:
        for fault in faults:
            raise fault

    task = asyncio.create_task(relay.run(database, [stumble, inbox.take]))
    await tell(database, demo, "a", number=1)
    await until(lambda: inbox.numbers == [("thing/a", 1)])
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_delivered_events_are_forgotten_when_they_are_old_and_others_are_kept(
    database: Database, demo: Actor, inbox: Inbox
) -> None:
    await tell(database, demo, "old", "new")
    await deliver_all(database, inbox.take)
    await tell(database, demo, "waiting")
    async with platform_transaction(database) as session:
        for subject in ("thing/old", "thing/waiting"):
            await session.execute(AGE, {"subject": subject})
    await relay.forget_delivered(database, older_than_days=30)
    async with platform_transaction(database) as session:
        left = set(await session.scalars(text("SELECT subject FROM outbox")))
    assert "thing/old" not in left
    assert {"thing/new", "thing/waiting"} <= left


async def test_a_company_catches_up_with_its_own_events_only(
    database: Database, demo: Actor, akron: Actor, inbox: Inbox
) -> None:
    await tell(database, demo, "a")
    await tell(database, akron, "b")
    await tell(database, demo, "c")
    await deliver_all(database, inbox.take)
    before = inbox.envelopes[0].sequence - 1
    async with platform_transaction(database) as session:
        assert await relay.since(session, "demo", before, limit=9) == [inbox.envelopes[0], inbox.envelopes[2]]
        assert await relay.since(session, "demo", before, limit=1) == [inbox.envelopes[0]]
        assert await relay.since(session, "akron", before + 2, limit=9) == []
        assert (await relay.kept(session))[1] == inbox.envelopes[-1].sequence
