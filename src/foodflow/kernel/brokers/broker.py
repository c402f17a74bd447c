"""The one interface of all brokers, and which of them an address means."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from foodflow.kernel.events import Envelope

MEDIA_TYPE = "application/cloudevents+json"


class BrokerError(Exception):
    """A broker cannot be reached, or has not taken what it was given; the text says so in a sentence."""


@dataclass(frozen=True, slots=True)
class Publication:
    """An event as brokers take it: addressed by company and type, with a stable id, and whole as a CloudEvent."""

    id: str
    tenant: str
    type: str
    subject: str
    body: bytes

    @classmethod
    def of(cls, envelope: Envelope, address: str) -> "Publication":
        """An event told, as a CloudEvent in structured mode."""
        body = json.dumps(envelope.cloud_event(address), ensure_ascii=False, separators=(",", ":")).encode()
        return cls(str(envelope.id), envelope.tenant, envelope.type, envelope.subject, body)


class Broker(Protocol):
    """Connects, takes events until it has acknowledged them, and is left."""

    name: str
    """What its place in the outbox is kept under: its address without a password."""

    async def connect(self) -> None:
        """Be ready to take events; raises BrokerError."""
        ...

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Returns when all are acknowledged, those of one subject in their order; raises BrokerError, and then any of
        them may have been taken.
        """
        ...

    async def close(self) -> None:
        """Leave; does nothing where there is no connection."""
        ...


def name_of(url: str) -> str:
    """An address without name and password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def broker_of(url: str) -> Broker:
    """The broker at an address: `nats://`, `tls://` (NATS), `redis://`, `rediss://`, `mqtt://` or `mqtts://`."""
    from foodflow.kernel.brokers.mqtt import Mqtt  # noqa: PLC0415 - each knows this interface
    from foodflow.kernel.brokers.nats import Nats  # noqa: PLC0415
    from foodflow.kernel.brokers.redis import Redis  # noqa: PLC0415

    kinds: dict[str, Callable[[str], Broker]] = {"nats": Nats, "tls": Nats, "redis": Redis, "rediss": Redis}
    kinds |= {"mqtt": Mqtt, "mqtts": Mqtt}
    return kinds[urlsplit(url).scheme](url)


def by_subject(publications: Sequence[Publication]) -> list[list[Publication]]:
    """Events apart by what they are about; within each, in their order."""
    apart: dict[tuple[str, str], list[Publication]] = {}
    for each in publications:
        apart.setdefault((each.tenant, each.subject), []).append(each)
    return list(apart.values())
