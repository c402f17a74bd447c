"""Something done while something else goes on, in one transaction: the database works while the process computes."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def meanwhile(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Have `work` done while the block goes on; both are done at its end.

    Where the block fails or is given up, so is the work. Where the work failed, that is told: it made the transaction
    useless for the block.
    """
    task = asyncio.ensure_future(work)
    try:
        yield
        await task
    except BaseException as fault:
        task.cancel()
        [outcome] = await asyncio.gather(task, return_exceptions=True)
        if isinstance(fault, Exception) and isinstance(outcome, Exception) and outcome is not fault:
            raise outcome from fault
        raise
