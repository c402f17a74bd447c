"""Where the planned busy time of a line went, as bars: a waterfall from all of it to what was valuable; and reasons."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from foodflow.console import words
from foodflow.plant.public import LossesShown

WIDTH: Final = 100.0
_SECONDS: Final = 60
_LEAST: Final = 0.3
"""What is there is seen, however little it is."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A row: a bar from `x` on, its length in minutes and in money, and why there is none."""

    name: str
    kind: str
    x: float
    width: float
    minutes: str
    money: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class ReasonBar:
    """How long a line stood for a reason, with the share of this and all bars before it (Pareto)."""

    name: str
    width: float
    minutes: str
    together: str


def waterfall(shown: LossesShown) -> list[Bar]:
    """From the planned busy time, loss by loss, to the valuable time. Speed and quality are left out where no ideal
    speed is known; a loss below zero, of a wrong ideal speed, leads back.
    """
    whole = max(shown.busy, shown.valuable, 1.0)
    bars = [Bar("Planned busy time", "busy", 0, _of(shown.busy, whole), minutes(shown.busy), "")]
    left = shown.busy
    for loss in shown.losses:
        money = words.money(loss.cost, shown.currency) if loss.cost is not None and shown.currency else ""
        name = words.LOSSES.get(loss.name, loss.name)
        if loss.seconds is None:
            bars.append(Bar(name, "loss", 0, 0, words.NONE, money, "an ideal speed is not known"))
            continue
        why = "below zero: the ideal speed is set too low" if loss.seconds < 0 else ""
        start = min(left, left - loss.seconds)
        bars.append(
            Bar(name, "loss", _place(start, whole), _of(abs(loss.seconds), whole), minutes(loss.seconds), money, why)
        )
        left -= loss.seconds
    is_known = all(loss.seconds is not None for loss in shown.losses)
    if is_known:
        bars.append(Bar("Valuable time", "valuable", 0, _of(shown.valuable, whole), minutes(shown.valuable), ""))
    else:
        bars.append(Bar("Valuable time", "valuable", 0, 0, words.NONE, "", "an ideal speed is not known"))
    return bars


def pareto(shown: LossesShown) -> list[ReasonBar]:
    """The reasons of stops, the longest first."""
    whole = sum(reason.seconds for reason in shown.reasons)
    longest = max((reason.seconds for reason in shown.reasons), default=0)
    bars, so_far = [], 0.0
    for reason in shown.reasons:
        so_far += reason.seconds
        name = reason.name if reason.name is not None else "Reason missing"
        bars.append(
            ReasonBar(name, _of(reason.seconds, longest), minutes(reason.seconds), words.percent(so_far / whole))
        )
    return bars


def total(shown: LossesShown) -> str:
    """What all losses cost, as far as that is known."""
    known = [loss.cost for loss in shown.losses if loss.cost is not None]
    return words.money(sum(known, Decimal(0)), shown.currency) if known and shown.currency else ""


def minutes(seconds: float) -> str:
    """A length of time in minutes."""
    size = seconds / _SECONDS
    return f"{size:,.1f} min" if abs(size) < WIDTH else f"{size:,.0f} min"


def _of(seconds: float, whole: float) -> float:
    return round(max(WIDTH * seconds / whole, _LEAST), 2) if seconds > 0 and whole else 0.0


def _place(seconds: float, whole: float) -> float:
    return round(max(0.0, min(WIDTH - _LEAST, WIDTH * seconds / whole)), 2)
