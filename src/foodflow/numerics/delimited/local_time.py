"""Times of a clock on the wall turned into UTC."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

import numpy as np
from numpy.typing import NDArray

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
MICROSECONDS_PER_DAY: Final = 86_400_000_000


def microseconds(at: datetime) -> int:
    """Microseconds since 1970 of an aware time, or of a naive one read as if it were UTC."""
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (aware - EPOCH) // MICROSECOND


@dataclass(slots=True)
class LocalClock:
    """Reads the local times of one zone in the order of the file.

    A time that the clocks jumped over in spring does not exist and is refused. A time that comes
    twice in autumn is the first of the two if it lies after the previous time of the same key
    (sensor), else the second if that does, else refused: right for files in ascending order that
    hold both passes; `ambiguous` counts how often it had to be decided.
    """

    zone: tzinfo
    ambiguous: int = 0
    _latest: dict[Hashable, int] = field(default_factory=dict)

    def to_utc(self, local: NDArray[np.int64], keys: Sequence[Hashable]) -> tuple[NDArray[np.int64], dict[int, str]]:
        """Turn local microseconds (n) into UTC; also return the reasons of the refused, by place.

        `keys` (n) name whose time it is, so that the order is followed for each on its own.
        """
        if self.zone is UTC:
            return local, {}
        days, day = np.unique(local // MICROSECONDS_PER_DAY, return_inverse=True)
        offsets = [self._offset_of_day(int(each)) for each in days]
        if None in offsets:
            return self._in_order(local, keys)
        result = local - np.array(offsets, dtype=np.int64)[day]
        self._latest.update(zip(keys, result.tolist(), strict=True))
        return result, {}

    def _in_order(self, local: NDArray[np.int64], keys: Sequence[Hashable]) -> tuple[NDArray[np.int64], dict[int, str]]:
        """Turn a part in which the clocks change, row by row."""
        result, bad = np.zeros_like(local), {}
        for place, (wall, key) in enumerate(zip(local.tolist(), keys, strict=True)):
            instant, reason = self._instant(wall, key)
            if instant is None:
                bad[place] = reason
            else:
                result[place] = self._latest[key] = instant
        return result, bad

    def _instant(self, wall: int, key: Hashable) -> tuple[int | None, str]:
        first, second = wall - self._offset(wall, fold=0), wall - self._offset(wall, fold=1)
        if first == second:
            return first, ""
        if first > second:
            return None, f"this time does not exist in {self.zone}: the clocks went forward"
        latest = self._latest.get(key)
        for instant in (first, second):
            if latest is None or instant > latest:
                self.ambiguous += 1
                return instant, ""
        return (
            None,
            f"this time comes twice in {self.zone} and the order of rows does not tell which",
        )

    def _offset_of_day(self, day: int) -> int | None:
        """Offset to UTC that holds all through a local day; None if the clocks change on it."""
        start = day * MICROSECONDS_PER_DAY
        ends = (start, start + MICROSECONDS_PER_DAY - 1)
        offsets = {self._offset(wall, fold=fold) for wall in ends for fold in (0, 1)}
        return offsets.pop() if len(offsets) == 1 else None

    def _offset(self, wall: int, *, fold: int) -> int:
        local = (EPOCH + timedelta(microseconds=wall)).replace(tzinfo=self.zone, fold=fold)
        return (local.utcoffset() or timedelta()) // MICROSECOND
