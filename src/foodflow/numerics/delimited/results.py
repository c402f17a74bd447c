"""What reading a delimited text gives: readings, refused cells and a report."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.delimited.layout import LeftOut


@dataclass(frozen=True, slots=True)
class BadRow:
    """A cell that could not be read, or a whole row where `column` is empty."""

    line: int
    column: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Readings of one sensor in the order of the file.

    `lines` (n, int64): 1-based numbers of the lines; `times` (n, int64): microseconds since 1970
    UTC; `values` (n, float64): finite.
    """

    lines: NDArray[np.int64]
    times: NDArray[np.int64]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of readings."""
        return len(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found in the whole text.

    `rows`: rows that hold anything, good or bad. `readings` and `blank_cells` count by sensor.
    `bad` holds the first refused cells in the order of lines, `bad_count` says how many there
    were. `ambiguous_times`: local times that come twice in autumn and were told apart by the
    order of the rows.
    """

    rows: int
    readings: Mapping[str, int]
    blank_cells: Mapping[str, int]
    bad: tuple[BadRow, ...]
    bad_count: int
    ambiguous_times: int
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """A part of the text: readings by sensor, the last line read and bad cells so far.

    The last chunk, and only it, has the `report`: only there is it known which columns were
    labels, whose readings were handed out before and have to be dropped.
    """

    readings: Mapping[str, Readings]
    line: int
    bad_count: int
    report: Report | None


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """A whole text: readings by sensor, without what is left out, and the report."""

    readings: Mapping[str, Readings]
    report: Report
