"""The first rows of a delimited text as columns with names and kinds."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from foodflow.numerics.delimited.cells import cells_of, filled_lines
from foodflow.numerics.delimited.kinds import MAJORITY, Kind, decimal_sign, kind_of
from foodflow.numerics.delimited.layout import Choices, LayoutError, column_names, place_name
from foodflow.numerics.delimited.numbers import COMMA, POINT, is_number

SEPARATORS: Final = (";", "\t", "|", ",")
"""In the order in which they are tried: a comma also occurs within numbers and texts."""

_SPELLINGS: Final = {"tab": "\t", "\\t": "\t"}

Rows = list[list[str]]


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample cut into columns; `cells` and `kinds` are by name and leave out the header."""

    separator: str
    decimal: str
    has_header: bool
    cells: dict[str, list[str]]
    kinds: dict[str, Kind]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns in order."""
        return tuple(self.cells)

    def of_kind(self, *wanted: Kind) -> list[str]:
        """Names of the columns of some kinds, in order."""
        return [name for name in self.cells if self.kinds[name] in wanted]


def cuts(lines: Iterable[str], choices: Choices) -> list[tuple[str, Rows]]:
    """Cut the sample by the separators that may be meant, the likeliest first.

    A separator may be meant if most lines have the same number of cells, two or more; rows of
    another number are left out. Raises LayoutError for a sample without text or separator.
    """
    texts = list(filled_lines(lines))
    if not texts:
        raise LayoutError("the text is empty")
    found = []
    for separator in _separators(choices):
        rows = _rows(texts, separator)
        width, hits = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
        if width > 1 and hits > MAJORITY * len(texts):
            found.append((hits, separator, [row for row in rows if len(row) == width]))
    if not found:
        raise LayoutError(
            "no separator cuts the lines into the same number of columns; give separator", option="separator"
        )
    return [cut[1:] for cut in sorted(found, key=lambda cut: -cut[0])]


def sample_of(rows: Rows, *, separator: str, choices: Choices) -> Sample:
    """Judge the columns of rows of one length.

    Raises LayoutError for a header that has no rows below it or names two columns alike.
    """
    if choices.decimal not in {None, POINT, COMMA}:
        raise LayoutError(f"the decimal sign is a point or a comma, not {choices.decimal!r}", option="decimal")
    body = rows[1:] or rows
    decimal = choices.decimal or decimal_sign(list(chain(*body)), separator=separator)
    columns = [list(column) for column in zip(*body, strict=True)]
    found = [kind_of(column, decimal=decimal) for column in columns]
    has_header = choices.has_header
    if has_header is None:
        has_header = _is_header(rows[0], found, decimal)
    if has_header and len(rows) == 1:
        raise LayoutError("there are no rows below the header")
    names = column_names(rows[0]) if has_header else tuple(map(place_name, range(len(columns))))
    _require_unique(names)
    return Sample(
        separator=separator,
        decimal=decimal,
        has_header=has_header,
        cells=dict(zip(names, columns, strict=True)),
        kinds=dict(zip(names, found, strict=True)),
    )


def _separators(choices: Choices) -> Sequence[str]:
    if choices.separator is None:
        return SEPARATORS
    separator = _SPELLINGS.get(choices.separator, choices.separator)
    if len(separator) != 1 or separator in '"\r\n':
        raise LayoutError(f"a separator is one character, not {choices.separator!r}", option="separator")
    return [separator]


def _rows(texts: Sequence[tuple[int, str]], separator: str) -> Rows:
    rows = []
    for number, text in texts:
        try:
            rows.append(cells_of(text, separator=separator, number=number))
        except csv.Error:
            continue
    return rows


def _is_header(first: Sequence[str], below: Sequence[Kind], decimal: str) -> bool:
    """Tell a header by a column of times that does not begin with a time.

    Numbers alone tell it only where there are no calendar times: sensors may be called by number.
    """
    if Kind.TIME in below:
        return kind_of([first[below.index(Kind.TIME)]], decimal=decimal) is not Kind.TIME
    return not any(is_number(cell, decimal=decimal) for cell in first)


def _require_unique(names: Sequence[str]) -> None:
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        raise LayoutError(f"the header names more than one column {', '.join(twice)}")
