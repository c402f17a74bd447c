"""What somebody wants to see on the board, and which lines and sensors that leads to."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.queries import sensors as sensor_queries
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.tables.sensors import Sensor

CHARTS = 24
"""How many sensors are drawn at once."""


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


@dataclass(frozen=True, slots=True)
class Selection:
    """What a choice leads to: the lines shown, the sensors drawn of each, and those left for other pages.

    `found` is how many sensors the choice leads to; `all_lines` and `all_sensors` are those in service, chosen or not.
    """

    all_lines: Sequence[ProductionLine]
    all_sensors: Sequence[Sensor]
    lines: Sequence[ProductionLine]
    drawn: Mapping[UUID, Sequence[Sensor]]
    hidden: Mapping[UUID, Sequence[Sensor]]
    found: int


async def select(session: AsyncSession, actor: Actor, choice: Choice) -> Selection:
    """Choose among the lines and sensors in service at the actor's sites."""
    lines = await line_queries.all_lines(session, actor)
    sensors = await sensor_queries.sensors_of_lines(session, [line.id for line in lines])
    wanted = [sensor for sensor in sensors if sensor.last_breach or not choice.outside_only]
    with_any = {sensor.line_id for sensor in wanted}
    shown = [line for line in _named(lines, choice.line) if line.id in with_any or not choice.outside_only]
    ordered = _fairly(shown, wanted)
    first = CHARTS * (choice.page - 1)
    on_page = {sensor.id for sensor in ordered[first : first + CHARTS]}
    drawn: defaultdict[UUID, list[Sensor]] = defaultdict(list)
    hidden: defaultdict[UUID, list[Sensor]] = defaultdict(list)
    for sensor in wanted:
        (drawn if sensor.id in on_page else hidden)[sensor.line_id].append(sensor)
    return Selection(lines, sensors, shown, drawn, hidden, len(ordered))


def _named(lines: Sequence[ProductionLine], wanted: str) -> Sequence[ProductionLine]:
    """The line of exactly this number; else those whose number or name has it in it."""
    sought = wanted.strip().casefold()
    exact = [line for line in lines if line.line_number.casefold() == sought]
    return exact or [line for line in lines if sought in f"{line.line_number}\n{line.name}".casefold()]


def _fairly(lines: Sequence[ProductionLine], sensors: Sequence[Sensor]) -> list[Sensor]:
    """What is outside its limits first, then the first sensor of each line, then the second of each, and so on; those
    that never reported last.
    """
    place = {line.id: number for number, line in enumerate(lines)}
    turns = _turns([sensor for sensor in sensors if sensor.line_id in place])
    return [sensor for turn, sensor in sorted(turns, key=lambda pair: (*pair[0], place[pair[1].line_id]))]


def _turns(sensors: Sequence[Sensor]) -> Iterator[tuple[tuple[bool, bool, int], Sensor]]:
    rank: Counter[UUID] = Counter()
    for sensor in sensors:
        yield (sensor.last_reading_time is None, not sensor.last_breach, rank[sensor.line_id]), sensor
        rank[sensor.line_id] += 1
