"""Tables of FlatBuffers, read by the numbers of their fields; an offset that leads out of the buffer is refused.

Source: the FlatBuffers internals. A table begins with the distance back to its vtable, which lists where its fields
are; tables, texts and vectors are told by their distance from where that is told.
"""

import struct
from dataclasses import dataclass


class OutOfBoundsError(Exception):
    """An offset leads out of the buffer."""


def read(form: str, buffer: memoryview, at: int) -> int:
    """A number at a place of a buffer."""
    if not 0 <= at <= len(buffer) - struct.calcsize(form):
        raise OutOfBoundsError
    number: int = struct.unpack_from(form, buffer, at)[0]
    return number


@dataclass(frozen=True, slots=True)
class Table:
    """A table, by where it begins in its buffer."""

    buffer: memoryview
    at: int

    @classmethod
    def root(cls, buffer: memoryview) -> "Table":
        """The table that a buffer is about."""
        return cls(buffer, read("<I", buffer, 0))

    def field(self, number: int) -> int | None:
        """Where a field is, or None where it is left out."""
        vtable = self.at - read("<i", self.buffer, self.at)
        entry = 4 + 2 * number
        if entry + 2 > read("<H", self.buffer, vtable):
            return None
        offset = read("<H", self.buffer, vtable + entry)
        return self.at + offset if offset else None

    def number(self, number: int, form: str, *, otherwise: int = 0) -> int:
        """A field that is a number."""
        at = self.field(number)
        return otherwise if at is None else read(form, self.buffer, at)

    def table(self, number: int) -> "Table | None":
        """A field that is a table."""
        at = self.field(number)
        return None if at is None else Table(self.buffer, at + read("<I", self.buffer, at))

    def text(self, number: int) -> str:
        """A field that is a text; empty where it is left out."""
        start, length = self._vector(number, 1)
        return bytes(self.buffer[start : start + length]).decode(errors="replace")

    def tables(self, number: int) -> "list[Table]":
        """A field that is a vector of tables."""
        start, length = self._vector(number, 4)
        places = range(start, start + 4 * length, 4)
        return [Table(self.buffer, place + read("<I", self.buffer, place)) for place in places]

    def pairs(self, number: int) -> list[tuple[int, int]]:
        """A field that is a vector of pairs of 64-bit numbers."""
        start, length = self._vector(number, 16)
        pairs: list[tuple[int, int]] = list(struct.iter_unpack("<qq", self.buffer[start : start + 16 * length]))
        return pairs

    def _vector(self, number: int, width: int) -> tuple[int, int]:
        """Where the items of a vector begin, and how many there are."""
        at = self.field(number)
        if at is None:
            return 0, 0
        start = at + read("<I", self.buffer, at)
        length = read("<I", self.buffer, start)
        if start + 4 + length * width > len(self.buffer):
            raise OutOfBoundsError
        return start + 4, length
