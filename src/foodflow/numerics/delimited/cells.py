"""Lines of text cut into cells, one record a line."""

import csv
from collections.abc import Iterable, Iterator
from typing import Final

from foodflow.numerics.delimited.layout import DelimitedError

LONGEST_CELL: Final = 32_767
"""Characters; what a cell of a spreadsheet can hold. More means a broken quote or another kind of file."""

BYTE_ORDER_MARK: Final = "\ufeff"


def filled_lines(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Give each line that is not blank with its number, from 1, without a byte order mark.

    Raises DelimitedError at a NUL character: such a file is binary or was decoded wrongly.
    """
    for number, line in enumerate(lines, start=1):
        text = line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line
        if "\0" in text:
            raise DelimitedError("a NUL character: not a text file, or one of another encoding (UTF-16?)", line=number)
        if text and not text.isspace():
            yield number, text


def cells_of(line: str, *, separator: str, number: int) -> list[str]:
    """Cut one line into cells; a cell in double quotes may hold the separator.

    Raises csv.Error where quotes are not closed on the line or closed within a cell, and
    DelimitedError for a cell longer than `LONGEST_CELL`.
    """
    if '"' in line:
        content = line.rstrip("\r\n")
        cells = next(csv.reader([content], delimiter=separator, strict=True, skipinitialspace=True))
    else:
        cells = line.rstrip("\r\n").split(separator)
    if len(line) > LONGEST_CELL and max(map(len, cells)) > LONGEST_CELL:
        raise DelimitedError(f"a cell of more than {LONGEST_CELL} characters", line=number)
    return cells
