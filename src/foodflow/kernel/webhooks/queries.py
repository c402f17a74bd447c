"""Looking for webhooks and deliveries; those of other companies, and of sites that are not one's own, are not there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, text, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from foodflow.kernel import preconditions
from foodflow.kernel.actor import Actor
from foodflow.kernel.event_log import reading
from foodflow.kernel.event_log.tables import KeptEvent
from foodflow.kernel.paging import Filter, Listing
from foodflow.kernel.webhooks.rules import DeliveryNotFound, Status, WebhookNotFound
from foodflow.kernel.webhooks.tables import Delivery, Webhook, WebhookSecret

WEBHOOKS = Listing(
    key=Webhook.id,
    order="created_at",
    filters={"is_active": Filter(Webhook.is_active, bool)},
    orderings={"created_at": Webhook.created_at, "url": Webhook.url},
    searches=(Webhook.url, Webhook.description),
)
DELIVERIES = Listing(
    key=Delivery.id,
    order="-position",
    filters={
        "status": Filter(Delivery.status, Status),
        "type": Filter(Delivery.type),
        "subject": Filter(Delivery.subject),
        "event_id": Filter(Delivery.event_id, UUID),
        "event_time": Filter(Delivery.event_time, datetime, ranges=True),
    },
    orderings={"position": Delivery.position, "due_at": Delivery.due_at, "ended_at": Delivery.ended_at},
    export="deliveries",
)

_IN_THIS_COMPANY = text("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.webhooks', 0))")


def is_own(actor: Actor) -> ColumnElement[bool]:
    """That a webhook sends nothing but events of sites that the actor is for."""
    if actor.sites is None:
        return true()
    return and_(func.cardinality(Webhook.sites) > 0, Webhook.sites.contained_by(sorted(actor.sites)))


def webhooks(actor: Actor) -> Select[Webhook]:
    """All webhooks that the actor may look after."""
    return select(Webhook).where(is_own(actor))


async def webhook(session: AsyncSession, actor: Actor, id: UUID) -> Webhook:
    """A webhook, or a refusal."""
    return _found((await session.scalars(webhooks(actor).where(Webhook.id == id))).one_or_none(), id)


async def webhook_for_update(session: AsyncSession, actor: Actor, id: UUID) -> Webhook:
    """A webhook, locked until the transaction ends, or a refusal."""
    found = webhooks(actor).where(Webhook.id == id).with_for_update(key_share=True)
    locked = _found((await session.scalars(found)).one_or_none(), id)
    preconditions.require_match(session, locked)
    return locked


def _found(webhook: Webhook | None, id: UUID) -> Webhook:
    if webhook is None:
        raise WebhookNotFound(f"there is no webhook {id}")
    return webhook


async def count_for_update(session: AsyncSession) -> int:
    """How many webhooks the company has; nobody else adds one until the transaction ends."""
    await session.execute(_IN_THIS_COMPANY)
    return await session.scalar(select(func.count()).select_from(Webhook)) or 0


async def active(session: AsyncSession) -> Sequence[Webhook]:
    """All webhooks that events are sent to."""
    return (await session.scalars(select(Webhook).where(Webhook.is_active))).all()


async def secrets_of(session: AsyncSession, id: UUID, now: datetime) -> Sequence[WebhookSecret]:
    """The secrets that a webhook's events are signed with, the newest first."""
    good = or_(WebhookSecret.expires_at.is_(None), WebhookSecret.expires_at > now)
    found = select(WebhookSecret).where(WebhookSecret.webhook_id == id, good)
    return (await session.scalars(found.order_by(WebhookSecret.created_at.desc()))).all()


def deliveries(webhook: Webhook) -> Select[Delivery]:
    """All deliveries of a webhook."""
    return select(Delivery).where(Delivery.webhook_id == webhook.id)


async def delivery_for_update(session: AsyncSession, webhook: Webhook, id: UUID) -> Delivery:
    """A delivery of a webhook, locked until the transaction ends, or a refusal."""
    found = (await session.scalars(deliveries(webhook).where(Delivery.id == id).with_for_update())).one_or_none()
    if found is None:
        raise DeliveryNotFound(f"there is no delivery {id} of this webhook")
    return found


async def to_replay(
    session: AsyncSession, webhook: Webhook, since: datetime, until: datetime, *, limit: int
) -> Sequence[KeptEvent]:
    """The kept events of a span that a webhook is for, but those that are on their way to it; oldest first."""
    on_its_way = exists().where(
        Delivery.webhook_id == webhook.id, Delivery.event_id == KeptEvent.id, Delivery.status == Status.PENDING
    )
    found = select(KeptEvent).where(
        KeptEvent.time >= since,
        KeptEvent.time < until,
        reading.of_types(webhook.types),
        reading.of_permissions(webhook.permissions),
        reading.at_sites(webhook.sites) if webhook.sites else true(),
        ~on_its_way,
    )
    return (await session.scalars(found.order_by(KeptEvent.position).limit(limit))).all()


def _heads() -> Select[Delivery]:
    """The first of each subject's waiting deliveries: what comes after it waits for it."""
    order = (Delivery.webhook_id, Delivery.subject, Delivery.position, Delivery.id)
    waiting = select(Delivery).join(Webhook, Webhook.id == Delivery.webhook_id)
    waiting = waiting.where(Delivery.status == Status.PENDING, Webhook.is_active)
    return waiting.ext(distinct_on(Delivery.webhook_id, Delivery.subject)).order_by(*order)


async def webhooks_with_due(session: AsyncSession, now: datetime) -> Sequence[UUID]:
    """The webhooks for which something is due."""
    head = aliased(Delivery, _heads().subquery())
    found = select(head.webhook_id).where(head.due_at <= now, _is_free(head.leased_until, now))
    return (await session.scalars(found.distinct().order_by(head.webhook_id))).all()


async def next_due(session: AsyncSession) -> datetime | None:
    """When the next delivery is due, or the lease of one ends; None where nothing waits."""
    head = aliased(Delivery, _heads().subquery())
    found: datetime | None = await session.scalar(
        select(func.min(func.greatest(head.due_at, func.coalesce(head.leased_until, head.due_at))))
    )
    return found


async def due_for_update(session: AsyncSession, webhook: Webhook, now: datetime, *, limit: int) -> Sequence[Delivery]:
    """The deliveries of a webhook that are due, at most one of a subject, locked; oldest first."""
    head = _heads().where(Delivery.webhook_id == webhook.id).subquery()
    due = select(head.c.id).where(head.c.due_at <= now, _is_free(head.c.leased_until, now))
    found = select(Delivery).where(Delivery.id.in_(due.order_by(head.c.position).limit(limit)))
    return (await session.scalars(found.order_by(Delivery.position).with_for_update())).all()


def _is_free(leased_until: ColumnElement[Any] | InstrumentedAttribute[Any], now: datetime) -> ColumnElement[bool]:
    return or_(leased_until.is_(None), leased_until <= now)


async def in_flight(session: AsyncSession, webhook: Webhook, now: datetime) -> int:
    """How many deliveries of a webhook are being sent."""
    sent = select(func.count()).where(
        Delivery.webhook_id == webhook.id, Delivery.status == Status.PENDING, Delivery.leased_until > now
    )
    return await session.scalar(sent) or 0


async def free_webhook_for_update(session: AsyncSession, id: UUID) -> Webhook | None:
    """An active webhook, locked; None where somebody else has locked it, or it is switched off by now."""
    found = select(Webhook).where(Webhook.id == id, Webhook.is_active).with_for_update(key_share=True, skip_locked=True)
    return (await session.scalars(found)).one_or_none()


async def settled_for_update(
    session: AsyncSession, webhook_id: UUID, id: UUID
) -> tuple[Webhook | None, Delivery | None]:
    """A webhook and a delivery of it that was sent, locked in this order; None where they were removed meanwhile."""
    sent_to = select(Webhook).where(Webhook.id == webhook_id).with_for_update(key_share=True)
    webhook = (await session.scalars(sent_to)).one_or_none()
    delivery = (await session.scalars(select(Delivery).where(Delivery.id == id).with_for_update())).one_or_none()
    return webhook, delivery
