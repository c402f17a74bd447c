"""Events: what happened, told once and delivered at least once, in order for each subject.

A use case calls `tell`. Before the commit, `write` lets listeners of the same transaction react and then puts
everything told into the outbox with one statement. The relay (`kernel.relay`) does the rest after the commit.
"""

import dataclasses
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock

_TOLD = "foodflow.events.told"
_LISTENERS = "foodflow.events.listeners"
_MAX_ROUNDS = 16
_TELL = text("SELECT platform.tell(CAST(:told AS jsonb))")
TYPES_PATH = "/api/v1/events/types"
"""Where the schema of each type's data is."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened, past tense; subclasses are frozen dataclasses of JSON-ready fields.

    `type` is dotted (`plant.batch.started`); `needs` is the permission that lets a person hear of it.
    """

    type: ClassVar[str]
    needs: ClassVar[str]

    @property
    def subject(self) -> str:
        """What it happened to, as `noun/id`; events of one subject are delivered in their order."""
        raise NotImplementedError

    @property
    def site(self) -> str | None:
        """Where it happened, so that whoever is for other sites alone does not hear of it; None is nowhere in
        particular.
        """
        return None


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event on its way, as CloudEvents 1.0 describes it, with the company and the relay's sequence number."""

    id: UUID
    sequence: int
    tenant: str
    type: str
    subject: str
    needs: str
    time: datetime
    data: dict[str, Any]
    site: str | None = None

    def cloud_event(self, address: str = "") -> dict[str, Any]:
        """The structured JSON form (CloudEvents 1.0, section 3), with the company, the site and the permission as
        extension attributes; `address` is where this installation is reached, for the address of the data's schema.
        """
        event = {
            "specversion": "1.0",
            "id": str(self.id),
            "source": f"/companies/{self.tenant}",
            "type": f"foodflow.{self.type}",
            "subject": self.subject,
            "time": self.time.isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "dataschema": f"{address}{TYPES_PATH}/{self.type}",
            "tenantid": self.tenant,
            "needs": self.needs,
            "sequence": str(self.sequence),
            "data": self.data,
        }
        return event if self.site is None else {**event, "site": self.site}


Listener = Callable[[AsyncSession, Event], Awaitable[None]]
Listeners = Mapping[type[Event], Sequence[Listener]]


def tell(session: AsyncSession, event: Event) -> None:
    """Say in this transaction that `event` happened; nobody hears of it unless the transaction commits."""
    session.info.setdefault(_TOLD, []).append((clock.new_id(), clock.now(), event))


def listen(session: AsyncSession, listeners: Listeners) -> None:
    """Give the session the listeners that react within its transaction."""
    session.info[_LISTENERS] = listeners


async def write(session: AsyncSession) -> None:
    """Run the listeners on everything told (and on what they tell in turn), then store it all in the outbox."""
    told = await _react(session)
    if not told:
        return
    await session.flush()
    rows = [
        {
            "id": event_id,
            "time": at,
            "type": event.type,
            "subject": event.subject,
            "needs": event.needs,
            "site": event.site,
            "data": event,
        }
        for event_id, at, event in told
    ]
    await session.execute(_TELL, {"told": json.dumps(rows, default=_plain)})


async def _react(session: AsyncSession) -> list[tuple[UUID, datetime, Event]]:
    """Let listeners react until nothing new is told; a circle of reactions is a fault of the program."""
    listeners: Listeners = session.info.get(_LISTENERS, {})
    everything: list[tuple[UUID, datetime, Event]] = []
    for _ in range(_MAX_ROUNDS):
        fresh = session.info.pop(_TOLD, [])
        if not fresh:
            return everything
        everything += fresh
        for _, _, event in fresh:
            for react in listeners.get(type(event), ()):
                await react(session, event)
    message = f"listeners tell events in a circle: {sorted({event.type for _, _, event in everything})}"
    raise RuntimeError(message)


def _plain(value: object) -> object:
    """JSON for an event and the few types that events carry besides JSON's own."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if dataclasses.is_dataclass(value):
        return {name: getattr(value, name) for name in _names(value.__class__)}  # `asdict` copies all that it finds
    message = f"an event cannot carry a {type(value).__name__}"
    raise TypeError(message)


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))
