"""The audiences of this process: begun when somebody comes to a session, ended a while after the last one left."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from foodflow.kernel.db import Database
from foodflow.kernel.live.hub import Hub
from foodflow.kernel.tenancy import TenantName
from foodflow.live.usecases.audience import Audience
from foodflow.live.usecases.members import Member

_LINGER_SECONDS = 15.0
"""How long an audience goes on without anybody: who polls comes every few seconds."""


class Audiences:
    """One audience for each session that somebody is connected to."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self._database, self._hub = database, hub
        self._audiences: dict[tuple[TenantName, int], _Running] = {}

    async def of(self, tenant: TenantName, session_id: int) -> Audience:
        """The audience of a session, as it is now; raises SessionNotFound."""
        key = (tenant, session_id)
        running = self._audiences.get(key)
        if running is None or running.task.done():
            running = self._audiences[key] = _Running(Audience(self._database, self._hub, tenant, session_id))
            running.task.add_done_callback(lambda _: self._forget(key, running))
        await running.begun()
        running.linger(_LINGER_SECONDS)
        return running.audience

    @contextmanager
    def seated(self, audience: Audience, member: Member) -> Iterator[None]:
        """Have a connection told what happens while the block runs."""
        audience.enter(member)
        try:
            yield
        finally:
            audience.leave(member)

    async def stop(self) -> None:
        """End every audience and every connection to one."""
        tasks = [running.task for running in self._audiences.values()]
        for running in list(self._audiences.values()):
            running.end()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, key: tuple[TenantName, int], running: "_Running") -> None:
        if self._audiences.get(key) is running:
            del self._audiences[key]


class _Running:
    """An audience and its task."""

    def __init__(self, audience: Audience) -> None:
        self.audience = audience
        self._begun = asyncio.Event()
        self.task = asyncio.create_task(audience.listen(self._begun), name=f"audience {audience.session_id}")
        self._ending: asyncio.TimerHandle | None = None

    async def begun(self) -> None:
        """Wait until the session was read; raises what went wrong with it."""
        if self._begun.is_set():
            return
        waiting = asyncio.ensure_future(self._begun.wait())
        await asyncio.wait({self.task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self.task.done() and not self._begun.is_set():
            self.task.result()

    def linger(self, seconds: float) -> None:
        """Go on for at least so long."""
        if self._ending is not None:
            self._ending.cancel()
        self._ending = asyncio.get_running_loop().call_later(seconds, self._end_if_empty, seconds)

    def _end_if_empty(self, seconds: float) -> None:
        if self.audience.members:
            self.linger(seconds)
        else:
            self.end()

    def end(self) -> None:
        """Send everybody away, and end."""
        if self._ending is not None:
            self._ending.cancel()
        self.audience.end()
        self.task.cancel()
