"""Bars that show how far a command is, on the terminal alone: what is piped on or kept in a log has none."""

from rich.console import Console
from rich.progress import Progress

CONSOLE = Console(stderr=True)


def bar_of(*, transient: bool = False) -> Progress:
    """A bar; `transient` ones are gone when they are done."""
    return Progress(console=CONSOLE, transient=transient, disable=not CONSOLE.is_terminal)
