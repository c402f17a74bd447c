"""HTTP interface of webhooks."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from starlette.requests import Request

from foodflow.kernel import clock
from foodflow.kernel.db import tenant_transaction
from foodflow.kernel.exports import listed
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.kernel.paging import Wanted
from foodflow.kernel.webhooks import queries, sending, usecases
from foodflow.kernel.webhooks.posting import Post, ping
from foodflow.kernel.webhooks.schemas import (
    CountOut,
    DeliveryOut,
    PingOut,
    ReplayIn,
    WebhookIn,
    WebhookOut,
    WebhookPatch,
    WebhookWithSecret,
)
from foodflow.kernel.webhooks.tables import Webhook
from foodflow.kernel.wire import PageOf

MANAGE = "events.manage_webhooks"

router = guarded_router(prefix="/api/v1/webhooks", tags=["webhooks"])


def _post(request: Request) -> Post:
    post: Post = request.app.state.post
    return post


CurrentPost = Annotated[Post, Depends(_post)]


def _with_secret(webhook: Webhook, secret: str) -> WebhookWithSecret:
    shown = WebhookOut.model_validate(webhook)
    return WebhookWithSecret(**shown.model_dump(), secret=secret)


@router.post("", status_code=201, dependencies=[needs(MANAGE)], response_model=WebhookWithSecret)
async def create_webhook(
    session: Transaction,
    actor: CurrentActor,
    request: Request,
    response: Response,
    *,
    post: CurrentPost,
    body: WebhookIn,
) -> object:
    """Set up a webhook; its secret is shown this once. It sends what you may hear of yourself."""
    sealer = request.app.state.sealer
    webhook, secret = await usecases.create_webhook(session, actor, body.model_dump(), sealer=sealer, local=post.local)
    response.headers["Location"] = f"/api/v1/webhooks/{webhook.id}"
    return _with_secret(webhook, secret)


@router.get("", dependencies=[needs(MANAGE)], response_model=PageOf[WebhookOut], openapi_extra=queries.WEBHOOKS.openapi)
async def list_webhooks(
    session: Transaction, actor: CurrentActor, request: Request, wanted: Annotated[Wanted, Depends(queries.WEBHOOKS)]
) -> object:
    """Webhooks, oldest first."""
    return await listed(session, queries.webhooks(actor), wanted, shape=WebhookOut, request=request)


@router.get("/{id}", dependencies=[needs(MANAGE)], response_model=WebhookOut)
async def get_webhook(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """A webhook."""
    return await queries.webhook(session, actor, id)


@router.patch("/{id}", dependencies=[needs(MANAGE)], response_model=WebhookOut)
async def change_webhook(
    session: Transaction, actor: CurrentActor, post: CurrentPost, *, id: UUID, body: WebhookPatch
) -> object:
    """Change a webhook; from then on it sends what you may hear of yourself. `is_active` switches it on and off."""
    return await usecases.change_webhook(session, actor, id, body.given(), local=post.local)


@router.delete("/{id}", status_code=204, dependencies=[needs(MANAGE)])
async def delete_webhook(session: Transaction, actor: CurrentActor, id: UUID) -> None:
    """Remove a webhook with its deliveries."""
    await usecases.delete_webhook(session, actor, id)


@router.post("/{id}/rotate-secret", dependencies=[needs(MANAGE)], response_model=WebhookWithSecret)
async def rotate_secret(session: Transaction, actor: CurrentActor, request: Request, id: UUID) -> object:
    """Give a webhook another secret, shown this once; for a day events are signed with the former one too."""
    webhook, secret = await usecases.rotate_secret(session, actor, id, sealer=request.app.state.sealer)
    return _with_secret(webhook, secret)


@router.post("/{id}/test", dependencies=[needs(MANAGE)], response_model=PingOut)
async def test_webhook(actor: CurrentActor, request: Request, post: CurrentPost, id: UUID) -> object:
    """Send a ping now, whether the webhook is active or not, and say what the receiver answered."""
    async with tenant_transaction(request.app.state.database, actor) as session:
        webhook = await queries.webhook(session, actor, id)
        keys = await sending.keys_of(session, webhook, request.app.state.sealer, clock.now())
    # The receiver may take its time: nobody's connection to the database is held meanwhile.
    return await post.send(webhook.url, ping(actor.tenant, str(webhook.id)), keys)


@router.post("/{id}/replay", status_code=202, dependencies=[needs(MANAGE)], response_model=CountOut)
async def replay_events(session: Transaction, actor: CurrentActor, id: UUID, body: ReplayIn) -> object:
    """Send the kept events of a span of time again, with the ids that they had."""
    until = body.until or clock.now()
    return {"count": await usecases.replay(session, actor, id, since=body.since, until=until)}


@router.get(
    "/{id}/deliveries",
    dependencies=[needs(MANAGE)],
    response_model=PageOf[DeliveryOut],
    openapi_extra=queries.DELIVERIES.openapi,
)
async def list_deliveries(
    session: Transaction,
    actor: CurrentActor,
    request: Request,
    *,
    id: UUID,
    wanted: Annotated[Wanted, Depends(queries.DELIVERIES)],
) -> object:
    """What was sent to a webhook, is to be sent, or was given up (`status=dead`); newest events first."""
    webhook = await queries.webhook(session, actor, id)
    return await listed(session, queries.deliveries(webhook), wanted, shape=DeliveryOut, request=request)


@router.post("/{id}/deliveries/retry", dependencies=[needs(MANAGE)], response_model=CountOut)
async def retry_deliveries(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """Send all events again that were given up."""
    return {"count": await usecases.retry_all(session, actor, id)}


@router.post("/{id}/deliveries/discard", dependencies=[needs(MANAGE)], response_model=CountOut)
async def discard_deliveries(session: Transaction, actor: CurrentActor, id: UUID) -> object:
    """Empty the list of events that were given up."""
    return {"count": await usecases.discard_all(session, actor, id)}


@router.post("/{id}/deliveries/{delivery_id}/retry", dependencies=[needs(MANAGE)], response_model=DeliveryOut)
async def retry_delivery(session: Transaction, actor: CurrentActor, id: UUID, delivery_id: UUID) -> object:
    """Send an event again that was given up."""
    return await usecases.retry_delivery(session, actor, id, delivery_id)


@router.post("/{id}/deliveries/{delivery_id}/discard", dependencies=[needs(MANAGE)], response_model=DeliveryOut)
async def discard_delivery(session: Transaction, actor: CurrentActor, id: UUID, delivery_id: UUID) -> object:
    """Take an event off the list of those that were given up."""
    return await usecases.discard_delivery(session, actor, id, delivery_id)
