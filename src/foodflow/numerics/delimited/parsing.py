"""Delimited text read into arrays of readings, in parts or as a whole."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.delimited.cells import cells_of, filled_lines
from foodflow.numerics.delimited.labels import Marks
from foodflow.numerics.delimited.layout import DelimitedError, Layout, LeftOut, column_names
from foodflow.numerics.delimited.local_time import LocalClock
from foodflow.numerics.delimited.numbers import Numbers, read_numbers
from foodflow.numerics.delimited.results import BadRow, Chunk, Parsed, Readings, Report
from foodflow.numerics.delimited.times import read_times

KEPT_BAD_ROWS: Final = 1_000
LONGEST_SHOWN: Final = 100
ROWS_PER_CHUNK: Final = 20_000

Row = tuple[int, list[str]]
"""Number of the line and its cells."""


def parse(lines: Iterable[str], layout: Layout, *, time_zone: tzinfo = UTC) -> Parsed:
    """Read a whole text; see `parse_chunks`, which needs less memory."""
    parts: defaultdict[str, list[Readings]] = defaultdict(list)
    report = None
    for chunk in parse_chunks(lines, layout, time_zone=time_zone):
        report = chunk.report
        for name, readings in chunk.readings.items():
            parts[name].append(readings)
    if report is None:
        raise AssertionError("the last chunk has no report")
    left_out = {each.column for each in report.left_out}
    kept = {name: _joined(found) for name, found in parts.items() if name not in left_out}
    return Parsed(kept, report)


def parse_chunks(
    lines: Iterable[str],
    layout: Layout,
    *,
    time_zone: tzinfo = UTC,
    rows_per_chunk: int = ROWS_PER_CHUNK,
) -> Iterator[Chunk]:
    """Read a text from its first line on, `rows_per_chunk` rows at a time.

    `lines` are decoded lines, header included. Times without offset are local times of
    `time_zone`. What cannot be read is reported and left out: a cell, or the row if it has no
    usable time, a wrong number of cells or unclosed quotes. Blank lines are ignored, blank cells
    are no reading and counted. At least one chunk comes; the last has the report.

    Raises DelimitedError for a header other than that of the layout, a NUL character, and a cell
    too long to be one.
    """
    reading = _Reading(layout, LocalClock(time_zone))
    records = reading.records(lines)
    while True:
        rows = list(islice(records, rows_per_chunk))
        last = len(rows) < rows_per_chunk
        readings = reading.read(rows)
        report = reading.report() if last else None
        yield Chunk(readings, reading.line, reading.bad_count, report)
        if last:
            return


@dataclass(slots=True)
class _Reading:
    """One pass over a text: what was found so far."""

    layout: Layout
    clock: LocalClock
    line: int = 0
    rows: int = 0
    bad: list[BadRow] = field(default_factory=list)
    bad_count: int = 0
    readings: Counter[str] = field(default_factory=Counter)
    blank_cells: Counter[str] = field(default_factory=Counter)
    marks: defaultdict[str, Marks] = field(default_factory=lambda: defaultdict(Marks))
    fresh: list[BadRow] = field(default_factory=list)

    def records(self, lines: Iterable[str]) -> Iterator[Row]:
        """Give the rows of data that have as many cells as the layout has columns."""
        header_to_come = self.layout.has_header
        for number, text in filled_lines(lines):
            self.line = number
            try:
                cells = cells_of(text, separator=self.layout.separator, number=number)
            except csv.Error:
                self.rows += 1
                self._refuse(number, "", text, "quotes that are not closed")
                continue
            if header_to_come:
                self._require_header(cells, number)
                header_to_come = False
            elif self._is_whole(cells, number, text):
                yield number, cells

    def read(self, rows: Sequence[Row]) -> Mapping[str, Readings]:
        """Read some rows into readings by sensor."""
        if self.layout.sensor_column is None:
            found = self._wide(*self._timed(rows, [""] * len(rows)))
        else:
            found = self._long(rows, self._place(self.layout.sensor_column))
        self._keep_first_bad()
        return found

    def report(self) -> Report:
        """Sum up what was found."""
        found = [
            LeftOut(name, reason)
            for name in self.layout.label_candidates
            if (reason := self.marks[name].why_left_out(name))
        ]
        dropped = {each.column for each in found}
        return Report(
            rows=self.rows,
            readings={name: n for name, n in self.readings.items() if name not in dropped},
            blank_cells={name: n for name, n in self.blank_cells.items() if name not in dropped},
            bad=tuple(self.bad),
            bad_count=self.bad_count,
            ambiguous_times=self.clock.ambiguous,
            left_out=(*self.layout.left_out, *found),
        )

    def _place(self, column: str) -> int:
        return self.layout.columns.index(column)

    def _require_header(self, cells: Sequence[str], number: int) -> None:
        if column_names(cells) != self.layout.columns:
            raise DelimitedError(f"the header is not {self.layout.separator.join(self.layout.columns)}", line=number)

    def _is_whole(self, cells: Sequence[str], number: int, text: str) -> bool:
        width = len(self.layout.columns)
        if not text.strip(f"{self.layout.separator} \t\r\n"):
            return False  # a spreadsheet writes its empty rows as mere separators
        self.rows += 1
        if len(cells) == width:
            return True
        self._refuse(number, "", text, f"{len(cells)} cells instead of {width}")
        return False

    def _timed(self, rows: Sequence[Row], keys: Sequence[str]) -> tuple[Sequence[Row], NDArray[np.int64]]:
        """Leave out the rows without a usable time; return the rest and their times."""
        found = read_times(
            self._time_cells(rows),
            time_format=self.layout.time_format,
            clock=self.clock,
            keys=keys,
        )
        if not found.bad:
            return rows, found.microseconds
        for place, reason in found.bad.items():
            line, cells = rows[place]
            text = cells[self._place(self.layout.time_column)]
            self._refuse(line, self.layout.time_column, text, reason)
        good = [place for place in range(len(rows)) if place not in found.bad]
        return [rows[place] for place in good], found.microseconds[good]

    def _time_cells(self, rows: Sequence[Row]) -> list[str]:
        date = self._place(self.layout.time_column)
        if self.layout.clock_column is None:
            return [cells[date] for _, cells in rows]
        clock = self._place(self.layout.clock_column)
        return [f"{cells[date].strip()} {cells[clock].strip()}" for _, cells in rows]

    def _wide(self, rows: Sequence[Row], times: NDArray[np.int64]) -> dict[str, Readings]:
        lines = _line_numbers(rows)
        found = {}
        for column in self.layout.value_columns:
            numbers = self._numbers(rows, column)
            self.blank_cells[column] += numbers.blank
            found[column] = self._present(column, Readings(lines, times, numbers.values))
            if column in self.layout.label_candidates:
                self.marks[column].see(found[column].values)
        return found

    def _long(self, rows: Sequence[Row], sensor: int) -> dict[str, Readings]:
        for line, cells in rows:
            if not cells[sensor].strip():
                self._refuse(line, self.layout.columns[sensor], "", "no sensor")
        named = [row for row in rows if row[1][sensor].strip()]
        timed, times = self._timed(named, [cells[sensor].strip() for _, cells in named])
        numbers = self._numbers(timed, self.layout.value_columns[0])
        lines = _line_numbers(timed)
        found = {}
        for name, places in _places([cells[sensor].strip() for _, cells in timed]).items():
            part = Readings(lines[places], times[places], numbers.values[places])
            found[name] = self._present(name, part)
            bad = sum(place in numbers.bad for place in places.tolist()) if numbers.bad else 0
            self.blank_cells[name] += len(part) - len(found[name]) - bad
        return found

    def _numbers(self, rows: Sequence[Row], column: str) -> Numbers:
        place = self._place(column)
        cells = [cells[place] for _, cells in rows]
        numbers = read_numbers(cells, decimal=self.layout.decimal)
        for row, reason in numbers.bad.items():
            self._refuse(rows[row][0], column, cells[row], reason)
        return numbers

    def _present(self, name: str, readings: Readings) -> Readings:
        """Leave out the places without a value."""
        present = ~np.isnan(readings.values)
        if not present.all():
            lines, times = readings.lines[present], readings.times[present]
            readings = Readings(lines, times, readings.values[present])
        self.readings[name] += len(readings)
        return readings

    def _refuse(self, line: int, column: str, text: str, reason: str) -> None:
        self.fresh.append(BadRow(line, column, text.strip()[:LONGEST_SHOWN], reason))

    def _keep_first_bad(self) -> None:
        """Keep the first bad cells in the order of lines, and count all."""
        self.bad_count += len(self.fresh)
        self.fresh.sort(key=lambda bad: bad.line)
        self.bad += self.fresh[: KEPT_BAD_ROWS - len(self.bad)]
        self.fresh.clear()


def _line_numbers(rows: Sequence[Row]) -> NDArray[np.int64]:
    return np.fromiter((line for line, _ in rows), dtype=np.int64, count=len(rows))


def _places(names: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """Places of each name, in order."""
    codes: dict[str, int] = {}
    coded = np.array([codes.setdefault(name, len(codes)) for name in names], dtype=np.int64)
    order = np.argsort(coded, kind="stable")
    starts = np.searchsorted(coded[order], np.arange(1, len(codes)))
    return dict(zip(codes, np.split(order, starts), strict=True)) if codes else {}


def _joined(parts: Sequence[Readings]) -> Readings:
    return Readings(
        np.concatenate([part.lines for part in parts]),
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.values for part in parts]),
    )
