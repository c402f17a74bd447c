"""Gateways: forwarding what machines say on MQTT or OPC UA."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from foodflow.gateway import running
from foodflow.gateway.configuration import Configuration, key_of, load
from foodflow.gateway.spool import Spool
from foodflow.kernel.telemetry import configure_logging
from foodflow.numerics.epoch import from_micros
from foodflow.settings import load_settings

gateway = typer.Typer(no_args_is_help=True, help="Forward what machines say on MQTT or OPC UA, losing nothing.")
_File = Annotated[Path, typer.Option("--config", exists=True, dir_okay=False, help="The gateway's TOML file")]


def install(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(gateway, name="gateway")


@gateway.command()
def mqtt(config: _File = Path("gateway.toml")) -> None:
    """Subscribe to topics of an MQTT broker: plain JSON and Sparkplug B."""
    _run(config, running.mqtt_subscriber)


@gateway.command()
def opcua(config: _File = Path("gateway.toml")) -> None:
    """Subscribe to variables of an OPC UA server."""
    _run(config, running.opcua_subscriber)


@gateway.command()
def aside(
    config: _File = Path("gateway.toml"),
    *,
    retry: Annotated[bool, typer.Option("--retry", help="Forward all of them again")] = False,
    discard: Annotated[str, typer.Option(help="Forget those of this sensor")] = "",
) -> None:
    """List what FoodFlow refused and the gateway keeps; the gateway itself must not be running."""
    with _spool_of(load(config)) as spool:
        if discard:
            typer.echo(f"{spool.discard(discard)} readings of {discard} discarded")
        if retry:
            typer.echo(f"{spool.retry()} readings wait to be forwarded again")
        for each in spool.aside():
            span = f"{from_micros(each.first):%Y-%m-%dT%H:%M:%SZ} to {from_micros(each.last):%Y-%m-%dT%H:%M:%SZ}"
            typer.echo(f"{each.sensor}: {each.readings} readings from {span}: {each.reason}")
        typer.echo(f"{spool.waiting} readings wait, {spool.set_aside} are set aside")


def _run(file: Path, subscriber_of: Callable[[Configuration, Spool], running.Subscriber]) -> None:
    settings, configuration = load_settings(), load(file)
    configure_logging(settings.log_level)
    key = key_of(configuration, settings)
    with _spool_of(configuration) as spool:
        asyncio.run(running.run(configuration, key, spool, subscriber_of(configuration, spool)))


@contextmanager
def _spool_of(configuration: Configuration) -> Iterator[Spool]:
    spool = Spool(configuration.spool.folder, most=configuration.spool.most_readings)
    try:
        yield spool
    finally:
        spool.close()
