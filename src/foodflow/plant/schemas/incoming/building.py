"""What every format has in common: who is named, which times and values there are, and what is wrong with them."""

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from foodflow.kernel.errors import FieldError, Invalid
from foodflow.numerics import rfc3339
from foodflow.numerics.status_codes import BAD, GOOD, are_bad
from foodflow.plant.rules.sensors import MAX_LISTED
from foodflow.plant.rules.shared import MAX_CODE
from foodflow.plant.usecases.ways_in import Incoming, Named, Place

MAX_BULK: Final = 200_000
"""Readings in one call: what a database transaction takes in well under a second."""
MAX_STATUS: Final = 2**32 - 1
MAX_STEP: Final = 366 * 86_400_000
"""Milliseconds from a reading to the next where they are evenly spaced: at most a year."""
_COMMAS: Final = 8
"""A reading is four cells at most; twice as many, for codes that hold commas, bound what a body can unfold to."""
_UUID: Final = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
_NOT_A_TIME: Final = "must be a moment with a zone as RFC 3339 writes it, such as 2026-01-31T08:00:00Z"

KeyT = TypeVar("KeyT", bound=Hashable)


@dataclass(slots=True)
class Faults:
    """What is wrong with a body, each cell by its place; of each kind the first are named and the rest counted."""

    place: Place
    errors: list[FieldError] = field(default_factory=list)

    def add(self, cell: str, rows: Iterable[int], message: str, code: str) -> None:
        """The same fault in a cell of some rows."""
        listed = list(rows)
        self.errors += [FieldError(self.place(row, cell), message, code) for row in listed[:MAX_LISTED]]
        if len(listed) > MAX_LISTED:
            self.errors.append(FieldError("readings", f"{len(listed) - MAX_LISTED} more: {cell} {message}", code))

    def refuse(self) -> None:
        """Refuse the body where anything is wrong with it."""
        if self.errors:
            raise Invalid.because(*self.errors)


def require_not_too_many(count: int) -> None:
    """A call has its largest size, whatever its format."""
    if count > MAX_BULK:
        message = f"has {count} readings, and a call may have at most {MAX_BULK}; send them in parts"
        raise Invalid.because(FieldError("readings", message, "too_long"))


def require_small(body: bytes) -> None:
    """A text with many times the cells of the largest call is not read at all: it would unfold to gigabytes."""
    if body.count(b",") > _COMMAS * MAX_BULK:
        message = f"has more cells than {MAX_BULK} readings; send them in parts"
        raise Invalid.because(FieldError("readings", message, "too_long"))


def factorised(cells: Sequence[KeyT]) -> tuple[list[KeyT], NDArray[np.int32]]:
    """The distinct cells in order of appearance, and for each cell the number of its distinct one."""
    distinct = list(dict.fromkeys(cells))
    number = {cell: place for place, cell in enumerate(distinct)}
    return distinct, np.fromiter(map(number.__getitem__, cells), np.int32, len(cells))


def named_by_id(texts: Sequence[str], which: NDArray[np.int32], faults: Faults) -> list[Named]:
    """Sensors by the texts of their ids, each once."""
    wrong = [number for number, text in enumerate(texts) if not _UUID.fullmatch(text)]
    _wrongly_named(wrong, which, faults, cell="sensor_id", message="must be a UUID", code="uuid_parsing")
    return [] if wrong else [Named(UUID(text)) for text in texts]


def named_by_code(texts: Sequence[str], which: NDArray[np.int32], faults: Faults) -> list[Named]:
    """Sensors by their codes, each once."""
    wrong = [number for number, text in enumerate(texts) if not 1 <= len(text) <= MAX_CODE or not _is_storable(text)]
    message = f"must have 1 to {MAX_CODE} characters"
    _wrongly_named(wrong, which, faults, cell="sensor_code", message=message, code="plant.name_length")
    return [Named(text) for text in texts]


def _is_storable(text: str) -> bool:
    """Whether PostgreSQL can hold a text: it has no NUL, and no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _wrongly_named(
    wrong: list[int], which: NDArray[np.int32], faults: Faults, *, cell: str, message: str, code: str
) -> None:
    if wrong:
        faults.add(cell, np.flatnonzero(np.isin(which, wrong)).tolist(), message, code)


def times_of(texts: Sequence[str], faults: Faults, cell: str = "timestamp") -> NDArray[np.int64]:
    """Microseconds since 1970 of texts."""
    times, wrong = rfc3339.parse(texts)
    if wrong.any():
        faults.add(cell, np.flatnonzero(wrong).tolist(), _NOT_A_TIME, "rfc_3339")
    return times


def require_values(
    values: NDArray[np.float64], statuses: NDArray[np.uint32], faults: Faults, *, cell: str = "value"
) -> None:
    """Only a Bad reading may have no value, which is NaN here; none is infinite."""
    none = np.isnan(values) & ~are_bad(statuses)
    if none.any():
        message = "must be a finite number; only a reading of which the status is Bad has none"
        faults.add(cell, np.flatnonzero(none).tolist(), message, "plant.reading.no_value")
    infinite = np.isinf(values)
    if infinite.any():
        faults.add(cell, np.flatnonzero(infinite).tolist(), "must be a finite number", "plant.reading.not_finite")


def bad_where(wrong: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Bad where something says so, else Good."""
    return np.where(wrong, np.uint32(BAD), np.uint32(GOOD))


def by_row(row: int, cell: str) -> str:
    """The place of a cell where a body lists readings."""
    return f"readings.{row}.{cell}"


Decoder = Callable[[bytes], Incoming]
"""Bytes of one format as readings, or a refusal that names what is wrong."""
