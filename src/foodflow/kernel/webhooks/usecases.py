"""What people do with webhooks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.event_log.tables import KeptEvent
from foodflow.kernel.sealing import Sealer
from foodflow.kernel.webhooks import queries, rules, signing
from foodflow.kernel.webhooks.rules import Status
from foodflow.kernel.webhooks.tables import Delivery, Webhook, WebhookSecret

WAKE = "foodflow_carry"
"""The channel on which the carrier hears that a company has something to send."""

_WAKE = text("SELECT pg_notify(:channel, :tenant)")


async def wake(session: AsyncSession, actor: Actor) -> None:
    """Have the carrier look at the company's deliveries once this transaction commits."""
    await session.execute(_WAKE, {"channel": WAKE, "tenant": actor.tenant})


async def create_webhook(
    session: AsyncSession, actor: Actor, fields: dict[str, Any], *, sealer: Sealer, local: bool
) -> tuple[Webhook, str]:
    """Set up a webhook; returns it and its secret, which is shown this once."""
    rules.require_address(fields["url"], local=local)
    rules.require_own_sites(actor, fields["sites"])
    if await queries.count_for_update(session) >= rules.MAX_WEBHOOKS:
        raise rules.TooManyWebhooks(f"a company has at most {rules.MAX_WEBHOOKS} webhooks")
    permissions = sorted(actor.permissions)
    webhook = Webhook(id=clock.new_id(), permissions=permissions, is_active=True, created_at=clock.now(), **fields)
    session.add(webhook)
    await session.flush()
    secret = _add_secret(session, webhook, sealer)
    audit.record(session, actor, "webhook.created", webhook.id, **fields)
    return webhook, secret


async def change_webhook(
    session: AsyncSession, actor: Actor, id: UUID, given: dict[str, Any], *, local: bool
) -> Webhook:
    """Change the given fields; from then on it sends what whoever changes it may hear of."""
    webhook = await queries.webhook_for_update(session, actor, id)
    if "url" in given:
        rules.require_address(given["url"], local=local)
    if "sites" in given:
        rules.require_own_sites(actor, given["sites"])
    for name, value in given.items():
        setattr(webhook, name, value)
    webhook.permissions = sorted(actor.permissions)
    if given.get("is_active"):
        webhook.failing_since = webhook.disabled_reason = None
    audit.record(session, actor, "webhook.changed", webhook.id, **given)
    await session.flush()
    await wake(session, actor)
    return webhook


async def delete_webhook(session: AsyncSession, actor: Actor, id: UUID) -> None:
    """Remove a webhook with its deliveries."""
    webhook = await queries.webhook_for_update(session, actor, id)
    audit.record(session, actor, "webhook.deleted", webhook.id, url=webhook.url)
    await session.delete(webhook)


async def rotate_secret(session: AsyncSession, actor: Actor, id: UUID, *, sealer: Sealer) -> tuple[Webhook, str]:
    """Give a webhook another secret; what was signed with before is signed with beside it for a day."""
    webhook = await queries.webhook_for_update(session, actor, id)
    now = clock.now()
    for secret in await queries.secrets_of(session, webhook.id, now):
        secret.expires_at = min(secret.expires_at or now + rules.OVERLAP, now + rules.OVERLAP)
    made = _add_secret(session, webhook, sealer)
    audit.record(session, actor, "webhook.secret_rotated", webhook.id)
    return webhook, made


def _add_secret(session: AsyncSession, webhook: Webhook, sealer: Sealer) -> str:
    secret = signing.new_secret()
    sealed = sealer.seal(secret.encode())
    session.add(WebhookSecret(id=clock.new_id(), webhook_id=webhook.id, sealed=sealed, created_at=clock.now()))
    return secret


async def retry_delivery(session: AsyncSession, actor: Actor, id: UUID, delivery_id: UUID) -> Delivery:
    """Send an event again that was given up, with all attempts before it."""
    delivery = await _dead(session, actor, id, delivery_id)
    delivery.status, delivery.attempts, delivery.due_at, delivery.ended_at = Status.PENDING, 0, clock.now(), None
    audit.record(session, actor, "webhook.delivery_retried", delivery.webhook_id, event=delivery.event_id)
    await wake(session, actor)
    return delivery


async def discard_delivery(session: AsyncSession, actor: Actor, id: UUID, delivery_id: UUID) -> Delivery:
    """Take an event that was given up off the list of those."""
    delivery = await _dead(session, actor, id, delivery_id)
    delivery.status, delivery.ended_at = Status.DISCARDED, clock.now()
    audit.record(session, actor, "webhook.delivery_discarded", delivery.webhook_id, event=delivery.event_id)
    return delivery


async def _dead(session: AsyncSession, actor: Actor, id: UUID, delivery_id: UUID) -> Delivery:
    webhook = await queries.webhook(session, actor, id)
    delivery = await queries.delivery_for_update(session, webhook, delivery_id)
    if delivery.status != Status.DEAD:
        raise rules.DeliveryNotDead(f"the delivery is {delivery.status}; only a dead one can be retried or discarded")
    return delivery


async def retry_all(session: AsyncSession, actor: Actor, id: UUID) -> int:
    """Send all events of a webhook again that were given up."""
    webhook = await queries.webhook_for_update(session, actor, id)
    values = {"status": Status.PENDING, "attempts": 0, "due_at": clock.now(), "ended_at": None}
    count = await _change_dead(session, webhook, values)
    audit.record(session, actor, "webhook.deliveries_retried", webhook.id, count=count)
    await wake(session, actor)
    return count


async def discard_all(session: AsyncSession, actor: Actor, id: UUID) -> int:
    """Empty a webhook's list of events that were given up."""
    webhook = await queries.webhook_for_update(session, actor, id)
    count = await _change_dead(session, webhook, {"status": Status.DISCARDED, "ended_at": clock.now()})
    audit.record(session, actor, "webhook.deliveries_discarded", webhook.id, count=count)
    return count


async def _change_dead(session: AsyncSession, webhook: Webhook, values: dict[str, Any]) -> int:
    dead = update(Delivery).where(Delivery.webhook_id == webhook.id, Delivery.status == Status.DEAD)
    return len((await session.scalars(dead.values(**values).returning(Delivery.id))).all())


async def replay(session: AsyncSession, actor: Actor, id: UUID, *, since: datetime, until: datetime) -> int:
    """Send the kept events of a span again, with the ids that they had; returns how many."""
    webhook = await queries.webhook_for_update(session, actor, id)
    kept = await queries.to_replay(session, webhook, since, until, limit=rules.MAX_REPLAYED + 1)
    if len(kept) > rules.MAX_REPLAYED:
        raise rules.TooMuchToReplay(f"more than {rules.MAX_REPLAYED:,} events lie in that span; name a shorter one")
    session.add_all([waiting(webhook, each) for each in kept])
    audit.record(session, actor, "webhook.replayed", webhook.id, since=since, until=until, count=len(kept))
    await wake(session, actor)
    return len(kept)


def waiting(webhook: Webhook, kept: KeptEvent) -> Delivery:
    """A delivery of a kept event that is due at once."""
    now = clock.now()
    return Delivery(
        id=clock.new_id(), webhook_id=webhook.id, event_id=kept.id, event_time=kept.time, position=kept.position,
        type=kept.type, subject=kept.subject, status=Status.PENDING, attempts=0, due_at=now, last_answer="",
        created_at=now,
    )  # fmt: skip


async def forget_ended(session: AsyncSession, *, delivered_before: datetime, dead_before: datetime) -> None:
    """Remove deliveries that ended long ago; those that were given up are kept for longer."""
    done = Delivery.status.in_([Status.DELIVERED, Status.DISCARDED])
    await session.execute(delete(Delivery).where(done, Delivery.ended_at < delivered_before))
    await session.execute(delete(Delivery).where(Delivery.status == Status.DEAD, Delivery.ended_at < dead_before))
