"""Payloads of Sparkplug B as Protocol Buffers (Eclipse Sparkplug 3.0, section 6.4): field numbers and types of what a
gateway needs; what is left out here is skipped when it comes.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError, Message

from foodflow.gateway.measurements import BAD, GOOD, UNCERTAIN_LAST_USABLE

_Field = descriptor_pb2.FieldDescriptorProto
_PACKAGE = "foodflow.sparkplug"
_VALUES = {"uint32": _Field.TYPE_UINT32, "uint64": _Field.TYPE_UINT64, "float": _Field.TYPE_FLOAT}
_KINDS = {
    **_VALUES,
    "double": _Field.TYPE_DOUBLE,
    "bool": _Field.TYPE_BOOL,
    "string": _Field.TYPE_STRING,
    "bytes": _Field.TYPE_BYTES,
}
_MESSAGES: dict[str, tuple[tuple[int, str, str], ...]] = {
    "PropertyValue": (
        (1, "type", "uint32"),
        (2, "is_null", "bool"),
        (3, "int_value", "uint32"),
        (4, "long_value", "uint64"),
    ),
    "PropertySet": ((1, "keys", "string*"), (2, "values", "PropertyValue*")),
    "Metric": (
        (1, "name", "string"),
        (2, "alias", "uint64"),
        (3, "timestamp", "uint64"),
        (4, "datatype", "uint32"),
        (5, "is_historical", "bool"),
        (6, "is_transient", "bool"),
        (7, "is_null", "bool"),
        (9, "properties", "PropertySet"),
        (10, "int_value", "uint32"),
        (11, "long_value", "uint64"),
        (12, "float_value", "float"),
        (13, "double_value", "double"),
        (14, "boolean_value", "bool"),
        (15, "string_value", "string"),
    ),
    "Payload": (
        (1, "timestamp", "uint64"),
        (2, "metrics", "Metric*"),
        (3, "seq", "uint64"),
        (4, "uuid", "string"),
        (5, "body", "bytes"),
    ),
}
_SIGNED_BITS = {1: 8, 2: 16, 3: 32, 4: 64}
"""Signed integers by datatype (Int8 to Int64): they travel as the two's complement in an unsigned field."""
_NUMBERS = ("int_value", "long_value", "float_value", "double_value", "boolean_value")
_QUALITIES = {0: BAD, 192: GOOD, 500: UNCERTAIN_LAST_USABLE}
"""The property `Quality` (section 6.4.21): BAD, GOOD and STALE."""


def _payload_class() -> type[Message]:
    file = descriptor_pb2.FileDescriptorProto(name="foodflow/sparkplug.proto", package=_PACKAGE, syntax="proto2")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, field, kind in fields:
            label = _Field.LABEL_REPEATED if kind.endswith("*") else _Field.LABEL_OPTIONAL
            added = message.field.add(name=field, number=number, label=label)
            if (simple := _KINDS.get(kind.rstrip("*"))) is not None:
                added.type = simple
            else:
                added.type, added.type_name = _Field.TYPE_MESSAGE, f".{_PACKAGE}.{kind.rstrip('*')}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


Payload: Any = _payload_class()
"""The message class; its attributes are made at run time, so no type checker knows them."""


def decode(payload: bytes) -> Any | None:  # noqa: ANN401 - a message of `Payload`
    """The message in some bytes; None where they are none."""
    try:
        return Payload.FromString(payload)
    except DecodeError:
        return None


def number_of(metric: Any, datatype: int) -> float | None:  # noqa: ANN401 - a message
    """A metric's value as a number; None where it has none (null, a text, a table)."""
    if metric.is_null:
        return None
    for field in _NUMBERS:
        if metric.HasField(field):
            value = getattr(metric, field)
            bits = _SIGNED_BITS.get(datatype)
            if bits is None or field not in {"int_value", "long_value"}:
                return float(value)
            value &= (1 << bits) - 1
            return float(value - (1 << bits) if value >> (bits - 1) else value)
    return None


def is_number(datatype: int) -> bool:
    """Whether a datatype is a number (Int8 to Double) or true and false."""
    return 1 <= datatype <= 11  # noqa: PLR2004 - the standard's own numbering


def status_of(metric: Any) -> int:  # noqa: ANN401 - a message
    """The OPC UA status code that a metric's quality stands for; Good where it says nothing of it."""
    keys = list(metric.properties.keys)
    if "Quality" not in keys:
        return GOOD
    place = keys.index("Quality")
    if place >= len(metric.properties.values):
        return BAD
    value = metric.properties.values[place]
    quality = value.int_value if value.HasField("int_value") else value.long_value
    return _QUALITIES.get(quality, BAD)
