"""Replaying recorded readings: stored step by step at the pace (or many times the pace) at which they were measured."""

import asyncio
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.numerics.delimited.results import Readings
from foodflow.plant.usecases import imports, lines
from foodflow.plant.usecases.imports import NewSensors, Read

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
    done = 0
    for part in steps(text.readings, round(speed * STEP_SECONDS * 1_000_000)):
        if part:
            step = Read(text.layout, text.report, part)
            async with tenant_transaction(database, actor) as session:
                line = await lines.find_or_create(session, actor, line_number)
                result = await imports.store(session, actor, line, step, new=new)
            done += step.rows
            tell(f"{done} of {text.rows} readings, {result.outside_limits} of the last {step.rows} outside limits")
        await asyncio.sleep(STEP_SECONDS)


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
