"""Round numbers and round times for the axes of charts."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from foodflow.console import words

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_STEPS: Final = (
    *(1, 2, 5, 10, 15, 30),
    *(_MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * n for n in (1, 2, 3, 6, 12)),
    *(_DAY * n for n in (1, 2, 5, 10)),
)
"""Seconds between marks that people can count in."""
_MONTHS: Final = (1, 2, 3, 6, 12, 24, 60, 120)
_MONTH: Final = _DAY * 30.4
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FINEST: Final = 1e-12
"""A step finer than this share of the values cannot be told from none."""


def value_ticks(low: float, high: float, *, most: int) -> list[tuple[float, str]]:
    """Up to `most` round values within [low, high] with their labels; those of equal steps have equal decimals."""
    width = high - low
    if not math.isfinite(width) or width <= max(abs(low), abs(high)) * _FINEST:
        return [(low, words.number(low))]
    step = _round_up(width / most)
    first, last = math.ceil(low / step), math.floor(high / step)
    decimals = max(0, -math.floor(math.log10(step)))
    return [(n * step, _label(n * step, decimals)) for n in range(first, last + 1)]


def _round_up(step: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= step * (1 - _FINEST))


def _label(value: float, decimals: int) -> str:
    label = f"{value:,.{decimals}f}"
    return label if len(label) <= 7 else f"{value:.2g}"  # noqa: PLR2004 - what fits beside a chart


def time_ticks(start: datetime, end: datetime, *, most: int) -> list[tuple[datetime, str]]:
    """Up to `most` round moments within [start, end] in UTC with their labels; midnight is labelled with its date."""
    apart = (end - start).total_seconds() / most
    step = next((step for step in _STEPS if step >= apart), None)
    if step is None:
        return _calendar_ticks(start, end, apart)
    marks = _evenly(start, end, timedelta(seconds=step))
    return [(at, _time_label(at, step)) for at in marks]


def _evenly(start: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    at = _EPOCH + -((_EPOCH - start) // step) * step
    while at <= end:
        yield at
        at += step


def _time_label(at: datetime, step: int) -> str:
    if (at.hour, at.minute, at.second) == (0, 0, 0):
        return f"{at.day} {at:%b}"
    return f"{at:%H:%M:%S}" if step < _MINUTE else f"{at:%H:%M}"


def _calendar_ticks(start: datetime, end: datetime, apart: float) -> list[tuple[datetime, str]]:
    step = next((months for months in _MONTHS if months * _MONTH >= apart), _MONTHS[-1])
    first = start.year * 12 + start.month - 1
    months = range(-(-first // step) * step, end.year * 12 + end.month, step)
    marks = (datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in months)
    return [(at, f"{at:%Y}" if step % 12 == 0 else f"{at:%b %Y}") for at in marks if start <= at <= end]
