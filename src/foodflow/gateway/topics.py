"""Plain MQTT: messages of topics become measurements as the configuration says."""

import json
import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from foodflow.gateway.configuration import Topic, code_of
from foodflow.gateway.measurements import BAD, GOOD, UNCERTAIN, Measurement, is_bad
from foodflow.numerics.epoch import to_micros

_MICROSECONDS = {"s": 1_000_000, "ms": 1000, "us": 1}
_MOST_SENSORS = 10_000
"""Of one message: more is something else than measurements."""


class UnreadableError(ValueError):
    """A message that cannot be read as the configuration says."""


def names_in(topic: str, pattern: str) -> Mapping[str, str] | None:
    """What the named levels of a pattern are in a topic; None where it does not match."""
    levels, wanted = topic.split("/"), pattern.split("/")
    if wanted[-1] == "#":
        wanted = wanted[:-1]
        levels = levels[: len(wanted)] if len(levels) >= len(wanted) else []
    if len(levels) != len(wanted):
        return None
    found = {}
    for level, each in zip(levels, wanted, strict=True):
        if each.startswith("{"):
            found[each[1:-1]] = level
        elif each not in {"+", level}:
            return None
    return found


def read(rule: Topic, names: Mapping[str, str], payload: bytes, *, now: int) -> list[Measurement]:
    """The measurements of a message; `now` (microseconds since 1970) is when it arrived. Raises UnreadableError."""
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError):
        raise UnreadableError("the message is no JSON") from None
    time = _time(rule, body, now)
    status = _status(rule, body)
    return [
        Measurement(code_of(rule.sensor, {**names, **also}), time, *_usable(value, status))
        for also, value in _values(rule, body)
    ]


def _values(rule: Topic, body: object) -> Iterator[tuple[Mapping[str, str], object]]:
    if rule.value:
        yield {}, _at(body, rule.value)
    elif not isinstance(body, dict):
        yield ({"member": ""} if "member" in rule.names else {}), body
    else:
        members = [
            (name, value) for name, value in body.items() if _is_number(value) and name not in {rule.time, rule.status}
        ]
        if len(members) > _MOST_SENSORS:
            raise UnreadableError(f"the message has {len(members)} members")
        if not members:
            raise UnreadableError("the message has no member that is a number")
        yield from (({"member": name}, value) for name, value in members)


def _usable(value: object, status: int) -> tuple[float | None, int]:
    """A value with its status: true and false are 1 and 0, and what is no number is Bad without a value."""
    if value is None:
        return None, _without_value(status)
    if not isinstance(value, str | int | float):
        raise UnreadableError(f"the value is a {type(value).__name__}, not a number")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise UnreadableError(f"{str(value)[:40]!r} is no number") from None
    return (number, status) if math.isfinite(number) else (None, _without_value(status))


def _without_value(status: int) -> int:
    return status if is_bad(status) else BAD


def _time(rule: Topic, body: object, now: int) -> int:
    if not rule.time:
        return now
    given = _at(body, rule.time)
    try:
        if rule.time_unit == "rfc3339":
            moment = datetime.fromisoformat(str(given))
            if moment.tzinfo is None:
                raise UnreadableError(f"the time {given} has no zone")
            return to_micros(moment)
        return round(float(str(given)) * _MICROSECONDS[rule.time_unit])
    except (ValueError, OverflowError) as error:
        raise UnreadableError(f"{str(given)[:40]!r} is no time in {rule.time_unit}: {error}") from None


def _status(rule: Topic, body: object) -> int:
    """The status code: a number as OPC UA has it, true or false, or one of its three words."""
    if not rule.status:
        return GOOD
    given = _at(body, rule.status, missing=GOOD)
    if isinstance(given, bool):
        return GOOD if given else BAD
    if isinstance(given, int) and 0 <= given < 1 << 32:
        return given
    words: dict[str, int] = {"good": GOOD, "uncertain": UNCERTAIN, "bad": BAD}
    if isinstance(given, str) and given.lower() in words:
        return words[given.lower()]
    raise UnreadableError(f"{str(given)[:40]!r} is no status")


def _at(body: object, path: str, *, missing: object = ...) -> Any:  # noqa: ANN401 - whatever JSON holds
    found = body
    for member in path.split("."):
        if not isinstance(found, dict) or member not in found:
            if missing is not ...:
                return missing
            raise UnreadableError(f"the message has no member {path}")
        found = found[member]
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)
