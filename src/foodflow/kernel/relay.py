"""The relay: takes events from the outbox to those who want to know, at least once and in order for each subject.

An event is marked after every sink has taken it, in the same transaction, and the marks are per event, so nothing is
skipped whatever order transactions commit in. Per subject the outbox's ids are in commit order (`platform.tell` sees
to it), so delivering by id keeps each subject's order. A relay that dies between delivery and mark delivers again,
with the same event id. The `sequence` that it gives out has no gaps and no latecomers: a reader may resume after the
last it saw.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import telemetry
from foodflow.kernel.db import Database, platform_transaction
from foodflow.kernel.events import Envelope
from foodflow.kernel.live import CHANNEL, Message

Sink = Callable[[AsyncSession, Sequence[Envelope]], Awaitable[None]]
"""Takes events within the relay's transaction; raising means that none of them was taken."""

BATCH = 500
_POLL_SECONDS = 1.0
_RETRY_SECONDS = 1.0
_FORGET_AT_ONCE = 5000

_CLAIM = text("SELECT sequence FROM platform.relay FOR UPDATE SKIP LOCKED")
_WAITING = text(
    "SELECT event_id, tenant, type, subject, needs, time, data, site FROM platform.outbox"
    " WHERE sequence IS NULL ORDER BY id LIMIT :batch"
)
_MARK = text(
    "UPDATE platform.outbox AS o SET sequence = m.sequence"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:sequences AS bigint[])) AS m (event_id, sequence)"
    " WHERE o.event_id = m.event_id"
)
_MOVE = text("UPDATE platform.relay SET sequence = :sequence")
_NOTIFY = text("SELECT pg_notify(:channel, p) FROM unnest(CAST(:payloads AS text[])) AS p")
_SINCE = text(
    "SELECT event_id, sequence, tenant, type, subject, needs, time, data, site FROM platform.outbox"
    " WHERE tenant = :tenant AND sequence > :after ORDER BY sequence LIMIT :limit"
)
_KEPT = text(
    "SELECT coalesce((SELECT min(sequence) FROM platform.outbox), r.sequence + 1) AS first, r.sequence AS last"
    " FROM platform.relay AS r"
)
_FORGET = text(
    "DELETE FROM platform.outbox WHERE id IN (SELECT id FROM platform.outbox WHERE sequence IS NOT NULL"
    " AND time < now() - make_interval(days => :days) ORDER BY id LIMIT :limit) RETURNING id"
)

log = structlog.get_logger(__name__)


async def to_live(session: AsyncSession, envelopes: Sequence[Envelope]) -> None:
    """The sink of open pages: each event becomes a live message on the topic of its subject."""
    payloads = [as_message(envelope).payload() for envelope in envelopes]
    await session.execute(_NOTIFY, {"channel": CHANNEL, "payloads": payloads})


def as_message(envelope: Envelope) -> Message:
    """An event as a live message on the topic of its subject."""
    time = envelope.time.isoformat().replace("+00:00", "Z")
    addressed = (envelope.tenant, envelope.subject, envelope.type, envelope.needs)
    return Message(*addressed, envelope.data, sequence=envelope.sequence, time=time, site=envelope.site)


async def deliver_once(database: Database, sinks: Sequence[Sink], *, batch: int = BATCH) -> int:
    """Deliver the oldest waiting events to every sink and mark them; returns how many, 0 while another is at work."""
    async with platform_transaction(database) as session:
        sequence = await session.scalar(_CLAIM)
        if sequence is None:
            return 0
        rows = (await session.execute(_WAITING, {"batch": batch})).all()
        if not rows:
            return 0
        envelopes = [
            Envelope(row.event_id, number, row.tenant, row.type, row.subject, row.needs, row.time, row.data, row.site)
            for number, row in enumerate(rows, start=sequence + 1)
        ]
        for sink in sinks:
            await sink(session, envelopes)
        marks = {"ids": [e.id for e in envelopes], "sequences": [e.sequence for e in envelopes]}
        await session.execute(_MARK, marks)
        await session.execute(_MOVE, {"sequence": envelopes[-1].sequence})
    telemetry.EVENTS_DELIVERED.inc(len(envelopes))
    return len(envelopes)


async def run(database: Database, sinks: Sequence[Sink]) -> None:
    """Deliver for ever: at once when a transaction says that it told something, and by looking once a second."""
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(database.url, autocommit=True) as listener:
                await listener.execute("LISTEN foodflow_outbox")
                while True:
                    while await deliver_once(database, sinks):
                        pass
                    await _wait(listener)
        except (SQLAlchemyError, psycopg.Error, OSError) as error:
            log.warning("relay.failed", error=str(error).strip())
            await asyncio.sleep(_RETRY_SECONDS)
        except Exception:
            # A fault of a sink. Nothing may be skipped, so it gets the same events again; no other part ends for it.
            log.exception("relay.sink_failed")
            await asyncio.sleep(_RETRY_SECONDS)


async def _wait(listener: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
    with contextlib.suppress(TimeoutError):
        async for _ in listener.notifies(timeout=_POLL_SECONDS, stop_after=1):
            pass


async def since(session: AsyncSession, tenant: str, after: int, *, limit: int) -> list[Envelope]:
    """What a company's readers have missed after a sequence number, oldest first."""
    rows = await session.execute(_SINCE, {"tenant": tenant, "after": after, "limit": limit})
    return [Envelope(*row) for row in rows.all()]


async def kept(session: AsyncSession) -> tuple[int, int]:
    """The first and last sequence number that readers can still catch up with; first is last + 1 where none is kept."""
    first, last = (await session.execute(_KEPT)).one()
    return first, last


async def forget_delivered(database: Database, *, older_than_days: int) -> None:
    """Remove delivered events that nobody can catch up with any more, some thousands in a transaction."""
    forgotten = [0]
    while forgotten:
        async with platform_transaction(database) as session:
            found = await session.scalars(_FORGET, {"days": older_than_days, "limit": _FORGET_AT_ONCE})
            forgotten = list(found)
