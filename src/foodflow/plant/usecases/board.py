"""The board: every line with its state, its effectiveness and its sensors, in a number of statements that stays the
same however many there are.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.numerics import oee
from foodflow.numerics.epoch import to_micros
from foodflow.numerics.intervals import Interval, StateChange, intervals
from foodflow.plant.queries import board as queries
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.queries import sensors as sensor_queries
from foodflow.plant.rules import EARLIEST, LineNotFound
from foodflow.plant.tables import ProductionBatch, ProductionLine, Sensor
from foodflow.plant.usecases.lines import LineEffectiveness
from foodflow.plant.usecases.traces import Trace, trace_of

CHARTS = 24
"""How many sensors are drawn at once."""
MOST_READINGS = 2_000_000
"""How many readings all drawn sensors of one answer may have together; of more, the newest are drawn."""
QUIET = timedelta(hours=1)
"""A sensor whose latest reading is older than this is counted as quiet."""
EXCURSIONS = 12
"""How many of the latest excursions are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What somebody wants to see: effectiveness over the last `hours`, readings over `span` (None: all of them).

    `line` is a line's number, or a part of numbers and names; `page` counts from 1 through the sensors drawn.
    """

    hours: int = 8
    span: timedelta | None = timedelta(hours=24)
    line: str = ""
    outside_only: bool = False
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorCard:
    """A sensor with its latest reading (`breach` -1 below, 1 above the limits then in force, else 0) and its trace."""

    id: UUID
    code: str
    name: str
    unit: str
    low: float | None
    high: float | None
    latest_at: datetime | None
    latest: float | None
    breach: int
    trace: Trace | None


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """The batch in progress: items made, of how many."""

    number: str
    product_code: str
    product_name: str
    good: Decimal
    scrap: Decimal
    target: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCard:
    """A line over the window; `since` is when it entered its present state, `intervals` cover the whole window.

    `hidden` is how many of the wanted sensors are not among `sensors`, `hidden_outside` how many of those lie outside
    their limits.
    """

    id: UUID
    number: str
    name: str
    plant_name: str
    location: str
    state: str | None
    since: datetime | None
    reason: str | None
    batch: BatchProgress | None
    effectiveness: LineEffectiveness
    intervals: tuple[Interval, ...]
    sensors: tuple[SensorCard, ...]
    hidden: int
    hidden_outside: int


@dataclass(frozen=True, slots=True)
class ListedExcursion:
    """An excursion of one of the sensors drawn, with where it happened."""

    line_number: str
    sensor: SensorCard
    start: datetime
    end: datetime
    side: int
    extreme: float
    began_before: bool
    goes_on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All lines in service at a glance; `states` counts them by state (None: never recorded).

    `effectiveness` is that of their summed elements; `without_ideal_speed` are the numbers of the lines that made items
    for which no ideal speed is known. `shown` are the lines that the choice leads to.
    """

    shown: tuple[UUID, ...]
    states: Mapping[str | None, int]
    sensors: int
    outside: int
    quiet: int
    effectiveness: LineEffectiveness
    without_ideal_speed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything on the board; `found` is how many sensors the choice leads to, drawn on `pages` pages."""

    figures: Figures
    lines: tuple[LineCard, ...]
    excursions: tuple[ListedExcursion, ...]
    found: int
    pages: int


@dataclass(frozen=True, slots=True)
class _Selection:
    """What the choice leads to: its lines, the sensors drawn of each, and those left for other pages."""

    all_lines: Sequence[ProductionLine]
    all_sensors: Sequence[Sensor]
    lines: Sequence[ProductionLine]
    drawn: Mapping[UUID, Sequence[Sensor]]
    hidden: Mapping[UUID, Sequence[Sensor]]
    found: int


@dataclass(frozen=True, slots=True)
class _Times:
    """What is recorded of some lines over [start, end)."""

    start: datetime
    end: datetime
    changes: Mapping[UUID, list[StateChange]]
    elements: Mapping[UUID, oee.Elements]


async def board(session: AsyncSession, choice: Choice) -> Board:
    """The whole board of the lines in service."""
    selection = await _select(session, choice)
    times = await _times(session, selection.all_lines, choice)
    batches = await queries.batches_in_progress(session, [line.id for line in selection.lines])
    traces = await _traces(session, [s for drawn in selection.drawn.values() for s in drawn], choice)
    cards = tuple(_card(line, selection, times, batches.get(line.id), traces) for line in selection.lines)
    return Board(
        figures=_figures(selection, times),
        lines=cards,
        excursions=_latest_excursions(cards),
        found=selection.found,
        pages=max(1, -(-selection.found // CHARTS)),
    )


async def figures(session: AsyncSession, choice: Choice) -> Figures:
    """The figures of all lines in service, without looking at any reading."""
    selection = await _select(session, choice)
    return _figures(selection, await _times(session, selection.all_lines, choice))


async def line_card(session: AsyncSession, choice: Choice, line_id: UUID) -> LineCard:
    """One line as it stands on the board of the same choice; refuses a line that is not in service."""
    selection = await _select(session, choice)
    line = next((line for line in selection.all_lines if line.id == line_id), None)
    if line is None:
        raise LineNotFound(f"there is no line {line_id} in service")
    times = await _times(session, [line], choice)
    batches = await queries.batches_in_progress(session, [line.id])
    traces = await _traces(session, selection.drawn.get(line.id, ()), choice)
    return _card(line, selection, times, batches.get(line.id), traces)


async def _select(session: AsyncSession, choice: Choice) -> _Selection:
    lines = await line_queries.all_lines(session)
    sensors = await sensor_queries.sensors_of_lines(session, [line.id for line in lines])
    wanted = [sensor for sensor in sensors if sensor.last_breach or not choice.outside_only]
    with_any = {sensor.line_id for sensor in wanted}
    shown = [line for line in _named(lines, choice.line) if line.id in with_any or not choice.outside_only]
    ordered = list(_fairly(shown, wanted))
    first = CHARTS * (choice.page - 1)
    drawn_ids = {sensor.id for sensor in ordered[first : first + CHARTS]}
    drawn, hidden = defaultdict(list), defaultdict(list)
    for sensor in wanted:
        (drawn if sensor.id in drawn_ids else hidden)[sensor.line_id].append(sensor)
    return _Selection(lines, sensors, shown, drawn, hidden, len(ordered))


def _named(lines: Sequence[ProductionLine], wanted: str) -> Sequence[ProductionLine]:
    """The line of exactly this number; else those whose number or name has it in it."""
    sought = wanted.strip().casefold()
    exact = [line for line in lines if line.line_number.casefold() == sought]
    return exact or [line for line in lines if sought in f"{line.line_number}\n{line.name}".casefold()]


def _fairly(lines: Sequence[ProductionLine], sensors: Sequence[Sensor]) -> Iterator[Sensor]:
    """What is outside its limits first, then the first sensor of each line, then the second of each, and so on; those
    that never reported last.
    """
    place = {line.id: number for number, line in enumerate(lines)}
    rank: Counter[UUID] = Counter()
    keyed = []
    for sensor in sensors:
        if sensor.line_id in place:
            turn = (sensor.last_reading_time is None, not sensor.last_breach, rank[sensor.line_id])
            keyed.append((turn, place[sensor.line_id], sensor))
            rank[sensor.line_id] += 1
    return (sensor for *_, sensor in sorted(keyed, key=lambda entry: entry[:2]))


async def _times(session: AsyncSession, lines: Sequence[ProductionLine], choice: Choice) -> _Times:
    end = clock.now()
    start = end - timedelta(hours=choice.hours)
    ids = [line.id for line in lines]
    changes = await queries.state_changes_of(session, ids, start, end)
    made = await queries.amounts_of(session, ids, start, end)
    elements = {
        id: oee.elements_of(oee.line_time(changes.get(id, ()), start=start, end=end), made.get(id, ())) for id in ids
    }
    return _Times(start, end, changes, elements)


async def _traces(session: AsyncSession, sensors: Sequence[Sensor], choice: Choice) -> dict[UUID, Trace]:
    """The traces of sensors over the span up to each one's latest reading."""
    windows = []
    for sensor in sensors:
        if sensor.last_reading_time is not None:
            start = sensor.last_reading_time - choice.span if choice.span is not None else EARLIEST
            windows.append((sensor.key, start, sensor.last_reading_time))
    if not windows:
        return {}
    most = MOST_READINGS // len(windows)
    series = await queries.series_of(session, windows, most=most)
    found = [(sensor, series[sensor.key]) for sensor in sensors if sensor.key in series]
    begins = {key: start for key, start, _ in windows}

    def draw() -> dict[UUID, Trace]:
        return {
            sensor.id: trace_of(
                readings,
                start=to_micros(max(begins[sensor.key], sensor.first_reading_time or EARLIEST)),
                more_before=sensor.first_reading_time,
                cut=len(readings.times) == most,
            )
            for sensor, readings in found
            if len(readings.times)
        }

    # Off the event loop, because a long span of a fast sensor is hundreds of thousands of readings.
    return await asyncio.to_thread(draw)


def _figures(selection: _Selection, times: _Times) -> Figures:
    elements = oee.combine(times.elements.values())
    sensors = selection.all_sensors
    return Figures(
        shown=tuple(line.id for line in selection.lines),
        states=Counter(_present(times.changes.get(line.id, []))[0] for line in selection.all_lines),
        sensors=len(sensors),
        outside=sum(1 for sensor in sensors if sensor.last_breach),
        quiet=sum(1 for s in sensors if s.last_reading_time is None or s.last_reading_time < times.end - QUIET),
        effectiveness=LineEffectiveness(times.start, times.end, elements, oee.oee(elements)),
        without_ideal_speed=tuple(
            line.line_number for line in selection.all_lines if times.elements[line.id].unrated > 0
        ),
    )


def _present(changes: Sequence[StateChange]) -> tuple[str | None, datetime | None, str | None]:
    """The present state, since when (as far back as is known) and its latest reason."""
    if not changes:
        return None, None, None
    latest = changes[-1]
    since = latest.at
    for change in reversed(changes):
        if change.state != latest.state:
            break
        since = change.at
    return latest.state, since, latest.reason


def _card(
    line: ProductionLine,
    selection: _Selection,
    times: _Times,
    batch: ProductionBatch | None,
    traces: Mapping[UUID, Trace],
) -> LineCard:
    changes, elements = times.changes.get(line.id, []), times.elements[line.id]
    state, since, reason = _present(changes)
    hidden = selection.hidden.get(line.id, ())
    return LineCard(
        id=line.id,
        number=line.line_number,
        name=line.name,
        plant_name=line.plant_name,
        location=line.location,
        state=state,
        since=since,
        reason=reason,
        batch=_progress(batch) if batch is not None else None,
        effectiveness=LineEffectiveness(times.start, times.end, elements, oee.oee(elements)),
        intervals=tuple(intervals(changes, start=times.start, end=times.end)),
        sensors=tuple(_sensor(sensor, traces.get(sensor.id)) for sensor in selection.drawn.get(line.id, ())),
        hidden=len(hidden),
        hidden_outside=sum(1 for sensor in hidden if sensor.last_breach),
    )


def _progress(batch: ProductionBatch) -> BatchProgress:
    made = (batch.good_quantity, batch.scrap_quantity, batch.target_quantity)
    return BatchProgress(batch.batch_number, batch.product_code, batch.product_name, *made)


def _sensor(sensor: Sensor, trace: Trace | None) -> SensorCard:
    return SensorCard(
        id=sensor.id,
        code=sensor.sensor_code,
        name=sensor.name,
        unit=sensor.unit_of_measure,
        low=sensor.min_value,
        high=sensor.max_value,
        latest_at=sensor.last_reading_time,
        latest=sensor.last_reading_value,
        breach=sensor.last_breach,
        trace=trace,
    )


def _latest_excursions(cards: Sequence[LineCard]) -> tuple[ListedExcursion, ...]:
    found = [
        ListedExcursion(
            card.number, sensor, e.start, e.end, e.side, e.extreme, e.began_before, e.goes_on
        )
        for card in cards
        for sensor in card.sensors
        if sensor.trace is not None
        for e in sensor.trace.excursions[-EXCURSIONS:]
    ]
    return tuple(sorted(found, key=lambda listed: (listed.end, listed.start), reverse=True)[:EXCURSIONS])
