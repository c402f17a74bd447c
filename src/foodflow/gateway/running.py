"""Running a gateway: subscribers, spool and forwarder together until it is told to stop."""

import asyncio
import signal
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

import httpx
import structlog

from foodflow.gateway import mqtt, opcua
from foodflow.gateway.configuration import BadConfiguration, Configuration
from foodflow.gateway.forwarding import Forwarder
from foodflow.gateway.spool import Spool

_REPORT_SECONDS = 60.0

log = structlog.get_logger(__name__)


class Subscriber(Protocol):
    """What takes measurements in."""

    received: int

    async def run(self) -> None:
        """Take in until cancelled."""


def mqtt_subscriber(configuration: Configuration, spool: Spool) -> Subscriber:
    """The subscriber of the configured broker."""
    if configuration.mqtt is None:
        raise BadConfiguration("the file has no section [mqtt]")
    return mqtt.Subscriber(configuration.mqtt, spool)


def opcua_subscriber(configuration: Configuration, spool: Spool) -> Subscriber:
    """The subscriber of the configured OPC UA server."""
    if configuration.opcua is None:
        raise BadConfiguration("the file has no section [opcua]")
    return opcua.Subscriber(configuration.opcua, spool)


async def run(configuration: Configuration, key: str, spool: Spool, subscriber: Subscriber) -> None:
    """Take in and forward until SIGTERM or SIGINT; what was taken by then is in the spool."""
    server = configuration.foodflow
    headers = {"X-API-Key": key}
    async with httpx.AsyncClient(base_url=server.address, headers=headers, timeout=server.timeout_seconds) as client:
        forwarder = Forwarder(
            client, spool, at_once=server.readings_at_once, retry_aside_seconds=configuration.spool.retry_aside_seconds
        )
        log.info("gateway.started", foodflow=server.address, waiting=spool.waiting, set_aside=spool.set_aside)
        await _until_stopped([subscriber.run(), forwarder.run(), _report(subscriber, forwarder)])
        log.info("gateway.stopped", waiting=spool.waiting)


async def _report(subscriber: Subscriber, forwarder: Forwarder) -> None:
    """Say now and then how it goes."""
    while True:
        await asyncio.sleep(_REPORT_SECONDS)
        told, spool = forwarder.told, forwarder.spool
        counts = {"received": subscriber.received, "forwarded": told.forwarded, "repeated": told.repeated}
        log.info("gateway.report", **counts, refused=told.refused, waiting=spool.waiting, set_aside=spool.set_aside)


async def _until_stopped(works: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Let works go on side by side until a signal; one that fails ends all of them."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(work) for work in works]
    waiting = asyncio.create_task(stop.wait())
    ended, _ = await asyncio.wait({*tasks, waiting}, return_when=asyncio.FIRST_COMPLETED)
    for task in (*tasks, waiting):
        task.cancel()
    await asyncio.gather(*tasks, waiting, return_exceptions=True)
    for task in ended:
        task.result()
