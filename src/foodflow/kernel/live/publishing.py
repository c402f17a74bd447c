"""Publishing: messages are sent with the transaction's own NOTIFY, so a rolled-back deed is never heard of."""

import json
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

CHANNEL = "foodflow_live"
MAX_PAYLOAD = 7900
"""PostgreSQL takes 8,000 bytes in one notification."""

_PENDING = "foodflow.live.pending"
_BROADCAST = text("SELECT platform.broadcast(CAST(:messages AS jsonb))")


@dataclass(frozen=True, slots=True)
class Message:
    """One live message of a company: a topic (`line/<id>`), a type, who may hear it, and a small JSON body.

    `sequence` is the relay's number for messages that come from the outbox; those can be caught up with after a lost
    connection. It is None for fleeting ones (the latest readings), which the next message replaces anyway. `time` is
    when the event was told. `site` is where it happened, which those who are for other sites alone do not hear; None
    is nowhere in particular.
    """

    tenant: str
    topic: str
    type: str
    needs: str
    data: dict[str, Any]
    sequence: int | None = None
    time: str | None = None
    site: str | None = None

    @classmethod
    def from_payload(cls, payload: str) -> "Message":
        """Read a notification's payload; raises TypeError or ValueError when it is not a message."""
        message = cls(**json.loads(payload))
        texts = (message.tenant, message.topic, message.type, message.needs, message.site or "")
        if not all(isinstance(each, str) for each in texts):
            problem = "the members of a message are texts"
            raise TypeError(problem)
        return message

    def payload(self) -> str:
        """The notification's payload; a body that does not fit is left out, and `data` says so."""
        whole = json.dumps(asdict(self), separators=(",", ":"))
        if len(whole.encode()) <= MAX_PAYLOAD:
            return whole
        return json.dumps(asdict(self) | {"data": {"truncated": True}}, separators=(",", ":"))


def publish(
    session: AsyncSession,
    *,
    topic: str,
    type: str,  # noqa: A002
    needs: str,
    data: dict[str, Any],
    site: str | None = None,
) -> None:
    """Send a fleeting message to the company's open pages when this transaction commits; of those that are written
    together (`write`) the last of a topic and type wins.
    """
    message = {"topic": topic, "type": type, "needs": needs, "data": data, "site": site}
    session.info.setdefault(_PENDING, {})[topic, type] = message


async def write(session: AsyncSession) -> None:
    """Hand this transaction's messages to PostgreSQL, which sends them if and when the transaction commits."""
    pending = session.info.pop(_PENDING, {})
    if pending:
        await session.execute(_BROADCAST, {"messages": msgspec.json.encode(list(pending.values())).decode()})
