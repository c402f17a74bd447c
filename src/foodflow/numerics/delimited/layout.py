"""How a delimited text is laid out, and the refusals of texts that cannot be read."""

from collections.abc import Iterable
from dataclasses import dataclass


class DelimitedError(ValueError):
    """The text as a whole cannot be read; `line` is the 1-based number of the line, if it is one."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        """Put the number of the line, where there is one, before the message."""
        super().__init__(message if line is None else f"line {line}: {message}")
        self.line = line


class LayoutError(DelimitedError):
    """The layout cannot be found; `option` is the field of `Choices` that settles it, if one does."""

    def __init__(self, message: str, *, option: str | None = None) -> None:
        """Keep the name of the option beside the message."""
        super().__init__(message)
        self.option = option


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the user names; everything left None or empty is detected.

    `time_format` is a `strptime` pattern or one of `times.FORMATS`. Columns of a text without
    header are called `column 1`, `column 2`, …
    """

    separator: str | None = None
    has_header: bool | None = None
    decimal: str | None = None
    time_column: str | None = None
    clock_column: str | None = None
    time_format: str | None = None
    sensor_column: str | None = None
    value_columns: tuple[str, ...] = ()
    skip_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A column that gives no readings, and why."""

    column: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A settled layout.

    Wide: each of `value_columns` is a sensor. Long: `sensor_column` names the sensor of the row,
    and there is one value column. `clock_column`: the time of day stands in a column of its own
    beside the date. `label_candidates`: value columns that nobody named, which are left out if
    they turn out to hold marks (0 or 1) rather than measurements.
    """

    separator: str
    decimal: str
    has_header: bool
    columns: tuple[str, ...]
    time_column: str
    clock_column: str | None
    time_format: str
    value_columns: tuple[str, ...]
    sensor_column: str | None
    label_candidates: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def column_names(header: Iterable[str]) -> tuple[str, ...]:
    """Trim the cells of a header; a cell without text is called after its place, from 1."""
    return tuple(cell.strip() or place_name(place) for place, cell in enumerate(header))


def place_name(place: int) -> str:
    """Name the column at a place (from 0) that has no name of its own."""
    return f"column {place + 1}"
