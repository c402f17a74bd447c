"""The columns of an Arrow schema, by the numbers of Schema.fbs: those that readings have, and no others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from foodflow.kernel.errors import FieldError, Invalid
from foodflow.plant.schemas.incoming.flatbuffers import Table
from foodflow.plant.schemas.incoming.messages import unreadable

_ENDIANNESS, _FIELDS = 0, 1  # fields of Schema
_NAME, _TYPE_TYPE, _TYPE, _DICTIONARY, _CHILDREN = 0, 2, 3, 4, 5  # of Field
_ID, _INDEX_TYPE = 0, 1  # of DictionaryEncoding
_INT, _FLOAT, _UTF8, _TIMESTAMP, _FIXED, _LARGE_UTF8 = 2, 3, 5, 10, 15, 20  # kinds of Type
_FLOATS: Final = {1: "<f4", 2: "<f8"}
_PER_SECOND: Final = {0: 1, 1: 1_000, 2: 1_000_000, 3: 1_000_000_000}
_WIDTHS: Final = frozenset({8, 16, 32, 64})
_UUID_BYTES: Final = 16
_TAKEN: Final = {
    "sensor_id": "utf8, a dictionary of utf8, or fixed_size_binary(16)",
    "sensor_code": "utf8 or a dictionary of utf8",
    "timestamp": "a timestamp with a zone, or int64 microseconds since 1970",
    "value": "float64, float32 or whole numbers",
    "status_code": "uint32",
}
_WANTED: Final = "must be sensor_id or sensor_code, timestamp, value and perhaps status_code, each once"


@dataclass(frozen=True, slots=True)
class Column:
    """How a column is laid out: `kind` is the NumPy type of its cells (of a text, of the offsets); `dictionary` and
    `index` are those of a dictionary, `per_second` is how often a moment's unit goes into a second.
    """

    kind: str
    is_text: bool = False
    per_second: int = 0
    dictionary: int | None = None
    index: str = ""


def columns_of(schema: Table) -> dict[str, Column]:
    """The columns by name, in their order; others than those of readings are refused."""
    if schema.number(_ENDIANNESS, "<h"):
        raise unreadable("its numbers are big-endian")
    fields = schema.tables(_FIELDS)[: len(_TAKEN) + 1]
    names = [field.text(_NAME) for field in fields]
    by = [name for name in names if name in {"sensor_id", "sensor_code"}]
    if len(by) != 1 or len(set(names)) < len(names) or not {"timestamp", "value"} <= set(names) <= _TAKEN.keys():
        raise Invalid.because(
            FieldError("columns", f"{_WANTED}; they are {', '.join(names)[:200]}", "plant.arrow.columns")
        )
    columns = {name: _column(name, field) for name, field in zip(names, fields, strict=True)}
    wrong = [name for name, column in columns.items() if column is None]
    if wrong:
        raise Invalid.because(*(FieldError(name, f"must be {_TAKEN[name]}", "plant.arrow.type") for name in wrong))
    return {name: column for name, column in columns.items() if column}


def named_by(columns: Mapping[str, Column]) -> str:
    """The column that names the sensors."""
    return "sensor_id" if "sensor_id" in columns else "sensor_code"


def _column(name: str, field: Table) -> Column | None:
    """How a field is laid out, or None where readings have no such column."""
    kind, of = field.number(_TYPE_TYPE, "<B"), field.table(_TYPE)
    encoding = field.table(_DICTIONARY)
    if of is None or field.tables(_CHILDREN):
        return None
    if name in {"sensor_id", "sensor_code"}:
        return _name(name, kind, of, encoding)
    if encoding is not None:
        return None
    return _moment(kind, of) if name == "timestamp" else _number(name, kind, of)


def _moment(kind: int, of: Table) -> Column | None:
    unit = of.number(0, "<h")
    if kind == _TIMESTAMP and of.text(1) and unit in _PER_SECOND:
        return Column("<i8", per_second=_PER_SECOND[unit])
    return Column("<i8", per_second=1_000_000) if kind == _INT and _whole(of) == "<i8" else None


def _number(name: str, kind: int, of: Table) -> Column | None:
    if name == "value" and kind == _FLOAT:
        precision = of.number(0, "<h")
        return Column(_FLOATS[precision]) if precision in _FLOATS else None
    whole = _whole(of) if kind == _INT else None
    return Column(whole) if whole else None


def _name(name: str, kind: int, of: Table, encoding: Table | None) -> Column | None:
    if name == "sensor_id" and kind == _FIXED and of.number(0, "<i") == _UUID_BYTES and encoding is None:
        return Column(f"V{_UUID_BYTES}")
    if kind not in {_UTF8, _LARGE_UTF8}:
        return None
    offsets = "<i4" if kind == _UTF8 else "<i8"
    if encoding is None:
        return Column(offsets, is_text=True)
    index = encoding.table(_INDEX_TYPE)
    numbers = "<i4" if index is None else _whole(index)
    identity = encoding.number(_ID, "<q")
    return Column(offsets, is_text=True, dictionary=identity, index=numbers) if numbers else None


def _whole(of: Table) -> str | None:
    """The NumPy type of whole numbers."""
    bits = of.number(0, "<i")
    return f"<{'i' if of.number(1, '<B') else 'u'}{bits // 8}" if bits in _WIDTHS else None
