"""The large chart of one sensor as SVG geometry: lines or a band, limits, doubtful readings, and alarms on the axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from foodflow.console import scales, words
from foodflow.console.charts import Band, Tick
from foodflow.numerics.epoch import from_micros, to_micros
from foodflow.plant import public as plant

WIDTH, HEIGHT = 1000, 400
LEFT, RIGHT, TOP, BOTTOM = 84, 990, 14, 340
_MOST_TIMES, _MOST_VALUES = 6, 6
_LIMIT_REACH: Final = 3.0
"""A limit further from the readings than so many times their own range is named instead of drawn."""
_MARGIN: Final = 0.06
_LEAST_WIDTH: Final = 2.0
_EDGE: Final = 50


@dataclass(frozen=True, slots=True)
class Dot:
    """A place in the chart."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class LargeChart:
    """A sensor's past, ready to be drawn; `alarms` are places on the axis of time."""

    lines: tuple[str, ...]
    spreads: tuple[str, ...]
    bands: tuple[Band, ...]
    uncertain: tuple[Dot, ...]
    limits: tuple[Tick, ...]
    alarms: tuple[float, ...]
    values: tuple[Tick, ...]
    times: tuple[Tick, ...]
    beyond: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class _Scale:
    start: int
    end: int
    low: float
    high: float

    def x(self, micros: float) -> float:
        place = LEFT + (RIGHT - LEFT) * (micros - self.start) / (self.end - self.start)
        return round(min(max(place, LEFT), RIGHT), 1)

    def y(self, value: float) -> float:
        # Quarters, because the difference of two of the largest numbers is not a number.
        share = (value / 4 - self.low / 4) / (self.high / 4 - self.low / 4)
        return round(BOTTOM - (BOTTOM - TOP) * share, 1)


def large_chart(view: plant.SensorView) -> LargeChart:
    """The chart of a sensor that has at least one reading to draw."""
    drawn = view.drawn
    low, high = _extent(drawn)
    reach = _LIMIT_REACH * (high - low) or float("inf")
    limits = [(side, value) for side, value in _limits(view) if low - reach <= value <= high + reach]
    scale = _scale(drawn, [low, high, *(value for _, value in limits)])
    raised = plant.raised_within(view.alarms, drawn.start, drawn.end)
    values = scales.value_ticks(scale.low, scale.high, most=_MOST_VALUES)
    times = scales.time_ticks(drawn.start, drawn.end, most=_MOST_TIMES)
    return LargeChart(
        lines=tuple(_path([(scale.x(at), scale.y(value)) for at, value in piece]) for piece in drawn.pieces),
        spreads=tuple(_area(piece, scale) for piece in drawn.spread),
        bands=tuple(_bands(drawn.outside, scale)),
        uncertain=tuple(Dot(scale.x(at), scale.y(value)) for at, value in drawn.uncertain),
        limits=tuple(Tick(scale.y(value), f"{side} limit {words.number(value)}") for side, value in limits),
        alarms=tuple(scale.x(at) for at in raised),
        values=tuple(Tick(scale.y(value), label) for value, label in values),
        times=tuple(_time(scale.x(to_micros(at)), label) for at, label in times),
        beyond=tuple(
            f"{side} limit {words.with_unit(value, view.card.unit)} lies {_where(value, high)} this chart"
            for side, value in _limits(view)
            if (side, value) not in limits
        ),
        description=_describe(view, low, high, alarms=len(raised)),
    )


def _time(x: float, label: str) -> Tick:
    """Labels at the edge stay inside."""
    return Tick(x, label, "end" if x > RIGHT - _EDGE else "middle")


def _where(limit: float, highest: float) -> str:
    return "above" if limit > highest else "below"


def _limits(view: plant.SensorView) -> list[tuple[str, float]]:
    given = (("Lower", view.card.low), ("Upper", view.card.high))
    return [(side, value) for side, value in given if value is not None]


def _extent(drawn: plant.Drawn) -> tuple[float, float]:
    lowest = [low for piece in drawn.spread for _, low, _ in piece]
    highest = [high for piece in drawn.spread for _, _, high in piece]
    values = [value for piece in drawn.pieces for _, value in piece]
    return min(values + lowest), max(values + highest)


def _scale(drawn: plant.Drawn, values: Sequence[float]) -> _Scale:
    low, high = min(values), max(values)
    margin = (high / 4 - low / 4) * (4 * _MARGIN) or max(abs(high) * _MARGIN, 0.5)
    largest = 1.7e308
    return _Scale(
        to_micros(drawn.start), to_micros(drawn.end), max(low - margin, -largest), min(high + margin, largest)
    )


def _path(places: Sequence[tuple[float, float]]) -> str:
    told = [f"{x} {y}" for x, y in places]
    return f"M{'L'.join(told)}" if len(told) > 1 else f"M{told[0]}h0"


def _area(piece: Sequence[plant.Spread], scale: _Scale) -> str:
    above = [(scale.x(at), scale.y(high)) for at, _, high in piece]
    below = [(scale.x(at), scale.y(low)) for at, low, _ in reversed(piece)]
    return f"{_path([*above, *below])}Z" if len(piece) > 1 else f"M{above[0][0]} {above[0][1]}V{below[0][1]}"


def _bands(outside: Sequence[tuple[int, int, int]], scale: _Scale) -> list[Band]:
    bands: list[Band] = []
    for start, end, side in outside:
        left = scale.x(start)
        width = max(scale.x(end) - left, _LEAST_WIDTH)
        last = bands[-1] if bands else None
        if last is not None and last.side == side and left <= last.x + last.width:
            bands[-1] = Band(last.x, round(max(last.width, left + width - last.x), 1), side)
        else:
            bands.append(Band(left, round(width, 1), side))
    return bands


def _describe(view: plant.SensorView, low: float, high: float, *, alarms: int) -> str:
    drawn, unit = view.drawn, view.card.unit
    first, last = drawn.pieces[0][0][0], drawn.pieces[-1][-1][0]
    told = [
        f"{drawn.readings:,} readings from {words.moment(from_micros(first))} to {words.moment(from_micros(last))}.",
        f"Lowest {words.with_unit(low, unit)}, highest {words.with_unit(high, unit)}.",
        *(f"{side} limit {words.with_unit(value, unit)}." for side, value in _limits(view)),
    ]
    if alarms:
        told.append(f"{alarms} alarm{'' if alarms == 1 else 's'} raised.")
    return " ".join(told)
