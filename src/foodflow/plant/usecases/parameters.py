"""Deeds on set points and actuals: writing a batch's recipe, noting down values, and holding one against the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypedDict
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.preconditions import require_match
from foodflow.numerics.epoch import to_micros
from foodflow.numerics.held_values import Held, held, plain
from foodflow.numerics.status_codes import are_bad
from foodflow.plant.queries import batches as batch_queries
from foodflow.plant.queries import parameters as queries
from foodflow.plant.queries import readings as reading_queries
from foodflow.plant.queries import sensors as sensor_queries
from foodflow.plant.rules.batches import (
    FINAL,
    BatchStatus,
    require_after_start,
    require_changeable,
    require_started,
)
from foodflow.plant.rules.counts import require_may_correct
from foodflow.plant.rules.parameters import (
    deviates,
    require_distinct,
    require_limits,
    require_typed,
    require_unrecorded,
)
from foodflow.plant.rules.sensors import SensorOfOtherLine
from foodflow.plant.rules.shared import require_recordable
from foodflow.plant.tables.batches import ProductionBatch
from foodflow.plant.tables.parameters import BatchActual, BatchParameter

MOST_READINGS: Final = 500_000
"""Readings that the actual of one parameter is made of; of more, none is made."""

Span = tuple[datetime, datetime]


class SetPoint(TypedDict):
    """A parameter as a recipe says it."""

    code: str
    name: str
    unit: str
    set_point: float | None
    low: float | None
    high: float | None
    sensor_id: UUID | None


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A parameter with its actual, whether it deviates (None: nobody knows), and the values that were noted down.

    `too_many`: the sensor has more readings in that time than an actual is made of.
    """

    parameter: BatchParameter
    actual: Held
    deviates: bool | None
    noted: Sequence[BatchActual]
    too_many: bool = False

    @property
    def is_exception(self) -> bool:
        """Whether somebody has to look at it: it deviates, or has no actual to be held against."""
        return self.deviates is True or self.actual.readings == 0


async def write_recipe(
    session: AsyncSession, actor: Actor, batch_id: UUID, wanted: Sequence[SetPoint]
) -> list[Reviewed]:
    """Write the whole recipe of a batch that is not over: what is not named any more is removed, unless actuals are
    recorded for it.
    """
    require_distinct(each["code"] for each in wanted)
    batch = await batch_queries.batch_for_update(session, actor, batch_id)
    require_match(session, batch)
    require_changeable(batch.status, number=batch.batch_number)
    known = {each.code: each for each in await queries.parameters(session, batch.id)}
    left_out = known.keys() - {each["code"] for each in wanted}
    noted = await queries.actuals(session, batch.id)
    require_unrecorded({code for code in left_out if known[code].id in noted})
    for code in left_out:
        await session.delete(known[code])
    for place, each in enumerate(wanted):
        require_limits(place, each["low"], each["high"])
        await _require_sensor_of(session, actor, batch, each["sensor_id"])
        parameter = known.get(each["code"]) or BatchParameter(id=clock.new_id(), batch_id=batch.id, code=each["code"])
        parameter.name, parameter.unit, parameter.sensor_id = each["name"], each["unit"], each["sensor_id"]
        parameter.set_point, parameter.low, parameter.high = each["set_point"], each["low"], each["high"]
        session.add(parameter)
    batch.updated_at = clock.now()
    audit.record(session, actor, "batch.recipe_written", batch.id, parameters=[dict(each) for each in wanted])
    await session.flush()
    return await review(session, actor, batch_id)


async def note_actual(  # noqa: PLR0913 - which value, of what, when
    session: AsyncSession,
    actor: Actor,
    batch_id: UUID,
    *,
    code: str,
    value: float,
    at: datetime | None,
    note: str,
) -> BatchActual:
    """Note down the value of a parameter at a moment (now) of the batch; when that is over, only those who may correct
    it do so.
    """
    batch = await batch_queries.batch_for_update(session, actor, batch_id)
    require_started(batch.status, batch.actual_start_time, number=batch.batch_number)
    if batch.status in FINAL:
        require_may_correct(actor, number=batch.batch_number)
    parameter = await queries.parameter(session, batch, code)
    require_typed(has_sensor=parameter.sensor_id is not None, code=code)
    now = clock.now()
    moment = at or now
    require_recordable(moment, now)
    require_after_start(moment, batch.actual_start_time, number=batch.batch_number)
    actual = BatchActual(id=clock.new_id(), parameter_id=parameter.id, at=moment, value=value, note=note)
    actual.recorded_by, actual.recorded_at = actor.id, now
    session.add(actual)
    audit.record(session, actor, "batch.actual_noted", batch.id, code=code, value=value, at=moment.isoformat())
    return actual


async def review(session: AsyncSession, actor: Actor, batch_id: UUID) -> list[Reviewed]:
    """A batch's parameters with their actuals: of a sensor's readings while the batch was in progress, or of the values
    that were noted down.
    """
    batch = await batch_queries.batch(session, actor, batch_id)
    noted = await queries.actuals(session, batch.id)
    spans = await time_in_progress(session, batch)
    found = []
    for parameter in await queries.parameters(session, batch.id):
        values = noted.get(parameter.id, [])
        if parameter.sensor_id is None:
            actual = plain([each.value for each in values], low=parameter.low, high=parameter.high)
            too_many = False
        else:
            actual, too_many = await _measured(session, actor, parameter, sensor_id=parameter.sensor_id, spans=spans)
        held_against = {"set_point": parameter.set_point, "low": parameter.low, "high": parameter.high}
        beyond = deviates(**held_against, least=actual.least, greatest=actual.greatest)
        found.append(Reviewed(parameter, actual, beyond, values, too_many))
    return found


async def deviations(session: AsyncSession, actor: Actor, batch_id: UUID) -> list[Reviewed]:
    """What somebody has to look at before a batch is let go (review by exception)."""
    return [each for each in await review(session, actor, batch_id) if each.is_exception]


async def time_in_progress(session: AsyncSession, batch: ProductionBatch) -> list[Span]:
    """When a batch was in progress, in order; what lasts, lasts until now."""
    return await _spans(session, batch, BatchStatus.IN_PROGRESS)


async def time_on_hold(session: AsyncSession, batch: ProductionBatch) -> list[Span]:
    """When a batch was on hold, in order; what lasts, lasts until now."""
    return await _spans(session, batch, BatchStatus.ON_HOLD)


async def _spans(session: AsyncSession, batch: ProductionBatch, status: BatchStatus) -> list[Span]:
    moves = await batch_queries.moves(session, batch.id)
    ends = [move.at for move in moves[1:]] + [clock.now()]
    spans = [(move.at, end) for move, end in zip(moves, ends, strict=False) if move.to_status == status]
    return [(start, end) for start, end in spans if end > start]


async def _measured(
    session: AsyncSession, actor: Actor, parameter: BatchParameter, *, sensor_id: UUID, spans: Sequence[Span]
) -> tuple[Held, bool]:
    """What a sensor measured while the batch was in progress, and whether that is too much to look at."""
    nothing = plain([])
    if not spans:
        return nothing, False
    sensor = await sensor_queries.sensor(session, actor, sensor_id)
    start, end = spans[0][0], spans[-1][1]
    if await reading_queries.certain_count(session, sensor.key, start, end) > MOST_READINGS:
        return nothing, True
    series = await reading_queries.series(session, sensor.key, start, end)
    usable = ~are_bad(series.statuses)
    micros = [(to_micros(first), to_micros(last)) for first, last in spans]
    found = held(series.times[usable], series.values[usable], micros, low=parameter.low, high=parameter.high)
    return found, False


async def _require_sensor_of(
    session: AsyncSession, actor: Actor, batch: ProductionBatch, sensor_id: UUID | None
) -> None:
    if sensor_id is None:
        return
    sensor = await sensor_queries.sensor(session, actor, sensor_id)
    if sensor.line_id != batch.line_id:
        raise SensorOfOtherLine(f"sensor {sensor.sensor_code} belongs to another line than batch {batch.batch_number}")
