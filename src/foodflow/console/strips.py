"""A line's states over a window as a strip of SVG rectangles, each state with a shape of its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from foodflow.console import words
from foodflow.numerics.intervals import UNRECORDED
from foodflow.plant.public import LineCard

WIDTH, HEIGHT = 1000, 24
_NARROWEST: Final = 1.0
_SHAPES: Final = {
    "running": ((0, 24),),
    "changeover": ((8, 16),),
    "idle": ((14, 10),),
    "downtime": ((0, 9), (15, 9)),
    "maintenance": ((14, 4), (20, 4)),
    "not_scheduled": ((20, 4),),
}
"""Of each state the top and height of what is drawn; nothing is drawn where nobody said."""


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the strip."""

    state: str
    x: float
    y: int
    width: float
    height: int


@dataclass(frozen=True, slots=True)
class Share:
    """A state with its time in the window."""

    state: str
    name: str
    time: str


@dataclass(frozen=True, slots=True)
class Strip:
    """What a line did over [start, end)."""

    start: datetime
    end: datetime
    blocks: tuple[Block, ...]
    shares: tuple[Share, ...]
    description: str


def strip(card: LineCard) -> Strip:
    """The strip of a line."""
    start, end = card.effectiveness.start, card.effectiveness.end
    seconds = card.effectiveness.elements.seconds
    shares = tuple(
        Share(state, name, words.span(seconds[state])) for state, name in words.STATES.items() if seconds[state] > 0
    )
    told = ", ".join(f"{share.name.lower()} {share.time}" for share in shares)
    description = f"From {words.moment(start)} to {words.moment(end)}: {told}."
    return Strip(start, end, tuple(_blocks(card)), shares, description)


def _blocks(card: LineCard) -> list[Block]:
    start, end = card.effectiveness.start, card.effectiveness.end
    whole = (end - start).total_seconds()
    blocks = []
    for part in card.intervals:
        x = WIDTH * (part.start - start).total_seconds() / whole
        width = WIDTH * part.seconds / whole
        # What is too narrow to be seen is left out, save for stops: those are what one looks for.
        if part.state == UNRECORDED or (width < _NARROWEST / 2 and part.state != "downtime"):
            continue
        shown = max(width, _NARROWEST)
        blocks += [
            Block(part.state, round(x, 1), top, round(shown, 1), height) for top, height in _SHAPES.get(part.state, ())
        ]
    return blocks
