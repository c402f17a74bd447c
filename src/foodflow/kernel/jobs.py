"""Jobs: work that is done after the commit, in the same PostgreSQL, retried, and safe to repeat.

A context lists its `Job`s; the composition root builds the queue (Procrastinate) from them. A deed enqueues with
`enqueue` in its own transaction, which also gives the job its company: nobody can enqueue for another one.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.db import Database
from foodflow.kernel.events import Envelope

_ENQUEUE = text("SELECT platform.enqueue(:task, CAST(:arguments AS jsonb), :lock, :queueing_lock, :run_at)")
_ENQUEUE_FOR = text(
    "SELECT platform.enqueue_for(r.tenant, r.task, r.arguments, NULL, NULL, NULL) FROM unnest("
    "CAST(:tenants AS text[]), CAST(:tasks AS text[]), CAST(:arguments AS jsonb[])) WITH ORDINALITY"
    " AS r (tenant, task, arguments, place) ORDER BY r.place"
)
# Only the catalogue is looked at, so that companies without any rows cost nothing.
_ENQUEUE_WHERE_USED = text(
    "SELECT platform.enqueue_for(t.slug, :task, '{}', NULL, :task, NULL) FROM platform.tenants AS t"
    " JOIN pg_namespace AS n ON n.nspname = 't_' || replace(t.slug, '-', '_')"
    " JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = :table AND c.relkind = 'r'"
    " WHERE t.suspended_at IS NULL AND pg_relation_size(c.oid) > 0 ORDER BY t.slug"
)

_ENQUEUE_FOR_ALL = text(
    "SELECT platform.enqueue_for(slug, :task, CAST(:arguments AS jsonb), NULL, :task, NULL) FROM platform.tenants"
    " WHERE suspended_at IS NULL ORDER BY slug"
)


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


async def enqueue_for(session: AsyncSession, tenant: str, name: str, /, **arguments: Any) -> None:  # noqa: ANN401
    """Have a job done for a company out of a transaction of the platform, once that has committed."""
    values = {"tenants": [tenant], "tasks": [name], "arguments": [json.dumps(arguments)]}
    await session.execute(_ENQUEUE_FOR, values)


async def enqueue_where_used(session: AsyncSession, name: str, /, *, table: str) -> None:
    """Have a job done for each company whose table has ever had a row, out of a transaction of the platform; where one
    still waits, it is not put there again.
    """
    await session.execute(_ENQUEUE_WHERE_USED, {"task": name, "table": table})


async def enqueue_for_all(session: AsyncSession, name: str, /, **arguments: Any) -> None:  # noqa: ANN401
    """Have a job done for each company that is not suspended, out of a transaction of the platform; only one of its
    name waits at a time in a company.
    """
    await session.execute(_ENQUEUE_FOR_ALL, {"task": name, "arguments": json.dumps(arguments)})


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
            await session.execute(_ENQUEUE_FOR, values)

    return to_jobs
