"""A look at the messages of an Arrow IPC stream before it is read: its sizes hold, and nothing in it is compressed.

The reader allocates what a message declares, and takes compressed buffers for plain ones; so both are looked at first.
Layout: the streaming format (0xFFFFFFFF, the length of the metadata, the metadata, the body) of Apache Arrow's columnar
format, version 5; the metadata are FlatBuffers (Message.fbs), read here by the numbers of their fields.
"""

import struct
from dataclasses import dataclass
from typing import Final

from foodflow.kernel.errors import FieldError, Invalid, Malformed
from foodflow.plant.schemas.incoming.building import MAX_BULK, require_not_too_many

_CONTINUES: Final = b"\xff\xff\xff\xff"
_MAX_METADATA: Final = 1 << 20
_MAX_MESSAGES: Final = 10_000
_DICTIONARY, _BATCH = 2, 3
_HEADER_TYPE, _HEADER, _BODY_LENGTH = 1, 2, 3  # fields of Message
_DATA: Final = 1  # of DictionaryBatch
_LENGTH, _COMPRESSION = 0, 3  # of RecordBatch


class _OutOfBoundsError(Exception):
    """An offset leads out of the metadata."""


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of FlatBuffers: where it begins in its buffer."""

    buffer: bytes
    at: int

    def field(self, number: int) -> int | None:
        """Where a field of the table is, or None where it is left out."""
        vtable = self.at - _read("<i", self.buffer, self.at)
        entry = 4 + 2 * number
        if entry + 2 > _read("<H", self.buffer, vtable):
            return None
        offset = _read("<H", self.buffer, vtable + entry)
        return self.at + offset if offset else None

    def number(self, number: int, form: str) -> int:
        """A scalar field; 0 where it is left out."""
        at = self.field(number)
        return 0 if at is None else _read(form, self.buffer, at)

    def table(self, number: int) -> "_Table | None":
        """A field that is a table."""
        at = self.field(number)
        return None if at is None else _Table(self.buffer, at + _read("<I", self.buffer, at))


def _read(form: str, buffer: bytes, at: int) -> int:
    if not 0 <= at <= len(buffer) - struct.calcsize(form):
        raise _OutOfBoundsError
    number: int = struct.unpack_from(form, buffer, at)[0]
    return number


def look_through(body: bytes) -> None:
    """Refuse a stream that is cut off, declares more than it holds or more than is taken, or is compressed."""
    at = rows = 0
    for _ in range(_MAX_MESSAGES):
        if at >= len(body):
            return
        if body[at : at + 4] != _CONTINUES:
            raise _unreadable("a message does not begin as one")
        try:
            size = _read("<i", body, at + 4)
            if size == 0:
                return
            start = at + 8
            if not 0 < size <= min(_MAX_METADATA, len(body) - start):
                raise _unreadable("it is cut off, or lengths in it are wrong")
            length, more = _looked_at(body[start : start + size])
        except _OutOfBoundsError as error:
            raise _unreadable("it is cut off, or lengths in it are wrong") from error
        at = start + size + length
        if not 0 <= length <= len(body) - start - size:
            raise _unreadable("it is cut off, or lengths in it are wrong")
        rows += more
        require_not_too_many(rows)
    raise Invalid.because(FieldError("body", f"has more than {_MAX_MESSAGES} messages", "plant.arrow.messages"))


def _looked_at(metadata: bytes) -> tuple[int, int]:
    """The length of a message's body, and how many rows it brings."""
    message = _Table(metadata, _read("<I", metadata, 0))
    kind, batch = message.number(_HEADER_TYPE, "<B"), message.table(_HEADER)
    if batch is not None and kind == _DICTIONARY:
        batch = batch.table(_DATA)
    rows = 0
    if batch is not None and kind in {_DICTIONARY, _BATCH}:
        if batch.field(_COMPRESSION) is not None:
            message_ = "is compressed (LZ4 or ZSTD); send the stream without compression of its buffers"
            raise Invalid.because(FieldError("body", message_, "plant.arrow.compressed"))
        rows = batch.number(_LENGTH, "<q")
        if not 0 <= rows <= MAX_BULK:
            require_not_too_many(abs(rows))
            raise _OutOfBoundsError
    return message.number(_BODY_LENGTH, "<q"), rows if kind == _BATCH else 0


def _unreadable(why: str) -> Malformed:
    return Malformed(f"the body is not a stream of Arrow IPC messages: {why}")
