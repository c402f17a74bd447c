"""Markdown as the generated pages are made of it: tables whose cells cannot break them, and a note of their origin."""

from collections.abc import Iterable, Sequence

_ORIGIN = "<!-- Made from the code by `python -m tools.docs`. Change the code, not this page. -->"


def page(title: str, *parts: str) -> str:
    """A whole page: its title, where it comes from, and its parts with a blank line between them."""
    return "\n\n".join((f"# {title}", _ORIGIN, *(part.strip("\n") for part in parts if part))) + "\n"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a cell that holds a line or a bar of its own is made harmless."""
    lines = [_row(headings), _row(["---"] * len(headings))]
    return "\n".join([*lines, *(_row([_cell(cell) for cell in row]) for row in rows)])


def code(*names: str) -> str:
    """Names as code, separated by commas."""
    return ", ".join(f"`{name}`" for name in names)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
