"""Running FoodFlow: everything at once, or one of its parts."""

import sys

import typer

from foodflow.settings import load_settings


def install(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(up)
    app.command()(web)
    app.command()(jobs)


def up() -> None:
    """Start the database, prepare it, and run web and jobs until Ctrl-C."""
    from foodflow import preparation, supervisor

    program = [sys.executable, "-m", "foodflow"]
    parts = {"web": [*program, "web"], "jobs": [*program, "jobs"]}
    raise typer.Exit(supervisor.run(load_settings(), preparation.prepare, parts))


def web() -> None:
    """Run the web process alone; the database must be there and prepared (`foodflow up` does both)."""
    from foodflow.web import serve

    serve(load_settings())


def jobs() -> None:
    """Run the job process alone: the relay of events and the queue of jobs."""
    import asyncio

    from foodflow import parts, worker

    settings = load_settings()
    parts.begin_part(settings)
    asyncio.run(worker.work(settings))
