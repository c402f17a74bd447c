"""Events to send, and what the carrier does, one step at a time."""

from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import text

from foodflow.kernel import carrying, events, relay
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction, tenant_transaction
from foodflow.kernel.sealing import Sealer
from foodflow.kernel.webhooks import sending
from foodflow.kernel.webhooks.posting import Post
from tests.make import SECRET_KEY

LOCAL = Post("http://127.0.0.1:8000")
SEALER = Sealer(SECRET_KEY)


@dataclass(frozen=True, kw_only=True)
class Noted(events.Event):
    """Somebody noted something."""

    type: ClassVar[str] = "plant.note.taken"
    needs: ClassVar[str] = "plant.read"
    thing: str
    number: int = 0
    where: str | None = None

    @property
    def subject(self) -> str:
        return f"note/{self.thing}"

    @property
    def site(self) -> str | None:
        return self.where


async def tell(database: Database, actor: Actor, *told: events.Event) -> None:
    async with tenant_transaction(database, actor) as session:
        for event in told:
            events.tell(session, event)


async def carry(database: Database, *actors: Actor) -> None:
    """Relay what was told, and take it into the companies' logs and deliveries."""
    while await relay.deliver_once(database, []):
        pass
    async with platform_transaction(database) as session:
        await session.execute(carrying._ENROL)
    for actor in actors:
        while await carrying.keep_once(database, actor.tenant):
            pass


async def send_due(database: Database, actor: Actor, post: Post = LOCAL) -> int:
    """Send what is due now, once."""
    async with tenant_transaction(database, actor) as session:
        taken = await sending.take_due(session, actor, sealer=SEALER, address=post.address, most=99)
    for each in taken:
        outcome = await post.send(each.url, each.event, each.keys)
        async with tenant_transaction(database, actor) as session:
            await sending.settle(session, actor, each, outcome)
    return len(taken)


async def row(database: Database, actor: Actor, statement: str, **values: Any) -> Any:  # noqa: ANN401 - a row
    async with tenant_transaction(database, actor) as session:
        return (await session.execute(text(statement), values)).one()
