"""OPC UA: subscriptions to variables of a server, and what their history tells of the time that was missed."""

import asyncio
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.node import Node
from asyncua.common.subscription import DataChangeNotif, Subscription
from asyncua.ua.uaerrors import UaError

from foodflow.gateway.configuration import OpcUa, secret_of
from foodflow.gateway.measurements import BAD, BAD_NO_COMMUNICATION, Measurement, is_bad
from foodflow.gateway.spool import Spool
from foodflow.kernel import clock
from foodflow.numerics.epoch import from_micros, to_micros

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_WATCH_SECONDS = 1.0
_AT_ONCE = 10_000
_FULL_SECONDS = 0.5
_SERVER_STATE = "i=2259"
"""The variable that every server has to say how it is (OPC UA Part 5, Server_ServerStatus_State)."""
_HISTORY_AT_ONCE = 10_000
_CATCH_UP_AFTER = (0.0, 3.0)
"""Servers write their history a little later than they tell of a value, so it is read twice; repeats are harmless."""
_AWAY = (OSError, TimeoutError, ConnectionError, UaError, asyncio.IncompleteReadError)

log = structlog.get_logger(__name__)


class Subscriber:
    """A gateway's subscription at an OPC UA server."""

    def __init__(self, wanted: OpcUa, spool: Spool) -> None:
        self.wanted = wanted
        self.spool = spool
        self.received = 0
        self.connected = False
        self._sensors = {node.node: node.sensor for node in wanted.nodes}
        self._queue: asyncio.Queue[Measurement] = asyncio.Queue()

    async def run(self) -> None:
        """Take values in until cancelled, however often the server is away."""
        taking = asyncio.create_task(self._take())
        pause = _FIRST_PAUSE
        try:
            while True:
                try:
                    async with await self._client() as client:
                        pause = _FIRST_PAUSE
                        await self._subscribed(client)
                except _AWAY as error:
                    log.warning("gateway.server_away", reason=f"{type(error).__name__} {error}".strip(), again_in=pause)
                self._lost()
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        finally:
            taking.cancel()

    def datachange_notification(self, node: Node, _: Any, data: DataChangeNotif) -> None:  # noqa: ANN401 - any type of OPC UA
        """Called by the library for each value of a subscribed variable."""
        sensor = self._sensors.get(node.nodeid.to_string())
        if sensor is not None:
            self._queue.put_nowait(measurement_of(sensor, data.monitored_item.Value))

    def status_change_notification(self, status: ua.StatusChangeNotification) -> None:
        """Called by the library when the server says something of the subscription itself."""
        log.warning("gateway.subscription", status=str(status.Status))

    async def _client(self) -> Client:
        client = Client(self.wanted.address)
        if self.wanted.user:
            client.set_user(self.wanted.user)
            if self.wanted.password_file is not None:
                client.set_password(secret_of(self.wanted.password_file))
        if self.wanted.security:
            await client.set_security_string(self.wanted.security)
        return client

    async def _subscribed(self, client: Client) -> None:
        """Subscribe, catch up with what was missed, and watch until the connection breaks."""
        nodes = [client.get_node(node.node) for node in self.wanted.nodes]
        named = zip(nodes, self.wanted.nodes, strict=True)
        self._sensors = {found.nodeid.to_string(): node.sensor for found, node in named}
        known = {node: self.spool.seen(self._sensors[node.nodeid.to_string()]) for node in nodes}
        subscription = await client.create_subscription(self.wanted.interval_ms, self)
        await self._monitor(subscription, nodes)
        self.connected = True
        log.info("gateway.server_connected", variables=len(nodes))
        for pause in _CATCH_UP_AFTER if self.wanted.history else ():
            await asyncio.sleep(pause)
            for node, last in known.items():
                if last is not None:
                    await self._catch_up(node, last)
        state = client.get_node(_SERVER_STATE)
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            await state.read_value()

    async def _monitor(self, subscription: Subscription, nodes: Sequence[Node]) -> None:
        results = await subscription.subscribe_data_change(nodes, queuesize=self.wanted.queue)
        for node, result in zip(nodes, results, strict=True):
            if isinstance(result, ua.StatusCode):
                log.warning("gateway.variable_refused", variable=node.nodeid.to_string(), reason=result.name)

    async def _catch_up(self, node: Node, last: int) -> None:
        """Read what a variable was while nobody listened, where the server keeps its history (OPC UA Part 11)."""
        sensor, end, missed = self._sensors[node.nodeid.to_string()], clock.now(), 0
        while True:
            try:
                values = await node.read_raw_history(from_micros(last), end, numvalues=_HISTORY_AT_ONCE)
            except UaError:
                break  # this variable has no history
            found = sorted((measurement_of(sensor, value) for value in values), key=lambda each: each.time)
            later = [each for each in found if each.time > last]
            for each in later:
                self._queue.put_nowait(each)
            missed += len(later)
            if not later or len(values) < _HISTORY_AT_ONCE:
                break
            last = later[-1].time
        if missed:
            log.info("gateway.caught_up", sensor=sensor, readings=missed)

    def _lost(self) -> None:
        """Without a connection nothing is known of any variable: a Bad reading for each says so, once."""
        if self.connected:
            now = to_micros(clock.now())
            for sensor in self._sensors.values():
                self._queue.put_nowait(Measurement(sensor, now, None, BAD_NO_COMMUNICATION))
        self.connected = False

    async def _take(self) -> None:
        while True:
            found = [await self._queue.get()]
            while len(found) < _AT_ONCE and not self._queue.empty():
                found.append(self._queue.get_nowait())
            while self.spool.is_full:
                log.warning("gateway.spool_full", waiting=self.spool.waiting)
                await asyncio.sleep(_FULL_SECONDS)
            seen = [(m.sensor, m.time) for m in found if m.status != BAD_NO_COMMUNICATION]
            await asyncio.to_thread(self.spool.add, found, seen=seen)
            self.received += len(found)


def measurement_of(sensor: str, data: ua.DataValue) -> Measurement:
    """An OPC UA DataValue as a measurement: at its source time, or where it has none the server's, or now."""
    moment = data.SourceTimestamp or data.ServerTimestamp
    time = to_micros(_utc(moment) if moment is not None else clock.now())
    status = data.StatusCode.value if data.StatusCode is not None else 0
    value = data.Value.Value if data.Value is not None else None
    if isinstance(value, int | float) and math.isfinite(value):
        return Measurement(sensor, time, float(value), status)
    return Measurement(sensor, time, None, status if is_bad(status) else BAD)


def _utc(moment: datetime) -> datetime:
    """A moment of the library, which means UTC where it says no zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
