"""MQTT: a session that the broker keeps, whose messages are acknowledged once they are in the spool.

A message of quality of service 1 that was not acknowledged is sent again by the broker, so a killed gateway misses
nothing. The client library calls from a thread of its own; its messages are handed to the event loop, and the thread
waits while the spool is full, so that the broker keeps what cannot be kept here.
"""

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from foodflow.gateway import sparkplug, topics
from foodflow.gateway.configuration import Mqtt, Topic, code_of, secret_of
from foodflow.gateway.measurements import Measurement
from foodflow.gateway.spool import Spool
from foodflow.kernel import clock
from foodflow.numerics.epoch import to_micros

AT_ONCE = 1000
"""Messages that are written to the disk together."""
_KEPT_SECONDS = 0xFFFFFFFF
"""How long the broker keeps the session: for ever, by MQTT 5."""
_WAITING_MESSAGES = 20_000
_FULL_SECONDS = 0.5
_REBIRTH_EVERY_MICROSECONDS = 5_000_000
_FAULTS_TOLD = 20

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Arrived:
    message: MQTTMessage
    at: int


class Subscriber:
    """A gateway's session at a broker."""

    def __init__(self, wanted: Mqtt, spool: Spool) -> None:
        self.wanted = wanted
        self.spool = spool
        self.connected = threading.Event()
        self.received = 0
        self._faults = 0
        self._nodes = sparkplug.Nodes()
        self._asked: dict[tuple[str, str], int] = {}
        self._room = threading.Semaphore(_WAITING_MESSAGES)
        self._queue: asyncio.Queue[_Arrived] = asyncio.Queue()
        self._ending = False
        self._client = self._build()

    async def run(self) -> None:
        """Take messages in until cancelled; the library connects, and connects again whenever the broker was away."""
        self._loop = asyncio.get_running_loop()
        options = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # the library leaves it untyped
        options.SessionExpiryInterval = _KEPT_SECONDS
        options.ReceiveMaximum = 0xFFFF
        host = urlsplit(self.wanted.address).hostname or ""
        self._client.connect_async(host, self.wanted.port, keepalive=20, clean_start=False, properties=options)
        self._client.loop_start()
        try:
            while True:
                await self._take()
        finally:
            self._ending = True
            self._room.release(AT_ONCE)
            await asyncio.to_thread(self._end)

    def _end(self) -> None:
        if self.wanted.host_id and self.connected.is_set():
            self._say_state(online=False).wait_for_publish(2)
        self._client.disconnect()
        self._client.loop_stop()

    async def _take(self) -> None:
        """Take what has arrived: to the disk first, then acknowledged."""
        arrived = [await self._queue.get()]
        while len(arrived) < AT_ONCE and not self._queue.empty():
            arrived.append(self._queue.get_nowait())
        found = [measurement for each in arrived for measurement in self._read(each)]
        while self.spool.is_full:
            log.warning("gateway.spool_full", waiting=self.spool.waiting)
            await asyncio.sleep(_FULL_SECONDS)
        if found:
            await asyncio.to_thread(self.spool.add, found)
        for each in arrived:
            self._client.ack(each.message.mid, each.message.qos)
        self.received += len(arrived)
        self._room.release(len(arrived))

    def _read(self, arrived: _Arrived) -> list[Measurement]:
        """The measurements of a message; one that cannot be read is told, and not asked for again."""
        try:
            return self._measurements(arrived)
        except ValueError as error:
            self._fault(arrived.message.topic, str(error))
            return []

    def _measurements(self, arrived: _Arrived) -> list[Measurement]:
        message = arrived.message
        for rule in self.wanted.topics:
            names = topics.names_in(message.topic, rule.topic)
            if names is None:
                continue
            if rule.format == "sparkplug_b":
                return self._sparkplug(rule, message, arrived.at)
            return topics.read(rule, names, bytes(message.payload), now=arrived.at)
        return []

    def _sparkplug(self, rule: Topic, message: MQTTMessage, now: int) -> list[Measurement]:
        heard = self._nodes.hear(message.topic, bytes(message.payload), now=now)
        if heard is None:
            return []
        if heard.fault:
            raise topics.UnreadableError(heard.fault)
        if heard.rebirth is not None:
            self._ask_for_rebirth(heard.rebirth, now)
        return [sample.measurement(code_of(rule.sensor, _names_of(sample))) for sample in heard.samples]

    def _ask_for_rebirth(self, address: sparkplug.Address, now: int) -> None:
        key = (address.group, address.node)
        if now - self._asked.get(key, 0) < _REBIRTH_EVERY_MICROSECONDS:
            return
        self._asked[key] = now
        topic = f"{sparkplug.NAMESPACE}/{address.group}/NCMD/{address.node}"
        self._client.publish(topic, sparkplug.rebirth_command(), qos=0)
        log.info("gateway.rebirth_asked", group=address.group, node=address.node)

    def _fault(self, topic: str, reason: str) -> None:
        self._faults += 1
        if self._faults <= _FAULTS_TOLD or self._faults % 1000 == 0:
            log.warning("gateway.unreadable", topic=topic, reason=reason, so_far=self._faults)

    def _build(self) -> Client:
        parts = urlsplit(self.wanted.address)
        client = Client(
            CallbackAPIVersion.VERSION2, self.wanted.client, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True
        )
        client.on_connect, client.on_disconnect, client.on_message = (
            self._on_connect,
            self._on_disconnect,
            self._on_message,
        )
        client.reconnect_delay_set(1, 30)
        password = unquote(parts.password) if parts.password else None
        if self.wanted.password_file is not None:
            password = secret_of(self.wanted.password_file)
        if parts.username:
            client.username_pw_set(unquote(parts.username), password)
        if parts.scheme == "mqtts":
            client.tls_set(ca_certs=str(self.wanted.ca_file) if self.wanted.ca_file else None)
        if self.wanted.host_id:
            will = sparkplug.host_state(online=False, milliseconds=_now() // 1000)
            client.will_set(self._state_topic, will, qos=1, retain=True)
        return client

    @property
    def _state_topic(self) -> str:
        return f"{sparkplug.NAMESPACE}/STATE/{self.wanted.host_id}"

    def _say_state(self, *, online: bool) -> Any:  # noqa: ANN401 - the library's own
        state = sparkplug.host_state(online=online, milliseconds=_now() // 1000)
        return self._client.publish(self._state_topic, state, qos=1, retain=True)

    def _on_connect(
        self, client: Client, _: object, flags: ConnectFlags, reason: ReasonCode, __: Properties | None
    ) -> None:
        if reason.is_failure:
            log.warning("gateway.broker_refused", reason=str(reason))
            return
        options = SubscribeOptions(qos=1)
        client.subscribe([(topic.filter, options) for topic in self.wanted.topics])
        if self.wanted.host_id:
            self._say_state(online=True)
        self.connected.set()
        log.info("gateway.broker_connected", session_kept=flags.session_present)

    def _on_disconnect(
        self, _: Client, __: object, ___: DisconnectFlags, reason: ReasonCode, ____: Properties | None
    ) -> None:
        self.connected.clear()
        if not self._ending:
            log.warning("gateway.broker_away", reason=str(reason))

    def _on_message(self, _: Client, __: object, message: MQTTMessage) -> None:
        self._room.acquire()
        if not self._ending:
            self._loop.call_soon_threadsafe(self._queue.put_nowait, _Arrived(message, _now()))


def _now() -> int:
    return to_micros(clock.now())


def _names_of(sample: sparkplug.Sample) -> Mapping[str, str]:
    address = sample.address
    return {"group": address.group, "node": address.node, "device": address.device, "metric": sample.metric}
