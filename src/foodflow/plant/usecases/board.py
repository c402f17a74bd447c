"""The board: every line with its state, its effectiveness and its sensors, in a number of statements that stays the
same however many there are.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.numerics import oee
from foodflow.plant.queries import board as queries
from foodflow.plant.queries import readings as reading_queries
from foodflow.plant.queries.readings import Series
from foodflow.plant.rules.lines import LineNotFound
from foodflow.plant.rules.shared import EARLIEST
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.usecases.cards import (
    Figures,
    LineCard,
    LineTimes,
    ListedExcursion,
    card_of,
    figures_of,
    latest_excursions,
)
from foodflow.plant.usecases.overviews import Overview, overviews_of
from foodflow.plant.usecases.selection import CHARTS, Choice, Selection, select
from foodflow.plant.usecases.states import line_times
from foodflow.plant.usecases.traces import Trace, trace_of, trace_of_rollups

MOST_READINGS = 2_400_000
"""How many readings all sensors drawn in one answer may have together; of more, the newest of each are drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything on the board; `found` is how many sensors the choice leads to, drawn on `pages` pages."""

    figures: Figures
    lines: tuple[LineCard, ...]
    excursions: tuple[ListedExcursion, ...]
    found: int
    pages: int


async def board(session: AsyncSession, actor: Actor, choice: Choice) -> Board:
    """The board of the lines in service at the actor's sites."""
    selection = await select(session, actor, choice)
    times = await _times(session, selection.all_lines, choice)
    cards = await _cards(session, selection.lines, selection=selection, times=times, span=choice.span)
    return Board(
        figures=figures_of(selection, times),
        lines=cards,
        excursions=latest_excursions(cards),
        found=selection.found,
        pages=max(1, -(-selection.found // CHARTS)),
    )


async def figures(session: AsyncSession, actor: Actor, choice: Choice) -> Figures:
    """The figures of all lines in service at the actor's sites, without looking at any reading."""
    selection = await select(session, actor, choice)
    return figures_of(selection, await _times(session, selection.all_lines, choice))


async def line_card(session: AsyncSession, actor: Actor, choice: Choice, line_id: UUID) -> LineCard:
    """One line as it stands on the board of the same choice; refuses a line that is not in service."""
    selection = await select(session, actor, choice)
    lines = [line for line in selection.all_lines if line.id == line_id]
    if not lines:
        raise LineNotFound(f"there is no line {line_id} in service")
    times = await _times(session, lines, choice)
    (card,) = await _cards(session, lines, selection=selection, times=times, span=choice.span)
    return card


async def _cards(
    session: AsyncSession,
    lines: Sequence[ProductionLine],
    *,
    selection: Selection,
    times: LineTimes,
    span: timedelta | None,
) -> tuple[LineCard, ...]:
    batches = await queries.batches_in_progress(session, [line.id for line in lines])
    drawn = [sensor for line in lines for sensor in selection.drawn.get(line.id, ())]
    traces = await _traces(session, drawn, span)
    return tuple(card_of(line, batches.get(line.id), selection=selection, times=times, traces=traces) for line in lines)


async def _times(session: AsyncSession, lines: Sequence[ProductionLine], choice: Choice) -> LineTimes:
    end = clock.now()
    start = end - timedelta(hours=choice.hours)
    ids = [line.id for line in lines]
    recorded = await line_times(session, lines, start, end)
    parts = recorded.intervals
    made = await queries.amounts_of(session, ids, start, end)
    elements = {id: oee.elements_of(oee.time_of(parts[id]), made.get(id, ())) for id in ids}
    return LineTimes(start, end, parts, recorded.holding, elements)


async def _traces(session: AsyncSession, sensors: Sequence[Sensor], span: timedelta | None) -> Mapping[UUID, Trace]:
    """The traces of sensors over the span up to each one's latest reading."""
    windows = [
        (sensor.key, sensor.last_reading_time - span if span is not None else EARLIEST, sensor.last_reading_time)
        for sensor in sensors
        if sensor.last_reading_time is not None
    ]
    if not windows:
        return {}
    overviews = await overviews_of(session, windows)
    rest = [window for window in windows if window[0] not in overviews]
    most = MOST_READINGS // len(windows)
    series = await reading_queries.series_of(session, rest, most=most) if rest else {}
    # Off the event loop, because a long span of a fast sensor is hundreds of thousands of readings.
    return await asyncio.to_thread(
        _drawn, sensors, _Past({key: start for key, start, _ in windows}, overviews, series, most)
    )


@dataclass(frozen=True, slots=True)
class _Past:
    """What sensors are drawn from, by their keys, each from `starts` on: overviews, or the newest `most` readings."""

    starts: Mapping[int, datetime]
    overviews: Mapping[int, Overview]
    series: Mapping[int, Series]
    most: int


def _drawn(sensors: Sequence[Sensor], past: _Past) -> dict[UUID, Trace]:
    traces = {}
    for sensor in sensors:
        if sensor.key in past.overviews:
            overview, span = past.overviews[sensor.key], _span_of(sensor, past)
            traces[sensor.id] = trace_of_rollups(
                overview.rollups, width=overview.width, last_breach=sensor.last_breach, **span
            )
        elif sensor.key in past.series:
            found = past.series[sensor.key]
            readings, cut = found.usable, len(found.times) == past.most
            if len(readings.times):
                traces[sensor.id] = trace_of(readings, cut=cut, **_span_of(sensor, past))
    return traces


def _span_of(sensor: Sensor, past: _Past) -> dict[str, datetime]:
    start = past.starts[sensor.key]
    return {"start": start, "begins": sensor.first_reading_time or start}
