"""Charts as SVG geometry: what the templates put into elements and attributes; all lengths in units of the viewBox."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from foodflow.console import scales, words
from foodflow.numerics.epoch import from_micros, to_micros
from foodflow.plant.public import Point, SensorCard, Trace, TracedExcursion

WIDTH, HEIGHT = 300, 138
LEFT, RIGHT, TOP, BOTTOM = 42, 294, 10, 116
_MOST_TIMES, _MOST_VALUES = 4, 4
_LIMIT_REACH: Final = 3.0
"""A limit further from the readings than so many times their own range is named instead of drawn: it would flatten
them."""
_MARGIN: Final = 0.06
_LEAST_WIDTH: Final = 2.0
_MARKS_APART: Final = 9.0
_SECOND: Final = 1_000_000
_LARGEST: Final = sys.float_info.max


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis."""

    place: float
    label: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Band:
    """The time of one excursion, or of several that cannot be told apart at this size."""

    x: float
    width: float
    side: int


@dataclass(frozen=True, slots=True)
class Mark:
    """The reading furthest out: the tip of a triangle that points to it from beyond."""

    x: float
    y: float
    side: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A sensor's trace, ready to be drawn."""

    lines: tuple[str, ...]
    bands: tuple[Band, ...]
    marks: tuple[Mark, ...]
    limits: tuple[Tick, ...]
    values: tuple[Tick, ...]
    times: tuple[Tick, ...]
    beyond: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class _Scale:
    """From moments (microseconds) and values to places."""

    start: int
    end: int
    low: float
    high: float

    def x(self, micros: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * (micros - self.start) / (self.end - self.start), 1)

    def y(self, value: float) -> float:
        # Quarters, because the difference of two of the largest numbers is not a number.
        share = (value / 4 - self.low / 4) / (self.high / 4 - self.low / 4)
        return round(BOTTOM - (BOTTOM - TOP) * share, 1)


def chart(sensor: SensorCard, trace: Trace) -> Chart:
    """The chart of a sensor."""
    drawn = _limits_within_reach(sensor, trace)
    scale = _scale(trace, drawn)
    return Chart(
        lines=tuple(_path(piece, scale) for piece in trace.pieces),
        bands=tuple(_bands(trace.excursions, scale)),
        marks=tuple(_marks(trace.excursions, scale)),
        limits=tuple(Tick(scale.y(value), f"{side} limit {words.number(value)}") for side, value in drawn),
        values=tuple(_values(scale)),
        times=tuple(_times(scale)),
        beyond=tuple(
            f"{side} limit {words.with_unit(value, sensor.unit)} lies {_where(value, trace)} this chart"
            for side, value in _limits(sensor)
            if (side, value) not in drawn
        ),
        description=describe(sensor, trace),
    )


def describe(sensor: SensorCard, trace: Trace) -> str:
    """What the chart shows, for those who do not see it."""
    low, high = trace.lowest, trace.highest
    lines = [
        f"{trace.readings:,} readings from {words.moment(trace.start)} to {words.moment(trace.end)}.",
        f"Lowest {words.with_unit(low[1], sensor.unit)} at {words.moment(from_micros(low[0]))},",
        f"highest {words.with_unit(high[1], sensor.unit)} at {words.moment(from_micros(high[0]))}.",
    ]
    limits = [f"{side} limit {words.with_unit(value, sensor.unit)}" for side, value in _limits(sensor)]
    if limits:
        count = len(trace.excursions)
        lines.append(f"{', '.join(limits)}; outside {count} time{'' if count == 1 else 's'}.")
    return " ".join(lines)


def _limits(sensor: SensorCard) -> list[tuple[str, float]]:
    given = (("Lower", sensor.low), ("Upper", sensor.high))
    return [(side, value) for side, value in given if value is not None]


def _limits_within_reach(sensor: SensorCard, trace: Trace) -> list[tuple[str, float]]:
    low, high = trace.lowest[1], trace.highest[1]
    reach = _LIMIT_REACH * (high - low) or float("inf")
    return [(side, value) for side, value in _limits(sensor) if low - reach <= value <= high + reach]


def _where(limit: float, trace: Trace) -> str:
    return "above" if limit > trace.highest[1] else "below"


def _scale(trace: Trace, limits: Sequence[tuple[str, float]]) -> _Scale:
    values = [trace.lowest[1], trace.highest[1], *(value for _, value in limits)]
    low, high = min(values), max(values)
    margin = (high / 4 - low / 4) * (4 * _MARGIN) or max(abs(high) * _MARGIN, 0.5)
    start, end = to_micros(trace.start), to_micros(trace.end)
    if end - start < _SECOND:  # a single reading stands in the middle of two seconds
        start, end = start - _SECOND, end + _SECOND
    return _Scale(start, end, max(low - margin, -_LARGEST), min(high + margin, _LARGEST))


def _path(piece: Sequence[Point], scale: _Scale) -> str:
    """A line through the points; a point alone becomes a dot, which a round line cap makes of a line without length."""
    places = [f"{scale.x(micros)} {scale.y(value)}" for micros, value in piece]
    return f"M{'L'.join(places)}" if len(places) > 1 else f"M{places[0]}h0"


def _bands(excursions: Sequence[TracedExcursion], scale: _Scale) -> list[Band]:
    bands: list[Band] = []
    for excursion in excursions:
        left, right = scale.x(to_micros(excursion.start)), scale.x(to_micros(excursion.end))
        if right - left < _LEAST_WIDTH:
            left = min(left, RIGHT - _LEAST_WIDTH)
            right = left + _LEAST_WIDTH
        last = bands[-1] if bands else None
        if last is not None and last.side == excursion.side and left <= last.x + last.width:
            bands[-1] = Band(last.x, round(max(last.width, right - last.x), 1), last.side)
        else:
            bands.append(Band(left, round(right - left, 1), excursion.side))
    return bands


def _marks(excursions: Sequence[TracedExcursion], scale: _Scale) -> list[Mark]:
    """The extreme of each excursion; of those that would overlap, the one further out."""
    marks: list[Mark] = []
    for excursion in excursions:
        mark = Mark(scale.x(to_micros(excursion.extreme_at)), scale.y(excursion.extreme), excursion.side)
        if marks and marks[-1].side == mark.side and mark.x - marks[-1].x < _MARKS_APART:
            marks[-1] = min(marks[-1], mark, key=lambda one: one.y * one.side)
        else:
            marks.append(mark)
    return marks


def _values(scale: _Scale) -> list[Tick]:
    marks = scales.value_ticks(scale.low, scale.high, most=_MOST_VALUES)
    return [Tick(scale.y(value), label) for value, label in marks]


def _times(scale: _Scale) -> list[Tick]:
    start, end = from_micros(scale.start), from_micros(scale.end)
    marks = scales.time_ticks(start, end, most=_MOST_TIMES)
    return [Tick(scale.x(to_micros(at)), label, _anchor(scale, at)) for at, label in marks]


def _anchor(scale: _Scale, at: datetime) -> str:
    """Labels at the edges stay inside."""
    x = scale.x(to_micros(at))
    if x > RIGHT - 18:
        return "end"
    return "start" if x < LEFT - 18 else "middle"
