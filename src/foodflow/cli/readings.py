"""Bringing sensor readings in from files."""

from datetime import tzinfo
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.progress import open as open_with_progress

from foodflow.cli.databases import company_of, with_database
from foodflow.cli.progress import CONSOLE, bar_of
from foodflow.kernel.actor import Actor, system_actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.numerics.delimited.layout import Choices
from foodflow.plant.usecases import imports, lines, replaying
from foodflow.plant.usecases.imports import Imported, NewSensors, Read

_SHOWN = 20


def install(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(ingest)


def ingest(  # noqa: PLR0913 - the options of one command
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="Delimited text (CSV)")],
    line: Annotated[str, typer.Option(help="Number of the line that the sensors belong to; it is made if need be")],
    sensor: Annotated[str, typer.Option(help="Code of the sensor, for a file with one column of values")] = "",
    *,
    company: Annotated[str, typer.Option(help="Company; the default one if left out")] = "",
    separator: Annotated[str, typer.Option(help="Between columns; detected if left out")] = "",
    time_column: Annotated[str, typer.Option(help="Column of the times; detected if left out")] = "",
    clock_column: Annotated[
        str, typer.Option(help="Column of the times of day, where that of the times has dates")
    ] = "",
    time_format: Annotated[str, typer.Option(help="strptime pattern of the times; detected if left out")] = "",
    time_zone: Annotated[str, typer.Option(help="Zone of times that carry none, such as Europe/Paris")] = "UTC",
    decimal: Annotated[str, typer.Option(help="Decimal mark; detected if left out")] = "",
    column: Annotated[list[str] | None, typer.Option(help="Take only this column of values; may be repeated")] = None,
    skip: Annotated[list[str] | None, typer.Option(help="Leave this column out; may be repeated")] = None,
    sensor_column: Annotated[str, typer.Option(help="Column that names the sensor of each row")] = "",
    unit: Annotated[str, typer.Option(help="UCUM code of the unit of new sensors, such as Cel or [degF]")] = "1",
    min_value: Annotated[float | None, typer.Option("--min", help="Lower limit of new sensors; 0 is a limit")] = None,
    max_value: Annotated[float | None, typer.Option("--max", help="Upper limit of new sensors")] = None,
    encoding: Annotated[str, typer.Option(help="Encoding of the file")] = "utf-8-sig",
    replay: Annotated[
        float,
        typer.Option(min=0, max=1e9, help="Store it as if it came in now, so many times faster than it was measured"),
    ] = 0,
) -> None:
    """Store the readings of a file: all of them, or none when a row cannot be read. The same file twice is harmless."""
    choices = Choices(
        separator={"tab": "\t", "\\t": "\t"}.get(separator, separator) or None,
        decimal=decimal or None,
        time_column=time_column or None,
        clock_column=clock_column or None,
        time_format=time_format or None,
        sensor_column=sensor_column or None,
        value_columns=tuple(column or ()),
        skip_columns=tuple(skip or ()),
    )
    text = _read(file, choices, zone_of(time_zone), encoding)
    new = NewSensors(sensor or None, unit_of_measure=unit, min_value=min_value, max_value=max_value)

    async def work(database: Database) -> None:
        tenant = company_of(database, company)
        await _store(database, system_actor(tenant, "ingest"), line, text, new=new, replay=replay)

    with_database(work)


def zone_of(name: str) -> tzinfo:
    """The time zone of an IANA name, or one clear line."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise typer.BadParameter(f"{name} is no time zone; name one such as Europe/Paris") from None


def _read(file: Path, choices: Choices, zone: tzinfo, encoding: str) -> Read:
    """Read the whole file before anything is stored; its bad rows are printed one by one."""
    try:
        with open_with_progress(
            file,
            "rt",
            encoding=encoding,
            newline="",
            description="Reading",
            transient=True,
            console=CONSOLE,
            disable=not CONSOLE.is_terminal,
        ) as lines:
            text = imports.read(lines, choices, time_zone=zone)
    except imports.BadRows as refusal:
        for error in refusal.errors[:_SHOWN]:
            typer.echo(f"{error.field}: {error.message}", err=True)
        if len(refusal.errors) > _SHOWN:
            typer.echo("…", err=True)
        raise
    except (UnicodeError, LookupError) as error:
        raise typer.BadParameter(
            f"{file} cannot be read as {encoding}: {error}; name its encoding with --encoding"
        ) from None
    layout = text.layout
    names = ", ".join(text.readings)
    typer.echo(
        f"{file.name}: {text.report.rows} rows, times in {layout.time_column} ({layout.time_format}), values in {names}"
    )
    for left in text.report.left_out:
        typer.echo(f"Left out {left.column}: {left.reason}")
    return text


async def _store(database: Database, actor: Actor, number: str, text: Read, *, new: NewSensors, replay: float) -> None:
    if replay:
        await replaying.replay(database, actor, number, text, new=new, speed=replay, tell=typer.echo)
        return
    with bar_of(transient=True) as bar:
        task = bar.add_task("Storing", total=text.rows)
        async with tenant_transaction(database, actor, statement_timeout="0") as session:
            line = await lines.find_or_create(session, actor, number)
            result = await imports.store(
                session, actor, line, text, new=new, progress=lambda rows: bar.advance(task, rows)
            )
    _say(result)


def _say(result: Imported) -> None:
    for code in result.created_sensors:
        typer.echo(f"Sensor {code} created")
    typer.echo(
        f"{result.stored} readings stored, {result.repeated} were there already, {result.outside_limits} outside limits"
    )
    for row in result.conflicting[:_SHOWN]:
        typer.echo(f"Line {row.line}: {row.sensor_code} has {row.kept} for this time already; {row.given} was left out")
    if len(result.conflicting) > _SHOWN:
        typer.echo(f"… and {len(result.conflicting) - _SHOWN} more such rows")
