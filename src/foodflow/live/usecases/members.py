"""Members of an audience: one connection each, which is told what it missed and never waited for."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Final

from foodflow.live.rules.seats import Seat

_MOST_WAITING: Final = 64
REMOVED, OVER, STARTING_OVER = 4403, 1001, 1013
"""What a socket is closed with: its participant was removed; nothing more comes; too much waits for this one."""


class Member:
    """A connection to a live session; `participant_id` is whose it is, None for who only looks. `write` writes to it at
    once, and says whether it could; what it cannot take waits for `next`, as does all where there is none.
    """

    __slots__ = ("_is_sending", "_news", "_waiting", "closed", "participant_id", "seat", "write")

    def __init__(self, seat: Seat, participant_id: int | None) -> None:
        self.seat = seat
        self.participant_id = participant_id
        self.closed: int | None = None
        self.write: Callable[[str], bool] | None = None
        self._is_sending = False
        self._waiting: deque[str] = deque()
        self._news = asyncio.Event()

    def offer(self, frame: str) -> None:
        """Tell the member a frame, after all others. Who does not read is sent away, and finds the present state when
        they come again.
        """
        if self.closed is not None:
            return
        is_next = not self._waiting and not self._is_sending
        if is_next and self.write is not None and self.write(frame):
            return
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append(frame)
            self._news.set()
        else:
            self._waiting.clear()
            self.close(STARTING_OVER)

    def close(self, code: int) -> None:
        """End the connection, after what still waits."""
        if self.closed is None:
            self.closed = code
            self._news.set()

    async def next(self, seconds: float | None = None) -> str | None:
        """The next frame that waits, which counts as sent when this is asked again; None after the last one, or when
        none came for so many seconds.
        """
        self._is_sending = False
        while not self._waiting:
            if self.closed is not None:
                return None
            self._news.clear()
            if seconds is None:
                await self._news.wait()
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), seconds)
            if not self._waiting:
                return None
        self._is_sending = True
        return self._waiting.popleft()
