"""The queue: Procrastinate, with every job of every context registered; only the job process needs it."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import procrastinate
import structlog
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.job_context import JobContext
from sqlalchemy import text

from foodflow.kernel import telemetry
from foodflow.kernel.actor import Actor, system_actor
from foodflow.kernel.db import Database, platform_transaction
from foodflow.kernel.jobs import Job, PlatformJob
from foodflow.kernel.tenancy import TenantName

STALLED_SECONDS = 60
FINISHED_KEPT_HOURS = 72
POSTPONED_MINUTES = 10
"""How long a job of a suspended company waits before it is looked at again."""

_SUSPENDED = text("SELECT suspended_at IS NOT NULL FROM platform.tenants WHERE slug = :tenant")

log = structlog.get_logger(__name__)


def build_queue(database: Database, jobs: Sequence[Job], periodic: Sequence[PlatformJob]) -> procrastinate.App:
    """The queue with every job of every context registered."""
    connector = procrastinate.PsycopgConnector(
        conninfo=database.url, kwargs={"options": "-c search_path=jobs"}, max_size=4
    )
    app = procrastinate.App(connector=connector)
    for job in jobs:
        again = job.attempts - 1  # the library counts how often a job is tried again, and takes 0 for no bound
        retry = procrastinate.RetryStrategy(max_attempts=again, exponential_wait=2) if again else False
        app.task(name=job.name, retry=retry, pass_context=True)(_entry(database, job))
    for each in periodic:
        app.periodic(cron=each.cron)(app.task(name=each.name, queueing_lock=each.name)(_periodic_entry(database, each)))
    app.periodic(cron="* * * * *")(
        app.task(name="jobs.retry_stalled", queueing_lock="jobs.retry_stalled")(_retry_stalled(app))
    )
    app.periodic(cron="37 3 * * *")(
        app.task(name="jobs.forget_finished", queueing_lock="jobs.forget_finished")(_forget_finished(app))
    )
    return app


def _entry(database: Database, job: Job) -> Callable[..., Awaitable[None]]:
    async def run(context: JobContext, *, tenant: str, **arguments: Any) -> None:  # noqa: ANN401 - JSON-ready values
        suspended = await _is_suspended(database, tenant)
        if suspended is None:
            log.info("job.without_company", job=job.name, tenant=tenant)
            return
        if suspended:
            await _postpone(context)
            return
        actor: Actor = system_actor(TenantName(tenant), "jobs")
        try:
            await job.run(database, actor, **arguments)
        except Exception:
            telemetry.JOBS.labels(job.name, "failed").inc()
            raise
        telemetry.JOBS.labels(job.name, "done").inc()

    return run


async def _is_suspended(database: Database, tenant: str) -> bool | None:
    """Whether a company is suspended; None where it is gone, and with it what the job was for."""
    async with platform_transaction(database) as session:
        suspended: bool | None = await session.scalar(_SUSPENDED, {"tenant": tenant})
    return suspended


async def _postpone(context: JobContext) -> None:
    """Put the same job back as a new one, so that waiting uses up none of its attempts."""
    job = context.job
    again = context.app.configure_task(
        job.task_name, lock=job.lock, queueing_lock=job.queueing_lock, schedule_in={"minutes": POSTPONED_MINUTES}
    )
    with contextlib.suppress(AlreadyEnqueued):
        await again.defer_async(**job.task_kwargs)


def _periodic_entry(database: Database, job: PlatformJob) -> Callable[..., Awaitable[None]]:
    async def run(timestamp: int) -> None:  # noqa: ARG001 - the queue says which tick it was
        await job.run(database)
        telemetry.JOBS.labels(job.name, "done").inc()

    return run


def _retry_stalled(app: procrastinate.App) -> Callable[..., Awaitable[None]]:
    """A job whose worker was killed is begun again; that is why jobs must be safe to repeat."""

    async def run(timestamp: int) -> None:  # noqa: ARG001 - the queue says which tick it was
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
            log.warning("job.retried_after_stall", job=job.task_name, id=job.id)
            await app.job_manager.retry_job(job)

    return run


def _forget_finished(app: procrastinate.App) -> Callable[..., Awaitable[None]]:
    """Jobs that were done are forgotten after a while; those that failed are kept for somebody to look at."""

    async def run(timestamp: int) -> None:  # noqa: ARG001 - the queue says which tick it was
        await app.job_manager.delete_old_jobs(nb_hours=FINISHED_KEPT_HOURS)

    return run
