"""The carrier: takes each company's events from the outbox into its log and to its webhooks.

For each company there is a position in the outbox, which moves in the transaction that keeps the events and makes the
deliveries. Sequences have no gaps and no latecomers, so nothing is left out, and killed in the middle nothing is done
twice. Companies are carried side by side, so one whose schema is locked or whose receivers are slow holds up nobody.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from typing import Any

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import relay, telemetry
from foodflow.kernel.actor import Actor, system_actor
from foodflow.kernel.db import (
    Database,
    directory_transaction,
    enter_platform,
    enter_tenant,
    platform_transaction,
    tenant_transaction,
)
from foodflow.kernel.event_log import keeping
from foodflow.kernel.events import Envelope
from foodflow.kernel.sealing import Sealer
from foodflow.kernel.tenancy import TenantName
from foodflow.kernel.webhooks import queries, sending
from foodflow.kernel.webhooks.posting import Post
from foodflow.kernel.webhooks.sending import Taken
from foodflow.kernel.webhooks.usecases import WAKE

BATCH = 500
COMPANIES_AT_ONCE = 3
"""How many companies are looked after at a time; sending is not counted, for it holds no connection."""
SENT_AT_ONCE = 32
"""How many events of one company are being sent at a time, over all of its webhooks."""

_SWEEP_SECONDS = 1.0
_AFTER_FAILURE = 5.0
_ENROL = text(
    "INSERT INTO platform.event_carriers (tenant, sequence) SELECT slug, 0 FROM platform.tenants"
    " WHERE slug NOT IN (SELECT tenant FROM platform.event_carriers) ON CONFLICT DO NOTHING"
)
_BEHIND = text(
    "SELECT c.tenant FROM platform.event_carriers AS c JOIN platform.tenants AS t ON t.slug = c.tenant"
    " WHERE t.suspended_at IS NULL AND (:everybody OR c.due_at <= now() OR EXISTS ("
    "SELECT FROM platform.outbox AS o WHERE o.tenant = c.tenant AND o.sequence > c.sequence))"
)
_CLAIM = text(
    "SELECT c.sequence FROM platform.event_carriers AS c JOIN platform.tenants AS t ON t.slug = c.tenant"
    " WHERE c.tenant = :tenant AND t.suspended_at IS NULL FOR UPDATE OF c SKIP LOCKED"
)
_MOVE = text("UPDATE platform.event_carriers SET sequence = :sequence, due_at = now() WHERE tenant = :tenant")
_DUE = text("UPDATE platform.event_carriers SET due_at = :due_at WHERE tenant = :tenant")
_NOTIFY = text("SELECT pg_notify(:channel, t) FROM unnest(CAST(:tenants AS text[])) AS t")

log = structlog.get_logger(__name__)


async def to_carrier(session: AsyncSession, envelopes: Sequence[Envelope]) -> None:
    """The relay's sink that wakes the carrier; were it not woken, it would find the events by itself soon after."""
    tenants = sorted({envelope.tenant for envelope in envelopes})
    await session.execute(_NOTIFY, {"channel": WAKE, "tenants": tenants})


async def keep_once(database: Database, tenant: TenantName, *, batch: int = BATCH) -> int:
    """Take a company's next events into its log and make their deliveries; returns how many events, 0 while another
    process is at it.
    """
    actor = carrier_of(tenant)
    async with directory_transaction(database, actor) as session:
        after = await session.scalar(_CLAIM, {"tenant": tenant})
        envelopes = [] if after is None else await relay.since(session, tenant, after, limit=batch)
        if not envelopes:
            return 0
        await session.execute(_MOVE, {"sequence": envelopes[-1].sequence, "tenant": tenant})
        await enter_tenant(session, actor)
        before = await keeping.keep(session, envelopes)
        await sending.expand(session, envelopes, before=before)
    telemetry.EVENTS_KEPT.inc(len(envelopes))
    return len(envelopes)


def carrier_of(tenant: TenantName) -> Actor:
    """Who the carrier is in a company."""
    return system_actor(tenant, "events")


class Carrier:
    """Looks after every company whose events are to be kept or sent."""

    def __init__(self, database: Database, *, sealer: Sealer, post: Post) -> None:
        self._database, self._sealer, self._post = database, sealer, post
        self._places = asyncio.Semaphore(COMPANIES_AT_ONCE)
        self._busy: set[str] = set()
        self._again: set[str] = set()
        self._resting: dict[str, float] = {}
        self._sent: dict[str, int] = defaultdict(int)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Carry for ever; what is in hand when this is cancelled is given up and begun again by the next one."""
        try:
            while True:
                try:
                    await self._listen()
                except Exception as error:  # noqa: BLE001 - whatever fails, the events of others are carried on
                    log.warning("carrier.failed", error=str(error).strip())
                    await asyncio.sleep(_SWEEP_SECONDS)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self) -> None:
        """From a new connection on, look after everybody once: what was said before it was not heard."""
        async with await psycopg.AsyncConnection.connect(self._database.url, autocommit=True) as listener:
            await listener.execute(f"LISTEN {WAKE}")
            await self._sweep(everybody=True)
            while True:
                with contextlib.suppress(TimeoutError):
                    async for said in listener.notifies(timeout=_SWEEP_SECONDS):
                        self._wake(said.payload)
                await self._sweep()

    async def _sweep(self, *, everybody: bool = False) -> None:
        async with platform_transaction(self._database) as session:
            await session.execute(_ENROL)
            behind = (await session.scalars(_BEHIND, {"everybody": everybody})).all()
        for tenant in behind:
            self._wake(tenant)

    def _wake(self, tenant: str) -> None:
        if tenant in self._busy:
            self._again.add(tenant)
        elif self._resting.get(tenant, 0.0) <= asyncio.get_running_loop().time():
            self._busy.add(tenant)
            self._begin(self._look_after(TenantName(tenant)))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look_after(self, tenant: TenantName) -> None:
        try:
            async with self._places:
                self._again.discard(tenant)
                while await keep_once(self._database, tenant):
                    pass
                await self._send_due(tenant)
        except Exception as error:  # noqa: BLE001 - of this company alone, which is looked at again soon
            log.warning("carrier.company_failed", tenant=tenant, error=str(error).strip())
            self._resting[tenant] = asyncio.get_running_loop().time() + _AFTER_FAILURE
        finally:
            self._busy.discard(tenant)
        if tenant in self._again:
            self._again.discard(tenant)
            self._wake(tenant)

    async def _send_due(self, tenant: TenantName) -> None:
        actor = carrier_of(tenant)
        room = SENT_AT_ONCE - self._sent[tenant]
        async with directory_transaction(self._database, actor) as session:
            if await session.scalar(_CLAIM, {"tenant": tenant}) is None:
                return
            await enter_tenant(session, actor)
            address = self._post.address
            taken = await sending.take_due(session, actor, sealer=self._sealer, address=address, most=room)
            await session.flush()
            due_at = await queries.next_due(session)
            await enter_platform(session)
            await session.execute(_DUE, {"tenant": tenant, "due_at": due_at})
        for each in taken:
            self._sent[tenant] += 1
            self._begin(self._send(tenant, each))

    async def _send(self, tenant: TenantName, taken: Taken) -> None:
        try:
            outcome = await self._post.send(taken.url, taken.event, taken.keys)
            async with self._places, tenant_transaction(self._database, carrier_of(tenant)) as session:
                await sending.settle(session, carrier_of(tenant), taken, outcome)
        except Exception as error:  # noqa: BLE001 - the lease ends, and it is sent again
            log.warning("webhook.not_settled", tenant=tenant, error=str(error).strip())
        finally:
            self._sent[tenant] -= 1
        self._wake(tenant)
