"""What the columns of a sample hold, judged by their cells and their names."""

import re
from collections.abc import Callable, Sequence
from enum import StrEnum, auto
from typing import Final

from foodflow.numerics.delimited.layout import LayoutError
from foodflow.numerics.delimited.numbers import COMMA, POINT, is_meant_as_number, is_number
from foodflow.numerics.delimited.times import (
    DAY_FIRST,
    ISO,
    MONTH_FIRST,
    is_clock,
    reader,
)

MAJORITY: Final = 0.5
"""Share of the filled cells that decides: the rest are bad cells, to be reported when reading."""

SAMPLES_OF_PATTERN: Final = "%d/%m/%Y %H:%M:%S or %m/%d/%Y %H:%M:%S"

_TIME_NAME: Final = re.compile(r"time|date|datum|zeit|uhr|epoch|fecha|hora|^ts$|^t$|^at$|_at$|^when$", re.IGNORECASE)
_SENSOR_NAME: Final = re.compile(
    r"(?:sensor|tag|point|channel|signal|metric|series|device|variable|measurement|parameter|item)s?"
    r"[ _-]?(?:id|name|code|key|no|number)?",
    re.IGNORECASE,
)
_REMARK_NAME: Final = re.compile(
    r"quality|status|state|unit|uom|comment|remark|note|operator|user|source|type|flag|description",
    re.IGNORECASE,
)
_COMMA_NUMBER: Final = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?", re.ASCII)
_POINT_NUMBER: Final = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?", re.ASCII)
_GROUPED: Final = re.compile(r"[+-]?\d{1,3},\d{3}", re.ASCII)
_SMALLEST_EPOCH: Final = {
    "epoch_nanoseconds": 10**17,
    "epoch_microseconds": 10**14,
    "epoch_milliseconds": 10**11,
    "epoch_seconds": 10**8,
}
"""From 1973 on; a thousand times as much is the next finer unit."""


class Kind(StrEnum):
    """What a column holds for the most part."""

    BLANK = auto()
    NUMBER = auto()
    TIME = auto()
    CLOCK = auto()
    TEXT = auto()


def filled(cells: Sequence[str]) -> list[str]:
    """Trim the cells and leave out the blank ones."""
    return [trimmed for cell in cells if (trimmed := cell.strip())]


def kind_of(cells: Sequence[str], *, decimal: str) -> Kind:
    """Judge a column by most of its filled cells."""
    texts = filled(cells)
    if not texts:
        return Kind.BLANK
    if _share(texts, lambda text: is_meant_as_number(text, decimal=decimal)) > MAJORITY:
        return Kind.NUMBER
    calendars = [readable(each) for each in (ISO, DAY_FIRST, MONTH_FIRST)]
    if _share(texts, lambda text: any(test(text) for test in calendars)) > MAJORITY:
        return Kind.TIME
    return Kind.CLOCK if _share(texts, is_clock) > MAJORITY else Kind.TEXT


def readable(time_format: str) -> Callable[[str], bool]:
    """Return the test whether a trimmed cell is a time in the format."""
    read = reader(time_format)

    def test(text: str) -> bool:
        try:
            read(text)
        except ValueError:
            return False
        return True

    return test


def calendar_format(cells: Sequence[str], *, column: str) -> str:
    """Find the format of a column of dates.

    Raises LayoutError naming `time_format` where day and month cannot be told apart for sure:
    one order has to read all cells that either reads, and the other not.
    """
    texts = filled(cells)
    if _share(texts, readable(ISO)) > MAJORITY:
        return ISO
    day_first = {text for text in texts if readable(DAY_FIRST)(text)}
    month_first = {text for text in texts if readable(MONTH_FIRST)(text)}
    if day_first > month_first:
        return DAY_FIRST
    if month_first > day_first:
        return MONTH_FIRST
    example = next(iter(sorted(day_first | month_first)), "")
    message = (
        f"the dates of {column} ({example}, …) could have the day or the month first; "
        f"give time_format, {SAMPLES_OF_PATTERN}"
    )
    raise LayoutError(message, option="time_format")


def epoch_format(cells: Sequence[str]) -> str | None:
    """Find the unit of a column that counts time since 1970, by its size; None if it does not."""
    sizes = [float(text) for text in filled(cells) if is_number(text, decimal=POINT)]
    if not sizes:
        return None
    for name, smallest in _SMALLEST_EPOCH.items():
        if smallest <= min(sizes) and max(sizes) < smallest * 1000:
            return name
    return None


def decimal_sign(cells: Sequence[str], *, separator: str) -> str:
    """Find the decimal sign among the cells of a sample.

    Raises LayoutError naming `decimal` where a comma may as well group thousands; between
    semicolons it is taken as decimal, as spreadsheets write it.
    """
    if separator == COMMA:
        return POINT
    texts = filled(cells)
    commas = [text for text in texts if _COMMA_NUMBER.fullmatch(text)]
    points = sum(_POINT_NUMBER.fullmatch(text) is not None for text in texts)
    if len(commas) <= points:
        return POINT
    if separator != ";" and all(_GROUPED.fullmatch(text) for text in commas):
        raise LayoutError(f"{commas[0]} may have a decimal comma or grouped thousands; give decimal", option="decimal")
    return COMMA


def named_as_time(name: str) -> bool:
    """Tell whether a name speaks of time."""
    return _TIME_NAME.search(name.strip()) is not None


def named_as_sensor(name: str) -> bool:
    """Tell whether a column is named as one that names sensors."""
    return _SENSOR_NAME.fullmatch(name.strip()) is not None


def named_as_remark(name: str) -> bool:
    """Tell whether a name speaks of something said about a reading, as its quality or unit."""
    return _REMARK_NAME.search(name.strip()) is not None


def _share(texts: Sequence[str], test: Callable[[str], bool]) -> float:
    return sum(map(test, texts)) / len(texts)
