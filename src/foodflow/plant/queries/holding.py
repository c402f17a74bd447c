"""Holding in this process what rows of the database contain, so that only their versions need to be read."""

from collections.abc import Iterable
from itertools import islice

Version = tuple[int, bytes | None]
"""A row's key, and the number of the transaction that wrote it (xmin). Whoever changes a row, its version is another
one; that numbers begin again after 4,000 million transactions does not matter, for the oldest are dropped long before.
"""


class Held:
    """Equally long contents of rows by their versions, of at most so many rows; those held longest leave first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._contents: dict[Version, bytes] = {}

    def __len__(self) -> int:
        return len(self._contents)

    def found(self, versions: Iterable[Version]) -> list[bytes | None]:
        """What rows contain, None where it is not held."""
        return [self._contents.get(version) for version in versions]

    def replace(self, before: Iterable[Version], now: Iterable[Version], together: bytes, *, size: int) -> None:
        """Hold what rows contain now, one after the other in `together`, in place of what they did before. Nothing is
        wrong where that is rolled back: the old versions are read again.
        """
        for version in before:
            self._contents.pop(version, None)
        start = 0
        for version in now:
            self._contents[version] = together[start : start + size]
            start += size
        for version in list(islice(self._contents, max(len(self._contents) - self._most, 0))):
            del self._contents[version]
