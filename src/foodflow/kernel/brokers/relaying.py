"""From the outbox to the brokers: each has a place of its own, so one that is away holds up nobody, and goes on from
where it was when it is back.

An event is published before the place moves. Killed in between, it is published again with the same id.
"""

import asyncio

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import telemetry
from foodflow.kernel.brokers.broker import Broker, BrokerError, Publication
from foodflow.kernel.db import Database, platform_transaction
from foodflow.kernel.events import Envelope

BATCH = 500
_SECONDS_TO_PUBLISH = 20.0
_POLL_SECONDS = 0.25
_LONGEST_PAUSE = 10.0

_ENROL = text("INSERT INTO platform.broker_cursors (broker, sequence) VALUES (:broker, 0) ON CONFLICT DO NOTHING")
_CLAIM = text("SELECT sequence FROM platform.broker_cursors WHERE broker = :broker FOR UPDATE SKIP LOCKED")
_NEXT = text(
    "SELECT event_id, sequence, tenant, type, subject, needs, time, data, site FROM platform.outbox"
    " WHERE sequence > :after ORDER BY sequence LIMIT :limit"
)
_LAST = text("SELECT sequence FROM platform.relay")
_MOVE = text("UPDATE platform.broker_cursors SET sequence = :sequence WHERE broker = :broker")

log = structlog.get_logger(__name__)


async def publish_once(database: Database, broker: Broker, *, address: str, batch: int = BATCH) -> int:
    """Publish the events that a broker has not taken yet and move its place; returns how many, 0 while another process
    is at it.
    """
    async with platform_transaction(database) as session:
        after = await session.scalar(_CLAIM, {"broker": broker.name})
        envelopes = [] if after is None else await _next(session, after, batch)
        if not envelopes:
            return 0
        _note_forgotten(broker, after or 0, envelopes[0].sequence)
        async with asyncio.timeout(_SECONDS_TO_PUBLISH):
            await broker.publish([Publication.of(each, address) for each in envelopes])
        await session.execute(_MOVE, {"sequence": envelopes[-1].sequence, "broker": broker.name})
        behind = (await session.scalar(_LAST) or 0) - envelopes[-1].sequence
    telemetry.BROKER_BEHIND.labels(broker.name).set(behind)
    telemetry.EVENTS_PUBLISHED.labels(broker.name).inc(len(envelopes))
    return len(envelopes)


async def _next(session: AsyncSession, after: int, limit: int) -> list[Envelope]:
    rows = await session.execute(_NEXT, {"after": after, "limit": limit})
    return [Envelope(*row) for row in rows.all()]


def _note_forgotten(broker: Broker, after: int, first: int) -> None:
    """Sequences have no gaps, so what is missing was forgotten while the broker was away for too long."""
    if 0 < after < first - 1:
        log.warning("broker.events_forgotten", broker=broker.name, count=first - 1 - after)


async def enrol(database: Database, broker: Broker) -> None:
    """Give a broker that is new its place: before everything that the outbox still holds."""
    async with platform_transaction(database) as session:
        await session.execute(_ENROL, {"broker": broker.name})


async def run(database: Database, broker: Broker, *, address: str) -> None:
    """Relay to a broker for ever; each has a task of its own."""
    pause = _POLL_SECONDS
    while True:
        try:
            await enrol(database, broker)
            await broker.connect()
            while True:
                if await publish_once(database, broker, address=address):
                    pause = _POLL_SECONDS
                else:
                    await asyncio.sleep(_POLL_SECONDS)
        except (BrokerError, SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("broker.failed", broker=broker.name, error=str(error).strip() or repr(error))
        except Exception:
            log.exception("broker.failed_strangely", broker=broker.name)
        finally:
            await _leave(broker)
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


async def _leave(broker: Broker) -> None:
    """What goes wrong with a connection that is given up matters to nobody."""
    try:
        async with asyncio.timeout(_LONGEST_PAUSE):
            await broker.close()
    except Exception as error:  # noqa: BLE001 - of libraries that find their server gone
        log.info("broker.left", broker=broker.name, error=repr(error))
