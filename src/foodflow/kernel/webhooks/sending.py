"""Deliveries: made for the webhooks that an event is for, taken to be sent, and settled with what was answered.

Nothing here is on the network. A delivery that was taken is leased for a while; whoever is killed with it leaves it to
the next one when the lease ends, so a receiver may hear of an event twice, with the same id.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock, events, telemetry
from foodflow.kernel.actor import Actor
from foodflow.kernel.event_log import patterns, reading
from foodflow.kernel.events import Envelope
from foodflow.kernel.sealing import BrokenSealError, Sealer
from foodflow.kernel.webhooks import queries, rules
from foodflow.kernel.webhooks.events import WebhookDisabled
from foodflow.kernel.webhooks.posting import GONE, Outcome
from foodflow.kernel.webhooks.rules import Reason, Status
from foodflow.kernel.webhooks.tables import Delivery, Webhook

LEASE = timedelta(seconds=20)
"""Longer than an attempt may take."""

_chance = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that is to be sent now: where to, what, and signed with which keys."""

    id: UUID
    webhook_id: UUID
    url: str
    event: dict[str, Any]
    keys: tuple[str, ...]


async def expand(session: AsyncSession, envelopes: Sequence[Envelope], *, before: int) -> int:
    """Make a delivery of each event for each webhook that it is for; `before` is the position before the first one."""
    webhooks = await queries.active(session)
    now = clock.now()
    rows = [
        {"id": clock.new_id(), "webhook_id": webhook.id, "event_id": each.id, "event_time": each.time}
        | {"position": position, "type": each.type, "subject": each.subject, "status": Status.PENDING, "attempts": 0}
        | {"due_at": now, "last_answer": "", "created_at": now}
        for position, each in enumerate(envelopes, start=before + 1)
        for webhook in webhooks
        if _is_for(webhook, each)
    ]
    if rows:
        await session.execute(insert(Delivery), rows)
    return len(rows)


def _is_for(webhook: Webhook, envelope: Envelope) -> bool:
    """Whether a webhook is for events of this type and site, and whoever set it up could hear of them."""
    holder = Actor(id="", tenant=envelope.tenant, permissions=frozenset(webhook.permissions))  # type: ignore[arg-type]
    here = envelope.site is None or not webhook.sites or envelope.site in webhook.sites
    return here and patterns.matches(webhook.types, envelope.type) and holder.may(envelope.needs)


async def take_due(session: AsyncSession, actor: Actor, *, sealer: Sealer, address: str, most: int) -> list[Taken]:
    """Take what is due, at most so many, and lease it: one of each subject, and as many of a webhook as it may have in
    flight; of a failing one, one.
    """
    now = clock.now()
    taken: list[Taken] = []
    for id in await queries.webhooks_with_due(session, now):
        webhook = await queries.free_webhook_for_update(session, id)
        if webhook is None or len(taken) >= most:
            continue
        allowed = webhook.max_in_flight if webhook.failing_since is None else 1
        room = min(allowed - await queries.in_flight(session, webhook, now), most - len(taken))
        if room > 0:
            taken += await _take(session, actor, webhook, now, sealer=sealer, address=address, room=room)
    return taken


async def _take(  # noqa: PLR0913 - what a delivery is made of
    session: AsyncSession, actor: Actor, webhook: Webhook, now: datetime, *, sealer: Sealer, address: str, room: int
) -> list[Taken]:
    keys = await keys_of(session, webhook, sealer, now)
    if not keys:
        disable(session, actor, webhook, Reason.NO_SECRET)
        return []
    due = await queries.due_for_update(session, webhook, now, limit=room)
    kept = await reading.kept(session, [each.event_id for each in due], tenant=actor.tenant)
    taken = []
    for each in due:
        envelope = kept.get(each.event_id)
        if envelope is None:
            _end(each, Status.DEAD, now, "the event is not kept any more")
            continue
        each.leased_until = now + LEASE
        taken.append(Taken(each.id, webhook.id, webhook.url, envelope.cloud_event(address), keys))
    return taken


async def keys_of(session: AsyncSession, webhook: Webhook, sealer: Sealer, now: datetime) -> tuple[str, ...]:
    """The secrets that a webhook's events are signed with; those that another installation sealed are of no use."""
    keys = []
    for secret in await queries.secrets_of(session, webhook.id, now):
        try:
            keys.append(sealer.open(secret.sealed).decode())
        except BrokenSealError:
            continue
    return tuple(keys)


async def settle(session: AsyncSession, actor: Actor, taken: Taken, outcome: Outcome) -> None:
    """Write down what came of an attempt: the delivery is done, waits for the next attempt, or is given up; a receiver
    that is gone, or has failed for days, is sent nothing more.
    """
    webhook, delivery = await queries.settled_for_update(session, taken.webhook_id, taken.id)
    if webhook is None or delivery is None or delivery.status != Status.PENDING:
        return
    now = clock.now()
    delivery.attempts += 1
    delivery.leased_until, delivery.last_status = None, outcome.status
    delivery.last_answer = outcome.answer
    if outcome.delivered:
        _end(delivery, Status.DELIVERED, now, outcome.answer)
        if webhook.failing_since is not None:
            webhook.failing_since = None
        return
    webhook.failing_since = webhook.failing_since or now
    _put_off(delivery, outcome, now)
    if outcome.status == GONE:
        disable(session, actor, webhook, Reason.GONE)
    elif now - webhook.failing_since >= rules.FAILING_FOR:
        disable(session, actor, webhook, Reason.FAILING)


def _put_off(delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    delay = rules.delay_after(delivery.attempts, chance=_chance.random(), retry_after=outcome.retry_after)
    if delay is None:
        _end(delivery, Status.DEAD, now, outcome.answer)
        telemetry.WEBHOOK_DEAD.inc()
    else:
        delivery.due_at = now + delay


def _end(delivery: Delivery, status: Status, now: datetime, answer: str) -> None:
    delivery.status, delivery.ended_at, delivery.last_answer, delivery.leased_until = status, now, answer, None


def disable(session: AsyncSession, actor: Actor, webhook: Webhook, reason: Reason) -> None:
    """Switch a webhook off by itself, and tell of it."""
    if not webhook.is_active:
        return
    webhook.is_active, webhook.disabled_reason = False, reason
    audit.record(session, actor, "webhook.disabled", webhook.id, reason=reason)
    events.tell(session, WebhookDisabled(webhook_id=webhook.id, reason=reason))
