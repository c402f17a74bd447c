"""Readings one a line: NDJSON (objects as in a document's `readings`) and CSV (RFC 4180, with a header)."""

import csv
import io
import re
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from foodflow.kernel.errors import FieldError, Invalid, Malformed, Refusal
from foodflow.numerics.status_codes import all_good
from foodflow.plant.schemas.incoming import building, shapes
from foodflow.plant.schemas.incoming.building import MAX_STATUS, Faults, by_row
from foodflow.plant.schemas.incoming.rows import Row, from_rows
from foodflow.plant.usecases.ways_in import Incoming

_ROWS: Final = msgspec.json.Decoder(Row)
_NAMES: Final = ("sensor_id", "sensor_code")
_HEADER: Final = "must name sensor_id or sensor_code, timestamp, value and perhaps status_code, each once"
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_OF_NUMBERS: Final = re.compile(r"[0-9+.eE-]*")


def decode_ndjson(body: bytes) -> Incoming:
    """NDJSON as columns; empty lines mean nothing."""
    building.require_small(body)
    try:
        rows = _ROWS.decode_lines(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise _why_refused(body, error) from error
    building.require_not_too_many(len(rows))
    return from_rows(rows, by_row)


def _why_refused(body: bytes, otherwise: Exception) -> Refusal:
    faults = Faults(by_row)
    found: dict[tuple[str, str, str], list[int]] = {}
    lines = [line for line in body.split(b"\n") if line.strip()]
    for row, line in enumerate(lines):
        why = shapes.why_row_refused(line)
        if isinstance(why, Refusal):
            return Malformed(f"{by_row(row, '')[:-1]} is not valid JSON")
        for fault in why:
            found.setdefault(fault, []).append(row)
    for (cell, message, code), rows in found.items():
        faults.add(cell or "sensor_id", rows, message, code)
    if not faults.errors:
        return Malformed(f"the body is not valid NDJSON: {otherwise}")
    return Invalid.because(*faults.errors)


def decode_csv(body: bytes) -> Incoming:
    """CSV as columns; an empty value is none, an empty status is Good."""
    building.require_small(body)
    columns = _cells(body)
    named = [name for name in _NAMES if name in columns]
    allowed = {*named, "timestamp", "value", "status_code"}
    if len(named) != 1 or not {"timestamp", "value"} <= columns.keys() <= allowed:
        raise Invalid.because(
            FieldError("header", f"{_HEADER}; it names {', '.join(columns)[:200]}", "plant.csv.header")
        )
    faults = Faults(by_row)
    texts, which = building.factorised(columns[named[0]])
    sensors = (building.named_by_id if named[0] == "sensor_id" else building.named_by_code)(texts, which, faults)
    times = building.times_of(columns["timestamp"], faults)
    statuses = _statuses(columns.get("status_code"), len(which), faults)
    values = _values(columns["value"], faults)
    faults.refuse()
    building.require_values(values, statuses, faults)
    faults.refuse()
    return Incoming(sensors, which, times, values, statuses, by_row)


def _cells(body: bytes) -> dict[str, Sequence[str]]:
    """The columns of a text by their names."""
    try:
        rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
    except UnicodeDecodeError as error:
        message = f"the body is not UTF-8: {error.reason} at byte {error.start}"
        raise Malformed(message) from error
    except csv.Error as error:
        message = f"the body is not CSV: {error}"
        raise Malformed(message) from error
    if not rows:
        raise Invalid.because(FieldError("header", f"{_HEADER}; the body is empty", "plant.csv.header"))
    header, *cells = rows
    building.require_not_too_many(len(cells))
    if len(set(header)) < len(header):
        raise Invalid.because(FieldError("header", _HEADER, "plant.csv.header"))
    uneven = [row for row, each in enumerate(cells) if len(each) != len(header)]
    if uneven:
        faults = Faults(lambda row, _: f"readings.{row}")
        faults.add("row", uneven, f"must have {len(header)} cells, as the header", "plant.csv.cells")
        faults.refuse()
    return dict(zip(header, zip(*cells, strict=True) if cells else ((),) * len(header), strict=True))


def _values(cells: Sequence[str], faults: Faults) -> NDArray[np.float64]:
    if _OF_NUMBERS.fullmatch("".join(cells)):  # which leaves out what `float` reads besides: nan, inf, 1_000
        try:
            return np.array([float(cell) if cell else np.nan for cell in cells], np.float64)
        except ValueError:
            pass
    wrong = [row for row, cell in enumerate(cells) if cell and not _NUMBER.fullmatch(cell)]
    faults.add("value", wrong, "must be a number, such as 4.2 or -1e-3", "float_parsing")
    refused = set(wrong)
    return np.array([np.nan if not cell or row in refused else float(cell) for row, cell in enumerate(cells)])


def _statuses(cells: Sequence[str] | None, count: int, faults: Faults) -> NDArray[np.uint32]:
    if cells is None:
        return all_good(count)
    digits = len(str(MAX_STATUS))
    wrong = [
        row
        for row, cell in enumerate(cells)
        if cell and not (cell.isascii() and cell.isdecimal() and len(cell) <= digits and int(cell) <= MAX_STATUS)
    ]
    faults.add("status_code", wrong, f"must be a whole number from 0 to {MAX_STATUS}", "int_parsing")
    refused = set(wrong)
    return np.array([int(cell) if cell and row not in refused else 0 for row, cell in enumerate(cells)], np.uint32)
