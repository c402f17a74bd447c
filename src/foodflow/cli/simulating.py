"""A simulated plant, for those who want to see everything move before their own data is in."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated

import typer

from foodflow.cli.databases import company_of, with_database
from foodflow.cli.progress import bar_of
from foodflow.kernel import clock
from foodflow.kernel.actor import Actor, system_actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.numerics.plant_simulation.equipment import ROUND_THE_CLOCK, TWO_SHIFTS
from foodflow.numerics.plant_simulation.plant import Plant
from foodflow.plant.usecases import simulation
from foodflow.plant.usecases.simulation import Cast

_STEP_SECONDS = 2.0


def install(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(simulate)


def simulate(
    company: Annotated[str, typer.Option(help="Company to fill; the default one if left out")] = "",
    hours: Annotated[float, typer.Option(min=0, max=24 * 28, help="How much of the past to make up first")] = 10,
    seed: Annotated[int, typer.Option(help="The same seed makes the same plant")] = 7,
    *,
    history_only: Annotated[bool, typer.Option("--history-only", help="Stop when the past is made up")] = False,
) -> None:
    """Run a believable plant: three lines with shifts, stops, scrap, drifting and failing sensors. Ctrl-C stops it.

    Its lines carry the words "Simulated plant", so that nobody takes them for real ones.
    """

    async def work(database: Database) -> None:
        tenant = company_of(database, company)
        await _run(database, system_actor(tenant, "simulation"), hours, seed, history_only=history_only)

    with_database(work)


async def _run(database: Database, actor: Actor, hours: float, seed: int, *, history_only: bool) -> None:
    now = clock.now()
    async with tenant_transaction(database, actor) as session:
        cast = await simulation.set_up(session, actor, run=f"{now:%H%M%S}")
    on_shift = TWO_SHIFTS.are_on(now)
    if not on_shift:
        typer.echo("It is outside the plant's two shifts (weekdays 6 to 22 UTC), so today it works around the clock")
    start = simulation.starting_point(now, hours, cast.since)
    plant = Plant(seed, start, shifts=TWO_SHIFTS if on_shift else ROUND_THE_CLOCK)
    await _make_up_the_past(database, actor, cast, plant, now=now)
    if not history_only:
        typer.echo("The plant is running; Ctrl-C stops it")
        await _go_on(database, actor, cast, plant)


async def _make_up_the_past(database: Database, actor: Actor, cast: Cast, plant: Plant, *, now: datetime) -> None:
    with bar_of() as bar:
        task = bar.add_task("Making up the past", total=max(0.0, (now - plant.now).total_seconds()))
        while plant.now < now:
            before = plant.now
            events = plant.advance(min(now, before + timedelta(hours=1)))
            async with tenant_transaction(database, actor) as session:
                await simulation.play(session, actor, cast, events)
            bar.advance(task, (plant.now - before).total_seconds())
    if plant.start < now:
        typer.echo(f"The past since {plant.start:%Y-%m-%d %H:%M} UTC is made up")


async def _go_on(database: Database, actor: Actor, cast: Cast, plant: Plant) -> None:
    while True:
        await asyncio.sleep(_STEP_SECONDS)
        now = clock.now()
        if now <= plant.now:
            continue
        events = plant.advance(now)
        async with tenant_transaction(database, actor) as session:
            await simulation.play(session, actor, cast, events)
