"""Jobs: enqueued with the deed, done for its company, tried again, and never lost with their worker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import procrastinate
import pytest
from sqlalchemy import TextClause, text

from foodflow import composition
from foodflow.kernel import events, jobs, relay
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction, tenant_transaction
from foodflow.kernel.errors import Conflict
from foodflow.kernel.jobs import Job, PlatformJob
from foodflow.kernel.queue import build_queue
from tests.kernel.make import ThingHappened

WAITING = text("SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name = :name AND status = 'todo'")
SOONER = text("UPDATE jobs.procrastinate_jobs SET scheduled_at = now() WHERE task_name = :name AND status = 'todo'")
LOSE_WORKER = text(
    "WITH dead AS ("
    "INSERT INTO jobs.procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 day') RETURNING id)"
    " UPDATE jobs.procrastinate_jobs SET status = 'doing', worker_id = dead.id FROM dead WHERE task_name = :name"
)


class Desk:
    """Work that remembers for whom it was done, and fails as often as it is told to."""

    def __init__(self, *, failures: int = 0) -> None:
        self.failures = failures
        self.done: list[tuple[str, dict[str, object]]] = []

    async def work(self, _database: Database, actor: Actor, **arguments: object) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("the printer is on fire")
        self.done.append((actor.tenant, arguments))


@asynccontextmanager
async def queue_of(
    database: Database, *work: Job, periodic: tuple[PlatformJob, ...] = ()
) -> AsyncIterator[procrastinate.App]:
    async with build_queue(database, work, periodic).open_async() as queue:
        yield queue


async def do_all(queue: procrastinate.App) -> None:
    async with asyncio.timeout(20):
        await queue.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)


async def waiting(database: Database, name: str) -> int:
    async with platform_transaction(database) as session:
        return await session.scalar(WAITING, {"name": name}) or 0


async def in_queue(database: Database, statement: TextClause, name: str) -> None:
    async with platform_transaction(database) as session:
        await session.execute(text("SET LOCAL search_path TO jobs"))  # the queue's triggers look there
        await session.execute(statement, {"name": name})


async def test_a_job_is_done_for_the_company_whose_deed_enqueued_it(
    database: Database, demo: Actor, akron: Actor
) -> None:
    desk = Desk()
    for actor in (demo, akron):
        async with tenant_transaction(database, actor) as session:
            await jobs.enqueue(session, "desk.print", number=1, name="a name")
    async with queue_of(database, Job("desk.print", desk.work)) as queue:
        await do_all(queue)
    assert sorted(desk.done) == [("akron", {"number": 1, "name": "a name"}), ("demo", {"number": 1, "name": "a name"})]


async def test_a_refused_deed_enqueues_nothing(database: Database, demo: Actor) -> None:
    async def refused() -> None:
        async with tenant_transaction(database, demo) as session:
            await jobs.enqueue(session, "desk.refused")
            raise Conflict("no")

    with pytest.raises(Conflict):
        await refused()
    assert await waiting(database, "desk.refused") == 0


async def test_a_job_that_fails_is_tried_again_until_it_succeeds(database: Database, demo: Actor) -> None:
    desk = Desk(failures=2)
    async with tenant_transaction(database, demo) as session:
        await jobs.enqueue(session, "desk.retry")
    async with queue_of(database, Job("desk.retry", desk.work)) as queue:
        for _ in range(3):
            await do_all(queue)
            await in_queue(database, SOONER, "desk.retry")
    assert desk.done == [("demo", {})]


@pytest.mark.parametrize("attempts", [1, 2, 3])
async def test_a_job_that_never_succeeds_is_given_up_after_as_many_attempts_as_it_says(
    database: Database, demo: Actor, attempts: int
) -> None:
    desk, name = Desk(failures=99), f"desk.hopeless_{attempts}"
    async with tenant_transaction(database, demo) as session:
        await jobs.enqueue(session, name)
    async with queue_of(database, Job(name, desk.work, attempts=attempts)) as queue:
        for _ in range(attempts + 2):
            await do_all(queue)
            await in_queue(database, SOONER, name)
    assert 99 - desk.failures == attempts
    assert await waiting(database, name) == 0


async def test_of_one_queueing_lock_one_job_waits_and_the_deed_that_finds_it_waiting_goes_on(
    database: Database, demo: Actor, akron: Actor
) -> None:
    for actor in (demo, demo, akron):
        async with tenant_transaction(database, actor) as session:
            await jobs.enqueue(session, "desk.once", queueing_lock="line/1")
            assert await session.scalar(text("SELECT 1")) == 1
    assert await waiting(database, "desk.once") == 2


async def test_a_job_that_was_found_waiting_begins_only_after_the_deed_that_relies_on_it_has_committed(
    database: Database, demo: Actor
) -> None:
    desk = Desk()
    async with queue_of(database, Job("desk.rely", desk.work)) as queue:
        async with tenant_transaction(database, demo) as session:
            await jobs.enqueue(session, "desk.rely", queueing_lock="rely")
        async with tenant_transaction(database, demo) as session:
            await jobs.enqueue(session, "desk.rely", queueing_lock="rely")
            await do_all(queue)
            assert desk.done == []
        await do_all(queue)
    assert desk.done == [("demo", {})]


async def test_a_job_found_running_is_enqueued_again(database: Database, demo: Actor) -> None:
    async with tenant_transaction(database, demo) as session:
        await jobs.enqueue(session, "desk.again", queueing_lock="again")
    await in_queue(database, LOSE_WORKER, "desk.again")
    async with tenant_transaction(database, demo) as session:
        await jobs.enqueue(session, "desk.again", queueing_lock="again")
    assert await waiting(database, "desk.again") == 1


async def test_an_event_enqueues_each_job_that_follows_it_once(database: Database, demo: Actor, akron: Actor) -> None:
    first, second, other = Desk(), Desk(), Desk()
    work = (
        Job("follow.first", first.work, after=frozenset({"thing.happened"})),
        Job("follow.second", second.work, after=frozenset({"thing.happened", "x.happened"})),
        Job("follow.other", other.work, after=frozenset({"x.happened"})),
    )
    for actor in (demo, akron):
        async with tenant_transaction(database, actor) as session:
            events.tell(session, ThingHappened(thing="a", number=7))
    while await relay.deliver_once(database, [relay.to_live, jobs.sink_of(work)]):
        pass
    async with queue_of(database, *work) as queue:
        await do_all(queue)
    expected = [("demo", {"event": {"thing": "a", "number": 7}}), ("akron", {"event": {"thing": "a", "number": 7}})]
    assert (first.done, second.done, other.done) == (expected, expected, [])


async def test_a_job_whose_worker_was_killed_is_begun_again(database: Database, demo: Actor) -> None:
    desk = Desk()
    async with queue_of(database, Job("desk.stalled", desk.work)) as queue:
        async with tenant_transaction(database, demo) as session:
            await jobs.enqueue(session, "desk.stalled")
        await in_queue(database, LOSE_WORKER, "desk.stalled")
        await do_all(queue)
        assert desk.done == []
        await queue.tasks["jobs.retry_stalled"].func(timestamp=0)
        await do_all(queue)
    assert desk.done == [("demo", {})]


async def test_a_periodic_job_is_registered_with_its_schedule_and_done(database: Database) -> None:
    ran = []

    async def sweep(of: Database) -> None:
        ran.append(of)

    async with queue_of(database, periodic=(PlatformJob("floor.sweep", "17 3 * * *", sweep),)) as queue:
        schedules = {task.task.name: task.cron for task in queue.periodic_registry.periodic_tasks.values()}
        assert schedules["floor.sweep"] == "17 3 * * *"
        assert schedules["jobs.retry_stalled"] == "* * * * *"
        await queue.tasks["floor.sweep"].defer_async(timestamp=0)
        await do_all(queue)
    assert ran == [database]


async def test_every_job_of_the_product_is_registered_under_its_own_name(database: Database) -> None:
    async with queue_of(database, *composition.JOBS, periodic=composition.PERIODIC) as queue:
        names = [*(job.name for job in composition.JOBS), *(job.name for job in composition.PERIODIC)]
        assert len(set(names)) == len(names)
        assert set(names) < set(queue.tasks)


@pytest.mark.parametrize("job", composition.PERIODIC, ids=lambda job: job.name)
async def test_every_periodic_job_of_the_product_can_be_done_twice(database: Database, job: PlatformJob) -> None:
    run: Callable[[Database], Awaitable[None]] = job.run
    await run(database)
    await run(database)
