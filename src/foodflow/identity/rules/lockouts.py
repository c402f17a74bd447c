"""How many failures at the door are borne, for how long it is shut after that, and what is counted."""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta

from foodflow.kernel.errors import TooMany

FORGOTTEN_AFTER = timedelta(days=1)
_PER_NAME_AND_ADDRESS, _PER_ADDRESS, _PER_NAME = 5, 30, 50
_FIRST, _LONGEST = timedelta(seconds=30), timedelta(minutes=15)
_MOST_DOUBLINGS = 10


class LockedOut(TooMany):
    """So many attempts have failed that none is looked at for a while, not even a right one."""

    code = "identity.locked_out"

    def __init__(self, left: timedelta) -> None:
        super().__init__("too many attempts have failed; wait and try again", retry_after=int(left.total_seconds()) + 1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try to prove who one is: the name as it was typed, and the address (or network) that it comes from."""

    name: str
    address: str

    @property
    def of_both(self) -> bytes:
        """What stands for this name from this address."""
        return _subject("both", self._known_as, self.address)

    @property
    def of_address(self) -> bytes:
        """What stands for the address."""
        return _subject("address", self.address)

    @property
    def of_name(self) -> bytes:
        """What stands for the name, whoever bears it, if anybody."""
        return _subject("name", self._known_as)

    @property
    def borne(self) -> dict[bytes, int]:
        """How many failures are borne for each subject that this attempt counts for."""
        return {self.of_both: _PER_NAME_AND_ADDRESS, self.of_address: _PER_ADDRESS, self.of_name: _PER_NAME}

    @property
    def _known_as(self) -> str:
        return self.name.strip().lower()


def shut_for(failures: int, borne: int) -> timedelta | None:
    """How long the door is shut after so many failures; doubles with each, up to a quarter of an hour."""
    if failures < borne:
        return None
    doublings = min(failures - borne, _MOST_DOUBLINGS)
    return min(_FIRST * (1 << doublings), _LONGEST)


def _subject(*labels: str) -> bytes:
    return hashlib.sha256(json.dumps(labels).encode()).digest()
