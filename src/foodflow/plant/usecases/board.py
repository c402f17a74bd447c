"""The board: every line with its state, its effectiveness and its sensors, in a number of statements that stays the
same however many there are.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.numerics import oee
from foodflow.plant.queries import board as queries
from foodflow.plant.queries import readings as reading_queries
from foodflow.plant.queries.readings import Series, Window
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
from foodflow.plant.usecases.selection import CHARTS, Choice, Selection, select
from foodflow.plant.usecases.traces import Trace, trace_of

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
    changes = await queries.state_changes_of(session, ids, start, end)
    made = await queries.amounts_of(session, ids, start, end)
    elements = {
        id: oee.elements_of(oee.line_time(changes.get(id, ()), start=start, end=end), made.get(id, ())) for id in ids
    }
    return LineTimes(start, end, changes, elements)


async def _traces(session: AsyncSession, sensors: Sequence[Sensor], span: timedelta | None) -> Mapping[UUID, Trace]:
    """The traces of sensors over the span up to each one's latest reading."""
    windows = [
        (sensor.key, sensor.last_reading_time - span if span is not None else EARLIEST, sensor.last_reading_time)
        for sensor in sensors
        if sensor.last_reading_time is not None
    ]
    if not windows:
        return {}
    most = MOST_READINGS // len(windows)
    series = await reading_queries.series_of(session, windows, most=most)
    # Off the event loop, because a long span of a fast sensor is hundreds of thousands of readings.
    return await asyncio.to_thread(_drawn, sensors, windows, series, most)


def _drawn(
    sensors: Sequence[Sensor], windows: Sequence[Window], series: Mapping[int, Series], most: int
) -> dict[UUID, Trace]:
    starts = {key: start for key, start, _ in windows}
    traces = {}
    for sensor in sensors:
        if sensor.key not in series:
            continue
        readings, cut = series[sensor.key].usable, len(series[sensor.key].times) == most
        if len(readings.times):
            start, begins = starts[sensor.key], sensor.first_reading_time or starts[sensor.key]
            traces[sensor.id] = trace_of(readings, start=start, begins=begins, cut=cut)
    return traces
