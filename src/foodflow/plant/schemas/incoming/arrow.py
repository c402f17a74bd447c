"""Readings as an Arrow IPC stream: columns as they lie in memory, hardly looked at again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from foodflow.kernel.errors import FieldError, Invalid
from foodflow.numerics.status_codes import all_good
from foodflow.plant.schemas.incoming import building, messages
from foodflow.plant.schemas.incoming.building import MAX_STATUS, Faults, by_row
from foodflow.plant.schemas.incoming.fields import Column, columns_of, named_by
from foodflow.plant.schemas.incoming.flatbuffers import OutOfBoundsError
from foodflow.plant.schemas.incoming.messages import Columns, Message
from foodflow.plant.usecases.ways_in import Incoming, Named

_MICROSECONDS: Final = 1_000_000
_DICTIONARY_ID, _DICTIONARY_DATA, _IS_DELTA = 0, 1, 2  # fields of DictionaryBatch


@dataclass(frozen=True, slots=True)
class _Cells:
    """A column of a batch: cells of shape (n,), and which of them are null."""

    cells: NDArray[Any]
    null: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Batch:
    """The columns of one batch; `texts` are the distinct names of its sensors, and `which` says whose row is which."""

    texts: list[bytes]
    which: NDArray[np.int32]
    columns: Mapping[str, _Cells]


def decode(body: bytes) -> Incoming:
    """An Arrow IPC stream as columns."""
    try:
        columns, batches = _read(body)
    except OutOfBoundsError as error:
        why = "it is cut off, or lengths in it are wrong"
        raise messages.unreadable(why) from error
    return _joined(batches, columns)


def _read(body: bytes) -> tuple[dict[str, Column], list[_Batch]]:
    columns: dict[str, Column] = {}
    dictionaries: dict[int, list[bytes]] = {}
    batches: list[_Batch] = []
    rows = 0
    for message in messages.messages(body):
        if not columns:
            if message.kind != messages.SCHEMA:
                raise messages.unreadable("it does not begin with a schema")
            columns = columns_of(message.header)
        elif message.kind == messages.DICTIONARY:
            _remember(message, columns[named_by(columns)], dictionaries)
        elif message.kind == messages.BATCH:
            batches.append(_batch(message, columns, dictionaries))
            rows += len(batches[-1].which)
            building.require_not_too_many(rows)
        else:
            raise messages.unreadable("there is a message in it that is no batch")
    if not columns:
        raise messages.unreadable("it does not begin with a schema")
    return columns, batches


def _remember(message: Message, column: Column, dictionaries: dict[int, list[bytes]]) -> None:
    """Take the entries of a dictionary, in place of those that it had."""
    data = message.header.table(_DICTIONARY_DATA)
    if data is None or message.header.number(_DICTIONARY_ID, "<q") != column.dictionary:
        raise OutOfBoundsError
    if message.header.number(_IS_DELTA, "<B"):
        wrong = "has a dictionary that is added to; send each dictionary whole"
        raise Invalid.because(FieldError("body", wrong, "plant.arrow.delta_dictionary"))
    entries = Columns(data, message.body)
    if entries.begin().any():
        raise OutOfBoundsError
    dictionaries[column.dictionary] = entries.texts(column.kind)


def _batch(message: Message, columns: Mapping[str, Column], dictionaries: Mapping[int, list[bytes]]) -> _Batch:
    batch = Columns(message.header, message.body)
    by, found = named_by(columns), {}
    texts: list[bytes] = []
    which = np.zeros(0, np.int32)
    for name, column in columns.items():  # in the order of the schema, which is that of the buffers
        null = batch.begin()
        if name != by:
            found[name] = _Cells(batch.cells(column.kind, batch.length), null)
            continue
        if column.dictionary is not None:
            numbers = np.where(null, 0, batch.cells(column.index, batch.length)).astype(np.int64)
            texts, which = _looked_up(numbers, dictionaries.get(column.dictionary, []))
        elif column.is_text:
            texts, which = building.factorised(batch.texts(column.kind))
        else:
            texts, which = building.factorised(batch.cells(column.kind, batch.length).tolist())
        found[name] = _Cells(which, null)
    return _Batch(texts, which, found)


def _looked_up(numbers: NDArray[np.int64], entries: list[bytes]) -> tuple[list[bytes], NDArray[np.int32]]:
    """The entries of a dictionary that are used, and for each row which of them it holds."""
    used, which = np.unique(numbers, return_inverse=True)
    if len(used) and (used[0] < 0 or used[-1] >= len(entries)):
        raise OutOfBoundsError
    return [entries[number] for number in used.tolist()], which.astype(np.int32)


def _joined(batches: list[_Batch], columns: Mapping[str, Column]) -> Incoming:
    faults, by = Faults(by_row), named_by(columns)
    found = {name: _all(name, batches, column) for name, column in columns.items()}
    which, named = _sensors(batches, columns[by], by, null=found[by].null, faults=faults)
    times = _times(found["timestamp"], columns["timestamp"].per_second, faults)
    values = found["value"].cells.astype(np.float64)
    values[found["value"].null] = np.nan
    statuses = _statuses(found.get("status_code"), len(values), faults)
    faults.refuse()
    building.require_values(values, statuses, faults)
    faults.refuse()
    return Incoming(named, which, times, values, statuses, by_row)


def _all(name: str, batches: list[_Batch], column: Column) -> _Cells:
    if not batches:
        return _Cells(np.zeros(0, "u1" if column.is_text else column.kind), np.zeros(0, np.bool_))
    found = [batch.columns[name] for batch in batches]
    return _Cells(np.concatenate([each.cells for each in found]), np.concatenate([each.null for each in found]))


def _sensors(
    batches: list[_Batch], column: Column, by: str, *, null: NDArray[np.bool_], faults: Faults
) -> tuple[NDArray[np.int32], list[Named]]:
    if null.any():
        faults.add(by, np.flatnonzero(null).tolist(), "must name a sensor", "missing")
        faults.refuse()
    texts, number = building.factorised([text for batch in batches for text in batch.texts])
    starts = np.cumsum([0, *(len(batch.texts) for batch in batches)]).tolist()
    parts = [number[batch.which + start] for batch, start in zip(batches, starts, strict=False)]
    which = np.concatenate(parts) if parts else np.zeros(0, np.int32)
    readable = [text.decode(errors="replace") if column.is_text else text.hex() for text in texts]
    garbled = [place for place, text in enumerate(texts) if column.is_text and not _is_utf8(text)]
    faults.add(by, np.flatnonzero(np.isin(which, garbled)).tolist(), "is not UTF-8", "string_unicode")
    return which, (building.named_by_id if by == "sensor_id" else building.named_by_code)(readable, which, faults)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _times(column: _Cells, per_second: int, faults: Faults) -> NDArray[np.int64]:
    faults.add("timestamp", np.flatnonzero(column.null).tolist(), "must be a moment", "missing")
    cells = np.where(column.null, 0, column.cells).astype(np.int64)
    if per_second > _MICROSECONDS:
        return cells // (per_second // _MICROSECONDS)
    factor = _MICROSECONDS // per_second
    limit = (2**63 - 1) // factor
    beyond = (cells > limit) | (cells < -limit)
    faults.add("timestamp", np.flatnonzero(beyond).tolist(), "is beyond any moment", "plant.time_out_of_range")
    return np.where(beyond, 0, cells) * factor


def _statuses(column: _Cells | None, count: int, faults: Faults) -> NDArray[np.uint32]:
    if column is None:
        return all_good(count)
    cells = np.where(column.null, 0, column.cells)
    beyond = (cells < 0) | (cells > MAX_STATUS)
    faults.add("status_code", np.flatnonzero(beyond).tolist(), f"must lie between 0 and {MAX_STATUS}", "out_of_range")
    return np.where(beyond, 0, cells).astype(np.uint32)
