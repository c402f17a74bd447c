"""Frames: what is said over sockets and streams, written once for everybody who hears it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from foodflow.live.tables.sessions import LiveTurn

_encode = msgspec.json.Encoder().encode


class Told(NamedTuple):
    """A turn, written down for whoever missed it."""

    sequence: int
    frame: str


def text(value: object) -> str:
    """JSON without spaces, times in UTC after RFC 3339."""
    return _encode(value).decode()


def moment(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.isoformat().replace("+00:00", "Z")


def shared(state: Mapping[str, Any]) -> str:
    """A state as everybody of one seat sees it, to be completed by `at`."""
    return text(state)[1:]


def at(now: datetime, state: str) -> str:
    """A shared state, with the time by which its clocks run."""
    return f'{{"server_time":"{moment(now)}",{state}'


def state_frame(sequence: int, state: str, you: str) -> str:
    """What somebody is told who comes: the present state, and their own part in it."""
    return f'{{"type":"state","sequence":{sequence},"state":{state},"you":{you}}}'


def told(turn: LiveTurn) -> Told:
    """A turn as it is told."""
    said = {"type": "turn", "sequence": turn.sequence, "turn": turn.type, "at": turn.created_at, "data": turn.data}
    return Told(turn.sequence, text(said))


def latest(turn: Told, state: str) -> str:
    """The latest turn, with the state that it led to."""
    return f'{turn.frame[:-1]},"state":{state}}}'
