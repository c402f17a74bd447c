"""Replaying recorded readings: stored step by step at the pace (or many times the pace) at which they were measured."""

import asyncio
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.numerics.delimited.results import Readings
from foodflow.plant.usecases import imports, lines
from foodflow.plant.usecases.imports import Imported, NewSensors, Read

STEP_SECONDS = 0.5


async def replay(  # noqa: PLR0913 - one replay
    database: Database,
    actor: Actor,
    line_number: str,
    text: Read,
    *,
    new: NewSensors,
    speed: float,
    tell: Callable[[str], None],
) -> None:
    """Store a text in order of time, each step in a transaction of its own; begun again, it harms nothing."""
    imports.require_storable(text, new)
    async with tenant_transaction(database, actor) as session:  # all sensors first: no step is refused for one of them
        line = await lines.find_or_create(session, actor, line_number)
        await imports.sensors_of(session, actor, line, list(text.readings), new=new, created=[])
    done = 0
    for part in steps(text.readings, round(speed * STEP_SECONDS * 1_000_000)):
        if part:
            step = Read(text.layout, text.report, part)
            async with tenant_transaction(database, actor) as session:
                result = await imports.store(session, actor, line, step, new=new)
            done += step.rows
            tell(_progress(done, text.rows, step.rows, result))
        await asyncio.sleep(STEP_SECONDS)


def _progress(done: int, rows: int, step: int, result: Imported) -> str:
    left_out = f", {len(result.conflicting)} left out for another value" if result.conflicting else ""
    return f"{done} of {rows} readings, {result.outside_limits} of the last {step} outside limits{left_out}"


def steps(readings: Mapping[str, Readings], microseconds: int) -> Iterator[dict[str, Readings]]:
    """The readings of each column, cut into stretches of so many microseconds; empty ones included."""
    ordered = {column: _in_order(each) for column, each in readings.items() if len(each)}
    if not ordered:
        return
    begin = min(int(each.times[0]) for each in ordered.values())
    end = max(int(each.times[-1]) for each in ordered.values())
    for start in range(begin, end + 1, max(1, microseconds)):
        cut = {column: _between(each, start, start + max(1, microseconds)) for column, each in ordered.items()}
        yield {column: each for column, each in cut.items() if len(each)}


def _in_order(readings: Readings) -> Readings:
    order = np.argsort(readings.times, kind="stable")
    return Readings(readings.lines[order], readings.times[order], readings.values[order])


def _between(readings: Readings, start: int, end: int) -> Readings:
    first, last = np.searchsorted(readings.times, [start, end])
    return Readings(readings.lines[first:last], readings.times[first:last], readings.values[first:last])
