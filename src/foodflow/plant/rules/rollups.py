"""Decisions about roll-ups: how fine a window is drawn, and their refusals."""

from enum import StrEnum

from foodflow.kernel.errors import FieldError, Invalid
from foodflow.numerics.rollup import DAY, HOUR, MINUTE

FEW_READINGS = 200_000
"""A window that holds no more readings is drawn from them."""


class Resolution(StrEnum):
    """How fine the past is looked at: each reading, or what those of a minute, an hour or a UTC day come to."""

    RAW = "raw"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


class Method(StrEnum):
    """How the points to draw are chosen."""

    MIN_MAX = "min_max"
    LTTB = "lttb"


WIDTHS = {Resolution.MINUTE: MINUTE, Resolution.HOUR: HOUR, Resolution.DAY: DAY}


class OlderThanRetention(Invalid):
    """The readings of that day were removed by age, so that nobody can say whether this one is among them."""

    code = "plant.reading.older_than_retention"


def resolution_of(span: int, *, points: int, few: bool, finest: Resolution) -> Resolution:
    """The resolution for a window of `span` microseconds and so many points, where `few` says that it holds few
    readings: the coarsest that still has a bucket for each point, and none finer than `finest`, which is kept.
    """
    if few and finest is Resolution.RAW:
        return Resolution.RAW
    if span >= points * DAY or finest is Resolution.DAY:
        return Resolution.DAY
    if span >= points * HOUR or finest is Resolution.HOUR:
        return Resolution.HOUR
    return Resolution.MINUTE


def require_there(gone: list[tuple[str, str]]) -> None:
    """Refuse readings of days (sensor code and day) of which no readings are kept any more."""
    if gone:
        named = "; ".join(f"sensor {code} on {day}" for code, day in gone[:20])
        message = f"readings of that time were removed by age and stand as roll-ups alone: {named}; nothing was stored"
        raise OlderThanRetention(message, errors=(FieldError("timestamp", message, OlderThanRetention.code),))
