"""Doing together what many ask for at the same time: what comes while one batch is at work is the next batch."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")
DoneT = TypeVar("DoneT")


class Batches(Generic[ItemT, DoneT]):
    """Does items in batches, one batch after the other; alone, an item waits for nobody.

    `work` answers each item of a batch in its place, with an exception for one that failed alone; if it raises, all
    items of the batch have failed.
    """

    def __init__(self, work: Callable[[Sequence[ItemT]], Awaitable[Sequence[DoneT | Exception]]], *, size: int) -> None:
        self._work = work
        self._size = size
        self._waiting: list[tuple[ItemT, asyncio.Future[DoneT]]] = []
        self._task: asyncio.Task[None] | None = None

    async def do(self, item: ItemT) -> DoneT:
        """Have an item done in the next batch."""
        future: asyncio.Future[DoneT] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None:
            self._task = asyncio.create_task(self._work_off())
        return await future

    async def _work_off(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(0)  # whoever is about to come comes along
                batch, self._waiting = self._waiting[: self._size], self._waiting[self._size :]
                await self._one(batch)
        finally:
            self._task = None

    async def _one(self, batch: list[tuple[ItemT, asyncio.Future[DoneT]]]) -> None:
        try:
            answers: Sequence[DoneT | Exception] = await self._work([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - whoever waits for an item learns of it
            answers = [error] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():  # whoever waited is gone
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
