"""Cells of text turned into finite numbers, a column at a time."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

POINT: Final = "."
COMMA: Final = ","

_PLAIN: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_NOT_FINITE: Final = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Numbers:
    """One column: `values` (n, NaN where there is none), how many were `blank`, reasons by place."""

    values: NDArray[np.float64]
    blank: int
    bad: dict[int, str]


def is_number(cell: str, *, decimal: str) -> bool:
    """Tell whether a cell is a finite number in the given decimal sign."""
    number, _ = _number(cell.strip(), decimal)
    return number is not None


def is_meant_as_number(cell: str, *, decimal: str) -> bool:
    """Tell whether a cell is a number or says that it is none that is finite, as NaN does."""
    return is_number(cell, decimal=decimal) or _NOT_FINITE.fullmatch(cell.strip()) is not None


def read_numbers(cells: Sequence[str], *, decimal: str) -> Numbers:
    """Read a column of numbers.

    Blank cells are no reading. NaN, infinity, overflow, digits grouped in thousands, and the
    other decimal sign are bad: nothing is guessed.
    """
    values = _all_plain(cells, decimal)
    if values is not None:
        return Numbers(values, 0, {})
    return _one_by_one(cells, decimal)


def _all_plain(cells: Sequence[str], decimal: str) -> NDArray[np.float64] | None:
    """Read a column without blank or bad cells, several times faster than one by one.

    `float` alone would also take `1_000` and digits of other scripts.
    """
    text = " ".join(cells)
    if not text.isascii() or "_" in text or (decimal == COMMA and POINT in text):
        return None
    numbers = (cell.replace(COMMA, POINT) for cell in cells) if decimal == COMMA else cells
    try:
        values = np.array(list(map(float, numbers)), dtype=np.float64)
    except ValueError:
        return None
    return values if np.isfinite(values).all() else None


def _one_by_one(cells: Sequence[str], decimal: str) -> Numbers:
    values = np.full(len(cells), np.nan)
    blank, bad = 0, {}
    for place, cell in enumerate(cells):
        text = cell.strip()
        if not text:
            blank += 1
            continue
        number, reason = _number(text, decimal)
        if number is None:
            bad[place] = reason
        else:
            values[place] = number
    return Numbers(values, blank, bad)


def _number(text: str, decimal: str) -> tuple[float | None, str]:
    """Read one trimmed cell: the number, or None and why not."""
    plain = text.replace(COMMA, POINT) if decimal == COMMA else text
    if (decimal == COMMA and POINT in text) or not _PLAIN.fullmatch(plain):
        return None, _why_not(text, decimal)
    number = float(plain)
    return (number, "") if math.isfinite(number) else (None, "too large a number")


def _why_not(text: str, decimal: str) -> str:
    if _NOT_FINITE.fullmatch(text):
        return "not a finite number"
    other = COMMA if decimal == POINT else POINT
    if _PLAIN.fullmatch(text.replace(other, POINT)):
        return f"the decimal sign here is '{decimal}'"
    return "not a number"
