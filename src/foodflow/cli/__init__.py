"""The `foodflow` command."""

import sys
from collections.abc import Sequence
from importlib import import_module

import typer

from foodflow.kernel import garbage
from foodflow.kernel.errors import Refusal
from foodflow.settings import SettingsError

_HOMES = {
    "up": "running",
    "web": "running",
    "jobs": "running",
    "ingest": "readings",
    "simulate": "simulating",
    "tenant": "companies",
    "audit": "records",
    "gateway": "gateways",
}
"""The module of each command. Only the wanted one is imported: what all of them need takes seconds to load."""


def build(arguments: Sequence[str]) -> typer.Typer:
    """The command line, with the one command that the arguments name or, for help and mistakes, with all of them."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help="FoodFlow, the operating system of a food manufacturer.",
    )
    app.callback()(lambda: None)
    wanted = arguments[0] if arguments else ""
    for module in [_HOMES[wanted]] if wanted in _HOMES else dict.fromkeys(_HOMES.values()):
        import_module(f"foodflow.cli.{module}").install(app)
    return app


def main() -> None:
    """Run the command; what a person can mend is said in one line, with exit code 2."""
    garbage.look_less_often()
    try:
        build(sys.argv[1:])()
    except (SettingsError, Refusal) as error:
        sys.stderr.write(f"foodflow: {error}\n")
        sys.exit(2)
