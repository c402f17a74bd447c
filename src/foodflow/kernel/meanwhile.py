"""Something done while something else goes on, in one transaction: the database works while the process computes."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

Thing = TypeVar("Thing")
Result = TypeVar("Result")

_AT_ONCE: Final = 8


@asynccontextmanager
async def meanwhile(work: Coroutine[Any, Any, Result]) -> AsyncIterator[asyncio.Task[Result]]:
    """Have `work` done while the block goes on; both are done at its end, when the task has its result.

    Where the block fails or is given up, so is the work. Where the work failed, that is told: it made the transaction
    useless for the block.
    """
    task = asyncio.ensure_future(work)
    try:
        yield task
        await task
    except BaseException as fault:
        task.cancel()
        [outcome] = await asyncio.gather(task, return_exceptions=True)
        if isinstance(fault, Exception) and isinstance(outcome, Exception) and outcome is not fault:
            raise outcome from fault
        raise


async def giving_way(things: Iterable[Thing]) -> AsyncIterator[Thing]:
    """One thing after the other, and after every few of them whoever else waits goes on. What is much to send goes
    through a socket piece by piece: otherwise the database would wait for the rest until all things are done.
    """
    for number, thing in enumerate(things, 1):
        yield thing
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
