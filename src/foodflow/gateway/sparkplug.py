"""Sparkplug B: what edge nodes are, what their metrics are called, and what their messages mean.

A node says at its birth which metrics it has and which small numbers (aliases) stand for them; afterwards it sends what
changes, numbered from 0 to 255 and round again. A number that is missing means that something was missed: the node is
asked to be born again. After its death nothing is known of its metrics until it is born again, which is a Bad reading
for each of them (Eclipse Sparkplug 3.0, sections 4 to 6).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from foodflow.gateway import sparkplug_payload as wire
from foodflow.gateway.measurements import BAD, BAD_NO_COMMUNICATION, Measurement, is_bad

NAMESPACE = "spBv1.0"
REBIRTH = "Node Control/Rebirth"
_BIRTHS, _DATA, _DEATHS = (
    frozenset({"NBIRTH", "DBIRTH"}),
    frozenset({"NDATA", "DDATA"}),
    frozenset({"NDEATH", "DDEATH"}),
)
_SEQUENCES = 256
_NOT_MEASURED = ("bdSeq", "Node Control/", "Device Control/")
_MICROSECONDS = 1000
_BOOLEAN = 11


@dataclass(frozen=True, slots=True)
class Address:
    """Who a message is of: an edge node of a group, and a device of it, if any."""

    group: str
    node: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """What a birth said of a metric."""

    name: str
    datatype: int


@dataclass(slots=True)
class _Node:
    sequence: int
    births: int | None
    metrics: dict[str, dict[str, Metric]] = field(default_factory=dict)
    aliases: dict[int, tuple[str, Metric]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """A metric of a device or node (`device` is empty) at microseconds since 1970."""

    address: Address
    metric: str
    time: int
    value: float | None
    status: int

    def measurement(self, sensor: str) -> Measurement:
        """The same, by the code of the sensor that it is."""
        return Measurement(sensor, self.time, self.value, self.status)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a message came to: samples, the node that has to be born again (if any), and what is wrong with it."""

    samples: list[Sample] = field(default_factory=list)
    rebirth: Address | None = None
    fault: str = ""


class Nodes:
    """All edge nodes that a gateway has heard of."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[str, str], _Node] = {}

    def hear(self, topic: str, payload: bytes, *, now: int) -> Heard | None:
        """Take a message in; None where the topic is none of a node or device."""
        levels = topic.split("/")
        if len(levels) not in {4, 5} or levels[0] != NAMESPACE:
            return None
        kind, address = levels[2], Address(levels[1], levels[3], *levels[4:])
        message = wire.decode(payload)
        if message is None:
            return Heard(fault="the payload is no Sparkplug B")
        if kind in _BIRTHS:
            return self._born(kind, address, message, now)
        if kind in _DATA:
            return self._changed(address, message, now)
        return self._dead(kind, address, message, now) if kind in _DEATHS else None

    def _born(self, kind: str, address: Address, message: Any, now: int) -> Heard:  # noqa: ANN401 - a message
        key = (address.group, address.node)
        if kind == "NBIRTH":
            self._nodes[key] = _Node(int(message.seq), _births_in(message))
        elif not self._follows(address, message):
            return Heard(rebirth=address)
        node = self._nodes[key]
        metrics = node.metrics[address.device] = {}
        for each in message.metrics:
            metric = metrics[each.name] = Metric(each.name, each.datatype)
            if each.HasField("alias"):
                node.aliases[each.alias] = (address.device, metric)
        known = [(metrics[each.name], each) for each in message.metrics]
        return Heard(
            [
                sample
                for metric, each in known
                for sample in _samples(address, metric, each, sent=message.timestamp * _MICROSECONDS or now)
            ]
        )

    def _changed(self, address: Address, message: Any, now: int) -> Heard:  # noqa: ANN401 - a message
        if not self._follows(address, message):
            return Heard(rebirth=address)
        node = self._nodes[address.group, address.node]
        samples: list[Sample] = []
        unknown = False
        for each in message.metrics:
            metric = self._named(node, address, each)
            if metric is None:
                unknown = True
                continue
            samples += _samples(address, metric, each, sent=message.timestamp * _MICROSECONDS or now)
        return Heard(samples, rebirth=address if unknown else None)

    def _dead(self, kind: str, address: Address, message: Any, now: int) -> Heard:  # noqa: ANN401 - a message
        """All metrics of who died are unknown from now on; the death of an earlier birth of a node is old news."""
        node = self._nodes.get((address.group, address.node))
        if node is None:
            return Heard()
        if kind == "NDEATH":
            births = _births_in(message)
            if births is not None and node.births is not None and births != node.births:
                return Heard()
            del self._nodes[address.group, address.node]
            gone = node.metrics
        else:
            if not self._follows(address, message):
                return Heard(rebirth=address)
            gone = {address.device: node.metrics.pop(address.device, {})}
        return Heard(
            [
                Sample(Address(address.group, address.node, device), metric.name, now, None, BAD_NO_COMMUNICATION)
                for device, metrics in gone.items()
                for metric in metrics.values()
                if _is_measured(metric)
            ]
        )

    def _follows(self, address: Address, message: Any) -> bool:  # noqa: ANN401 - a message
        """Whether a message is the next one of its node; if not, the node is forgotten until it is born again."""
        key = (address.group, address.node)
        node = self._nodes.get(key)
        if node is None:
            return False
        expected = (node.sequence + 1) % _SEQUENCES
        if not message.HasField("seq") or message.seq != expected:
            del self._nodes[key]
            return False
        node.sequence = expected
        return True

    def _named(self, node: _Node, address: Address, each: Any) -> Metric | None:  # noqa: ANN401 - a message
        if each.HasField("name") and each.name:
            return node.metrics.get(address.device, {}).get(each.name)
        device, metric = node.aliases.get(each.alias, ("", None))
        return metric if device == address.device else None


def rebirth_command() -> bytes:
    """The payload of an NCMD that asks a node to be born again."""
    message = wire.Payload()
    message.metrics.add(name=REBIRTH, datatype=_BOOLEAN, boolean_value=True)
    payload: bytes = message.SerializeToString()
    return payload


def host_state(*, online: bool, milliseconds: int) -> bytes:
    """The payload of a primary host's STATE message, by which nodes know whether to send or to store."""
    return json.dumps({"online": online, "timestamp": milliseconds}).encode()


def _samples(
    address: Address,
    metric: Metric,
    each: Any,  # noqa: ANN401 - a message
    *,
    sent: int,
) -> Iterator[Sample]:
    if not _is_measured(metric):
        return
    time = each.timestamp * _MICROSECONDS or sent
    value, status = wire.number_of(each, metric.datatype), wire.status_of(each)
    if value is None and not is_bad(status):
        status = BAD
    yield Sample(address, metric.name, time, value, status)


def _is_measured(metric: Metric) -> bool:
    return wire.is_number(metric.datatype) and not metric.name.startswith(_NOT_MEASURED)


def _births_in(message: Any) -> int | None:  # noqa: ANN401 - a message
    """The number of a node's birth, which its death names."""
    for each in message.metrics:
        if each.name == "bdSeq":
            return int(each.long_value or each.int_value)
    return None
