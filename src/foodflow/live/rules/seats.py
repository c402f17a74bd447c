"""Decisions about who sees what of a live session, and how often what moves quickly is told."""

from enum import StrEnum
from typing import Final

from foodflow.kernel.errors import Conflict, Forbidden, TooMany

RESULTS_EVERY, PRESENCE_EVERY, SEEN_EVERY = 0.5, 1.0, 20.0
"""Seconds between two looks at a result, at how many are there, and at who is still there."""
SHARE_OF_TELLING: Final = 4
"""What is told again and again may take one part in so many of the time."""
MAX_MISSED: Final = 200
"""Turns that somebody who comes back is told one by one; after more than that, the present state alone."""
MAX_CONNECTIONS: Final = 8
"""Connections of one participant at once; the oldest gives way to a further one."""
ANSWERS, WITHIN_SECONDS = 30, 10.0
"""Answers that are taken from one connection within so many seconds."""


class Seat(StrEnum):
    """From where somebody looks: as one who takes part, as the projector's page, or as the one who leads."""

    PARTICIPANT = "participant"
    PROJECTOR = "projector"
    FACILITATOR = "facilitator"


class Removed(Forbidden):
    """A facilitator sent this participant out."""

    code = "live.participant.removed"


class NotTakingPart(Conflict):
    """Only participants answer."""

    code = "live.participant.none"


class TooManyAnswers(TooMany):
    """More answers came over one connection than anybody gives."""

    code = "live.response.too_many"


def pause_after(seconds: float, least: float) -> float:
    """How long to wait before telling again what took so long to tell."""
    return max(least, seconds * SHARE_OF_TELLING)
