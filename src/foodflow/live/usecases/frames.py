"""Frames: what is said over sockets and streams, written once for everybody who hears it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from foodflow.live.tables.sessions import LiveTurn


def text(value: object) -> str:
    """JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


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


def turn_frame(turn: LiveTurn, state: str | None = None) -> str:
    """A turn, with the state that it led to where it is the latest."""
    said = text(turn_shown(turn))
    return said if state is None else f'{said[:-1]},"state":{state}}}'


def turn_shown(turn: LiveTurn) -> dict[str, Any]:
    """A turn as it is told."""
    said = {"type": "turn", "sequence": turn.sequence, "turn": turn.type}
    return {**said, "at": moment(turn.created_at), "data": turn.data}


def _plain(value: object) -> str | float:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, UUID):
        return str(value)
    message = f"a frame cannot carry a {type(value).__name__}"
    raise TypeError(message)
