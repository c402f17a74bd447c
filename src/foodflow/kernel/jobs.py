"""Jobs: work that is done after the commit, in the same PostgreSQL, retried, and safe to repeat.

A context lists its `Job`s; the composition root builds the queue (Procrastinate) from them. A deed enqueues with
`enqueue` in its own transaction, which also gives the job its company: nobody can enqueue for another one.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import procrastinate
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import telemetry
from foodflow.kernel.actor import Actor, system_actor
from foodflow.kernel.db import Database
from foodflow.kernel.events import Envelope
from foodflow.kernel.tenancy import TenantName

STALLED_SECONDS = 60

_ENQUEUE = text("SELECT platform.enqueue(:task, CAST(:arguments AS jsonb), :lock, :queueing_lock, :run_at)")
_REACT = text(
    "SELECT platform.enqueue_for(r.tenant, r.task, r.arguments, NULL, NULL, NULL) FROM unnest("
    "CAST(:tenants AS text[]), CAST(:tasks AS text[]), CAST(:arguments AS jsonb[])) WITH ORDINALITY"
    " AS r (tenant, task, arguments, place) ORDER BY r.place"
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Work for one company: `run(database, actor, **arguments)` opens its own transaction and may be repeated."""

    name: str
    run: Callable[..., Awaitable[None]]
    attempts: int = 5
    after: frozenset[str] = frozenset()
    """Types of the events that this job follows; it then gets `event` (the event's data) as its argument."""


@dataclass(frozen=True, slots=True)
class PlatformJob:
    """Periodic work for all companies together, such as forgetting what has expired; `cron` in UTC."""

    name: str
    cron: str
    run: Callable[[Database], Awaitable[None]]


async def enqueue(
    session: AsyncSession,
    name: str,
    /,
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    run_at: datetime | None = None,
    **arguments: Any,  # noqa: ANN401 - JSON-ready values
) -> None:
    """Have a job done for this company once the transaction has committed.

    Jobs of one `lock` never run at the same time; of one `queueing_lock`, only one waits at a time.
    """
    values = {
        "task": name,
        "arguments": json.dumps(arguments),
        "lock": lock,
        "queueing_lock": queueing_lock,
        "run_at": run_at,
    }
    await session.execute(_ENQUEUE, values)


def sink_of(jobs: Sequence[Job]) -> Callable[[AsyncSession, Sequence[Envelope]], Awaitable[None]]:
    """The relay's sink of jobs: each event enqueues the jobs that follow it, in the relay's transaction."""

    async def to_jobs(session: AsyncSession, envelopes: Sequence[Envelope]) -> None:
        wanted = [(job.name, envelope) for envelope in envelopes for job in jobs if envelope.type in job.after]
        if wanted:
            values = {
                "tenants": [envelope.tenant for _, envelope in wanted],
                "tasks": [name for name, _ in wanted],
                "arguments": [json.dumps({"event": envelope.data}) for _, envelope in wanted],
            }
            await session.execute(_REACT, values)

    return to_jobs


def build_queue(database: Database, jobs: Sequence[Job], periodic: Sequence[PlatformJob]) -> procrastinate.App:
    """The queue with every job of every context registered."""
    connector = procrastinate.PsycopgConnector(
        conninfo=database.url, kwargs={"options": "-c search_path=jobs"}, max_size=4
    )
    app = procrastinate.App(connector=connector)
    for job in jobs:
        again = job.attempts - 1  # the library counts how often a job is tried again, and takes 0 for no bound
        retry = procrastinate.RetryStrategy(max_attempts=again, exponential_wait=2) if again else False
        app.task(name=job.name, retry=retry)(_entry(database, job))
    for each in periodic:
        app.periodic(cron=each.cron)(app.task(name=each.name, queueing_lock=each.name)(_periodic_entry(database, each)))
    app.periodic(cron="* * * * *")(
        app.task(name="jobs.retry_stalled", queueing_lock="jobs.retry_stalled")(_retry_stalled(app))
    )
    return app


def _entry(database: Database, job: Job) -> Callable[..., Awaitable[None]]:
    async def run(*, tenant: str, **arguments: Any) -> None:  # noqa: ANN401 - JSON-ready values
        actor: Actor = system_actor(TenantName(tenant), "jobs")
        try:
            await job.run(database, actor, **arguments)
        except Exception:
            telemetry.JOBS.labels(job.name, "failed").inc()
            raise
        telemetry.JOBS.labels(job.name, "done").inc()

    return run


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
