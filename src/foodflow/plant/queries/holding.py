"""Holding in this process what it wrote, so that of rows that nobody has changed since only the versions are read."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Version = bytes
"""The number of the transaction that wrote a row (xmin): whoever changes a row, its version is another one. A database
that is set back gives numbers a second time, so whoever asks has to know by the content as well.
"""


@dataclass(slots=True)
class _Written:
    """What a transaction wrote: `contents` (n, size) of rows, their `keys` rising; `current` of them still stand."""

    keys: NDArray[np.int32]
    contents: NDArray[np.uint8]
    current: int


class Held:
    """Equally long contents of at most so many rows, by key and version; what was written first leaves first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0
        self._written: dict[Version, _Written] = {}

    def __len__(self) -> int:
        return self._count

    def find(
        self, keys: NDArray[np.int32], versions: Sequence[Version | None], otherwise: NDArray[np.uint8]
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """What rows contain, (n, size), and which of them are held; in place of the others stands what stands there
        `otherwise`. Nobody may change what is given.
        """
        of_first = self._written.get(versions[0] or b"") if versions else None
        if of_first is not None and len(set(versions)) == 1 and np.array_equal(of_first.keys, keys):
            return of_first.contents, np.ones(len(keys), np.bool_)
        found, are_held, places = otherwise.copy(), np.zeros(len(keys), np.bool_), defaultdict[Version, list[int]](list)
        for place, version in enumerate(versions):
            if version in self._written:
                places[version].append(place)
        for version, at in places.items():
            written, mine = self._written[version], np.array(at)
            rows = np.minimum(np.searchsorted(written.keys, keys[mine]), len(written.keys) - 1)
            are_there = written.keys[rows] == keys[mine]
            found[mine[are_there]] = written.contents[rows[are_there]]
            are_held[mine[are_there]] = True
        return found, are_held

    def replace(
        self,
        before: Sequence[Version | None],
        keys: NDArray[np.int32],
        version: Version,
        contents: NDArray[np.uint8],
    ) -> None:
        """Hold what rows (by rising key) contain now in place of what they did `before`. Where that is rolled back
        nothing is wrong: then the rows are of other versions, which are read.
        """
        for old, count in Counter(before).items():
            written = self._written.get(old or b"")
            if written is not None:
                written.current -= count
                if written.current <= 0:
                    self._drop(old or b"")
        self._drop(version)
        self._written[version] = _Written(keys, contents, len(keys))
        self._count += len(keys)
        while self._count > self._most:
            self._drop(next(iter(self._written)))

    def _drop(self, version: Version) -> None:
        written = self._written.pop(version, None)
        if written is not None:
            self._count -= len(written.keys)
