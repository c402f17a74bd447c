"""Effectiveness as people read it: a figure, or a dash with the reason; and what is doubtful about it."""

from dataclasses import dataclass
from typing import Final

from foodflow.console import words
from foodflow.plant.public import LineEffectiveness

_WORTH_TELLING: Final = 0.01
"""A share of unrecorded time below this is not worth a line."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One ratio: its text and, where it is a dash, why."""

    name: str
    text: str
    why: str


def oee(measured: LineEffectiveness) -> Measure:
    """The effectiveness."""
    ratio = measured.ratios.oee
    return Measure("OEE", words.percent(ratio), "" if ratio is not None else _why_no_oee(measured))


def factors(measured: LineEffectiveness) -> tuple[Measure, Measure, Measure]:
    """Availability, performance and quality."""
    ratios = measured.ratios
    return (
        Measure("Availability", words.percent(ratios.availability), _unless(ratios.availability, _no_time(measured))),
        Measure("Performance", words.percent(ratios.performance), _unless(ratios.performance, _no_pace(measured))),
        Measure("Quality", words.percent(ratios.quality), _unless(ratios.quality, "nothing counted")),
    )


def doubts(measured: LineEffectiveness) -> list[str]:
    """What is wrong or missing in the records behind the figures."""
    elements, ratios = measured.elements, measured.ratios
    whole = (measured.end - measured.start).total_seconds()
    found = []
    if ratios.ideal_rate_exceeded:
        found.append("Performance is above 100 %: the ideal speed is set too low")
    if ratios.ideal_rate_unknown:
        found.append(f"{words.quantity(elements.unrated)} items were made without a known ideal speed")
    if ratios.counted_without_running:
        found.append("Items were counted, but the line is not recorded as running")
    if elements.apt and not elements.produced:
        found.append("The line ran, but nothing was counted")
    if _WORTH_TELLING <= elements.unrecorded / whole < 1:
        found.append(f"Nothing is recorded for {words.percent(elements.unrecorded / whole)} of this time")
    return found


def _unless(ratio: float | None, why: str) -> str:
    return why if ratio is None else ""


def _why_no_oee(measured: LineEffectiveness) -> str:
    return _no_pace(measured) if measured.elements.pbt else _no_time(measured)


def _no_time(measured: LineEffectiveness) -> str:
    elements = measured.elements
    recorded = any(seconds for state, seconds in elements.seconds.items() if state != "unrecorded")
    return "not planned to run" if recorded else "nothing recorded"


def _no_pace(measured: LineEffectiveness) -> str:
    if measured.ratios.counted_without_running:
        return "counted while not running"
    if measured.ratios.ideal_rate_unknown:
        return "no ideal speed"
    return "did not run" if measured.elements.pbt else _no_time(measured)
