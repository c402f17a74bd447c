"""What stands on the board: figures of all lines, a card for each line with its sensors, and the latest excursions."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from foodflow.numerics import oee
from foodflow.numerics.intervals import UNRECORDED, Interval, StateChange
from foodflow.plant.rules.batches import BatchStatus
from foodflow.plant.tables.batches import ProductionBatch
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.tables.sensors import Sensor
from foodflow.plant.usecases.effectiveness import LineEffectiveness
from foodflow.plant.usecases.selection import Selection
from foodflow.plant.usecases.traces import Trace, TracedExcursion

QUIET = timedelta(hours=1)
"""A sensor whose latest reading is older than this is counted as quiet."""
MOST_EXCURSIONS, MOST_OF_ONE = 12, 3
"""How many of the latest excursions are listed, and how many of one sensor, lest a restless one hides the others."""


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
    """The batch that has the line, in progress or held: items made, of how many."""

    number: str
    product_code: str
    product_name: str
    good: Decimal
    scrap: Decimal
    target: Decimal
    rework: Decimal = Decimal(0)
    is_held: bool = False


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
    """An excursion and where it happened."""

    line_number: str
    sensor: SensorCard
    excursion: TracedExcursion


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


@dataclass(frozen=True, slots=True)
class LineTimes:
    """What is recorded of some lines over [start, end)."""

    start: datetime
    end: datetime
    intervals: Mapping[UUID, Sequence[Interval]]
    holding: Mapping[UUID, StateChange]
    elements: Mapping[UUID, oee.Elements]


def figures_of(selection: Selection, times: LineTimes) -> Figures:
    """The figures of all lines in service."""
    elements = oee.combine(times.elements.values())
    lines, sensors = selection.all_lines, selection.all_sensors
    return Figures(
        shown=tuple(line.id for line in selection.lines),
        states=Counter(_present(times, line.id)[0] for line in lines),
        sensors=len(sensors),
        outside=sum(1 for sensor in sensors if sensor.last_breach),
        quiet=sum(1 for s in sensors if s.last_reading_time is None or s.last_reading_time < times.end - QUIET),
        effectiveness=LineEffectiveness(times.start, times.end, elements, oee.oee(elements)),
        without_ideal_speed=tuple(line.line_number for line in lines if times.elements[line.id].unrated > 0),
    )


def card_of(
    line: ProductionLine,
    batch: ProductionBatch | None,
    *,
    selection: Selection,
    times: LineTimes,
    traces: Mapping[UUID, Trace],
) -> LineCard:
    """The card of a line."""
    parts, elements = times.intervals[line.id], times.elements[line.id]
    state, since, reason = _present(times, line.id)
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
        intervals=tuple(parts),
        sensors=tuple(sensor_card(sensor, traces.get(sensor.id)) for sensor in selection.drawn.get(line.id, ())),
        hidden=len(hidden),
        hidden_outside=sum(1 for sensor in hidden if sensor.last_breach),
    )


def latest_excursions(cards: Sequence[LineCard]) -> tuple[ListedExcursion, ...]:
    """The latest excursions of the sensors drawn, newest first."""
    found = [
        ListedExcursion(card.number, sensor, excursion)
        for card in cards
        for sensor in card.sensors
        if sensor.trace is not None
        for excursion in sensor.trace.excursions[-MOST_OF_ONE:]
    ]
    newest_first = sorted(found, key=lambda one: (one.excursion.end, one.excursion.start), reverse=True)
    return tuple(newest_first[:MOST_EXCURSIONS])


def _present(times: LineTimes, line_id: UUID) -> tuple[str | None, datetime | None, str | None]:
    """The present state (None: nobody knows), since when (as far back as is known) and its latest reason."""
    parts, holding = times.intervals[line_id], times.holding.get(line_id)
    latest = parts[-1]
    if latest.state == UNRECORDED:
        return None, None, None
    before = next((part for part in reversed(parts) if part.state != latest.state), None)
    since = before.end if before is not None else parts[0].start
    if before is None and holding is not None and holding.state == latest.state:
        since = holding.at
    return latest.state, since, latest.reason


def _progress(batch: ProductionBatch) -> BatchProgress:
    made = (batch.good_quantity, batch.scrap_quantity, batch.target_quantity)
    is_held = batch.status == BatchStatus.ON_HOLD
    return BatchProgress(
        batch.batch_number,
        batch.product_code,
        batch.product_name,
        *made,
        rework=batch.rework_quantity,
        is_held=is_held,
    )


def sensor_card(sensor: Sensor, trace: Trace | None) -> SensorCard:
    """A sensor with its latest reading."""
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
