"""Readings as an Arrow IPC stream: columns as they lie in memory, hardly looked at again."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from nanoarrow import c_array_stream  # type: ignore[import-untyped]  # it has no types
from nanoarrow.ipc import InputStream  # type: ignore[import-untyped]  # the same
from numpy.typing import NDArray

from foodflow.kernel.errors import FieldError, Invalid, Malformed
from foodflow.numerics.status_codes import all_good
from foodflow.plant.schemas.incoming import building
from foodflow.plant.schemas.incoming.building import MAX_STATUS, Faults, by_row
from foodflow.plant.schemas.incoming.messages import look_through
from foodflow.plant.usecases.ways_in import Incoming, Named

_WHOLE: Final = {"c": "i1", "C": "u1", "s": "<i2", "S": "<u2", "i": "<i4", "I": "<u4", "l": "<i8", "L": "<u8"}
"""Whole numbers in the notation of the Arrow C data interface."""
_NUMBERS: Final = {**_WHOLE, "f": "<f4", "g": "<f8"}
_TEXTS: Final = {"u": "<i4", "U": "<i8"}
_UUID: Final = "w:16"
_PER_SECOND: Final = {"s": 1, "m": 1_000, "u": 1_000_000, "n": 1_000_000_000}
_MICROSECONDS: Final = 1_000_000
_KINDS: Final = {
    "sensor_id": "utf8, a dictionary of utf8, or fixed_size_binary(16)",
    "sensor_code": "utf8 or a dictionary of utf8",
    "timestamp": "a timestamp with a zone, or int64 microseconds since 1970",
    "value": "float64, float32 or whole numbers",
    "status_code": "uint32",
}


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
    look_through(body)
    try:
        with InputStream.from_readable(io.BytesIO(body)) as source, c_array_stream(source) as stream:
            schema = stream.get_schema()
            by, formats = _columns(schema)
            batches = [_batch(array.view(), by, formats, [child.name for child in schema.children]) for array in stream]
    except (RuntimeError, _TornError) as error:  # what the reader raises is a RuntimeError
        message = f"the body is not a stream of Arrow IPC messages: {error}"
        raise Malformed(message[:500]) from error
    return _joined(batches, by, formats)


class _TornError(Exception):
    """A buffer is shorter than its column."""


def _columns(schema: Any) -> tuple[str, dict[str, str]]:  # noqa: ANN401 - nanoarrow has no types
    """How the sensors are named, and the format of each column; others than ours are refused."""
    formats: dict[str, str] = {}
    for child in schema.children:
        inner = child.dictionary
        formats[child.name] = child.format if inner is None else f"{child.format}>{inner.format}"
    by = [name for name in ("sensor_id", "sensor_code") if name in formats]
    unknown = formats.keys() - _KINDS.keys()
    missing = {"timestamp", "value"} - formats.keys()
    if len(by) != 1 or unknown or missing or len(formats) != schema.n_children:
        message = "must be sensor_id or sensor_code, timestamp, value and perhaps status_code, each once"
        raise Invalid.because(FieldError("columns", f"{message}; they are {_listed(formats)}", "plant.arrow.columns"))
    wrong = [name for name, form in formats.items() if not _is_taken(name, form)]
    errors = [FieldError(name, f"must be {_KINDS[name]}", "plant.arrow.type") for name in wrong]
    if errors:
        raise Invalid.because(*errors)
    return by[0], formats


def _listed(formats: Mapping[str, str]) -> str:
    return ", ".join(str(name) for name in formats)[:200] or "none"


def _is_taken(name: str, form: str) -> bool:
    if name == "timestamp":
        kind, _, zone = form.partition(":")
        return form == "l" or (kind[:2] == "ts" and kind[2:] in _PER_SECOND and bool(zone))
    if name in {"sensor_id", "sensor_code"}:
        index, _, text = form.partition(">")
        is_text = index in _TEXTS or (index in _WHOLE and text in _TEXTS)
        return is_text or (name == "sensor_id" and form == _UUID)
    return form in (_NUMBERS if name == "value" else _WHOLE)


def _batch(view: Any, by: str, formats: Mapping[str, str], names: list[str]) -> _Batch:  # noqa: ANN401 - the same
    length = view.length
    children = dict(zip(names, view.children, strict=True))
    columns = {name: _numbers(children[name], formats[name], length) for name in names if name != by}
    null = _nulls(children[by], length)
    texts, which = _texts(children[by], formats[by], length, null)
    return _Batch(texts, which, {**columns, by: _Cells(which, null)})


def _buffer(view: Any, number: int, kind: str, count: int, *, start: int = 0) -> NDArray[Any]:  # noqa: ANN401 - the same
    """So many items of a buffer, which must hold them."""
    cells = np.frombuffer(bytes(memoryview(view.buffer(number)).cast("B")) or b"", np.uint8)
    width = np.dtype(kind).itemsize
    if (start + count) * width > len(cells):
        message = "a buffer is shorter than its column"
        raise _TornError(message)
    return cells[start * width : (start + count) * width].view(kind)


def _nulls(view: Any, length: int) -> NDArray[np.bool_]:  # noqa: ANN401 - the same
    if view.length != length:
        message = "columns of one batch have several lengths"
        raise _TornError(message)
    bits = np.frombuffer(bytes(memoryview(view.buffer(0)).cast("B")), np.uint8)
    if not len(bits):
        return np.zeros(length, np.bool_)
    valid = np.unpackbits(bits, bitorder="little")[view.offset : view.offset + length]
    if len(valid) < length:
        message = "a buffer is shorter than its column"
        raise _TornError(message)
    null: NDArray[np.bool_] = valid == 0
    return null


def _numbers(view: Any, form: str, length: int) -> _Cells:  # noqa: ANN401 - the same
    kind = "<i8" if form.startswith("ts") else _NUMBERS[form]
    return _Cells(_buffer(view, 1, kind, length, start=view.offset), _nulls(view, length))


def _texts(
    view: Any,  # noqa: ANN401 - the same
    form: str,
    length: int,
    null: NDArray[np.bool_],
) -> tuple[list[bytes], NDArray[np.int32]]:
    """The distinct texts of a column, and for each row which one it holds; null rows hold any."""
    if ">" not in form:
        cells = _plain(view, form, length)
        return building.factorised(cells)
    index, _, text = form.partition(">")
    numbers = _buffer(view, 1, _WHOLE[index], length, start=view.offset).astype(np.int64)
    numbers[null] = 0
    entries = view.dictionary
    if entries is None or (numbers < 0).any() or (numbers >= max(entries.length, 1)).any():
        message = "an index leads out of its dictionary"
        raise _TornError(message)
    listed = _plain(entries, text, entries.length) or [b""]
    used, which = np.unique(numbers, return_inverse=True)
    return [listed[number] for number in used.tolist()], which.astype(np.int32)


def _plain(view: Any, form: str, length: int) -> list[bytes]:  # noqa: ANN401 - the same
    if form == _UUID:
        flat = _buffer(view, 1, "u1", 16 * length, start=16 * view.offset).tobytes()
        return [flat[at : at + 16] for at in range(0, 16 * length, 16)]
    if length == 0:
        return []
    offsets = _buffer(view, 1, _TEXTS[form], length + 1, start=view.offset).astype(np.int64)
    flat = bytes(memoryview(view.buffer(2)).cast("B"))
    if offsets[0] < 0 or offsets[-1] > len(flat) or (np.diff(offsets) < 0).any():
        message = "offsets of texts are out of order"
        raise _TornError(message)
    bounds = offsets.tolist()
    return [flat[start:end] for start, end in pairwise(bounds)]


def _joined(batches: list[_Batch], by: str, formats: Mapping[str, str]) -> Incoming:
    faults = Faults(by_row)
    columns = {name: _all(name, batches, formats) for name in formats}
    which, named = _sensors(batches, by, formats[by], null=columns[by].null, faults=faults)
    times = _times(columns["timestamp"], formats["timestamp"], faults)
    values = columns["value"].cells.astype(np.float64)
    values[columns["value"].null] = np.nan
    statuses = _statuses(columns.get("status_code"), len(values), faults)
    faults.refuse()
    building.require_values(values, statuses, faults)
    faults.refuse()
    return Incoming(named, which, times, values, statuses, by_row)


def _all(name: str, batches: list[_Batch], formats: Mapping[str, str]) -> _Cells:
    if not batches:
        return _Cells(np.zeros(0, np.int64 if formats[name] != "g" else np.float64), np.zeros(0, np.bool_))
    found = [batch.columns[name] for batch in batches]
    return _Cells(np.concatenate([each.cells for each in found]), np.concatenate([each.null for each in found]))


def _sensors(
    batches: list[_Batch], by: str, form: str, *, null: NDArray[np.bool_], faults: Faults
) -> tuple[NDArray[np.int32], list[Named]]:
    if null.any():
        faults.add(by, np.flatnonzero(null).tolist(), "must name a sensor", "missing")
        faults.refuse()
    texts, number = building.factorised([text for batch in batches for text in batch.texts])
    starts = np.cumsum([0, *(len(batch.texts) for batch in batches)]).tolist()
    parts = [number[batch.which + start] for batch, start in zip(batches, starts, strict=False)]
    which = np.concatenate(parts) if parts else np.zeros(0, np.int32)
    readable = [text.hex() if form == _UUID else text.decode(errors="replace") for text in texts]
    garbled = [place for place, text in enumerate(texts) if form != _UUID and not _is_utf8(text)]
    faults.add(by, np.flatnonzero(np.isin(which, garbled)).tolist(), "is not UTF-8", "string_unicode")
    return which, (building.named_by_id if by == "sensor_id" else building.named_by_code)(readable, which, faults)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _times(column: _Cells, form: str, faults: Faults) -> NDArray[np.int64]:
    faults.add("timestamp", np.flatnonzero(column.null).tolist(), "must be a moment", "missing")
    per_second = _PER_SECOND[form[2]] if form.startswith("ts") else _MICROSECONDS
    cells = column.cells.astype(np.int64)
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
