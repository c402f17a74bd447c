"""Arrow IPC streams: messages of metadata and a body, and the columns of record batches in them.

Layout: the streaming format of Apache Arrow's columnar format, version 5 (0xFFFFFFFF, the length of the metadata, the
metadata, the body), with the metadata of Message.fbs and Schema.fbs. Read here instead of by a library in C because
what comes is anybody's bytes: every length is held against what is there, and NumPy looks at the body without a copy.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from foodflow.kernel.errors import FieldError, Invalid, Malformed
from foodflow.plant.schemas.incoming.building import require_not_too_many
from foodflow.plant.schemas.incoming.flatbuffers import OutOfBoundsError, Table, read

SCHEMA: Final = 1
DICTIONARY: Final = 2
BATCH: Final = 3
_CONTINUES: Final = b"\xff\xff\xff\xff"
_PREFIX: Final = 8
_MAX_METADATA: Final = 1 << 20
_MAX_MESSAGES: Final = 10_000
_HEADER_TYPE, _HEADER, _BODY_LENGTH = 1, 2, 3  # fields of Message
_LENGTH, _NODES, _BUFFERS, _COMPRESSION = 0, 1, 2, 3  # of RecordBatch


@dataclass(frozen=True, slots=True)
class Message:
    """A message: what kind it is of, its header, and its body."""

    kind: int
    header: Table
    body: memoryview


def unreadable(why: str) -> Malformed:
    """The refusal of bytes that are no stream."""
    return Malformed(f"the body is not a stream of Arrow IPC messages: {why}")


def messages(stream: bytes) -> Iterator[Message]:
    """The messages of a stream; its end may be said or simply come."""
    whole, at = memoryview(stream), 0
    for _ in range(_MAX_MESSAGES):
        if at >= len(whole):
            return
        if bytes(whole[at : at + 4]) != _CONTINUES:
            raise unreadable("a message does not begin as one")
        size, start = read("<i", whole, at + 4), at + _PREFIX
        if size == 0:
            return
        if not 0 < size <= min(_MAX_METADATA, len(whole) - start):
            raise OutOfBoundsError
        message = Table.root(whole[start : start + size])
        header, length = message.table(_HEADER), message.number(_BODY_LENGTH, "<q")
        at = start + size + length
        if header is None or not 0 <= length <= len(whole) - start - size:
            raise OutOfBoundsError
        yield Message(message.number(_HEADER_TYPE, "<B"), header, whole[start + size : at])
    raise Invalid.because(FieldError("body", f"has more than {_MAX_MESSAGES} messages", "plant.arrow.messages"))


class Columns:
    """The flat columns of a record batch, taken from it one after the other."""

    def __init__(self, batch: Table, body: memoryview) -> None:
        if batch.field(_COMPRESSION) is not None:
            message = "is compressed (LZ4 or ZSTD); send the stream without compression of its buffers"
            raise Invalid.because(FieldError("body", message, "plant.arrow.compressed"))
        self.length = batch.number(_LENGTH, "<q")
        require_not_too_many(self.length)
        self._body = body
        self._nodes = iter(batch.pairs(_NODES))
        self._buffers = iter(batch.pairs(_BUFFERS))

    def begin(self) -> NDArray[np.bool_]:
        """Go on to the next column; which of its cells are null, of shape (n,)."""
        length, nulls = next(self._nodes, (-1, 0))
        if self.length < 0 or length != self.length:
            raise OutOfBoundsError
        bits = self._bytes()
        if not len(bits):
            if nulls > 0:
                raise OutOfBoundsError
            return np.zeros(length, np.bool_)
        if len(bits) < -(-length // 8):
            raise OutOfBoundsError
        null: NDArray[np.bool_] = np.unpackbits(bits[: -(-length // 8)], bitorder="little")[:length] == 0
        return null

    def cells(self, kind: str, count: int) -> NDArray[Any]:
        """So many cells of the next buffer of the column."""
        held, width = self._bytes(), np.dtype(kind).itemsize
        if count * width > len(held):
            raise OutOfBoundsError
        return held[: count * width].view(kind)

    def texts(self, offsets: str) -> list[bytes]:
        """The next two buffers of the column as texts."""
        held = self._bytes()
        flat = self._bytes().tobytes()
        if self.length == 0:
            return []
        width = np.dtype(offsets).itemsize
        if (self.length + 1) * width > len(held):
            raise OutOfBoundsError
        bounds = held[: (self.length + 1) * width].view(offsets).astype(np.int64)
        if bounds[0] < 0 or bounds[-1] > len(flat) or (bounds[1:] < bounds[:-1]).any():
            raise OutOfBoundsError
        ends = bounds.tolist()
        return [flat[start:end] for start, end in pairwise(ends)]

    def _bytes(self) -> NDArray[np.uint8]:
        start, length = next(self._buffers, (-1, -1))
        if start < 0 or length < 0 or start + length > len(self._body):
            raise OutOfBoundsError
        return np.frombuffer(self._body[start : start + length], np.uint8)
