"""A relay as a process of its own, made to be killed: it appends each event to a file, to the disk, before it marks it.

Arguments: the database's address, the file, and how many events it takes at once.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import relay
from foodflow.kernel.db import Database
from foodflow.kernel.events import Envelope

PAUSE = 0.03


async def deliver(url: str, path: Path, batch: int) -> None:
    """Deliver until killed, dawdling between delivery and mark."""
    database = Database(url, pool_size=2)
    with path.open("ab") as file:

        async def to_file(_session: AsyncSession, envelopes: Sequence[Envelope]) -> None:
            for envelope in envelopes:
                line = {"id": str(envelope.id), "sequence": envelope.sequence, "tenant": envelope.tenant}
                line |= {"subject": envelope.subject, "data": envelope.data, "relay": os.getpid()}
                file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
            await asyncio.sleep(PAUSE)

        while True:
            if not await relay.deliver_once(database, [to_file], batch=batch):
                await asyncio.sleep(0.002)


if __name__ == "__main__":
    asyncio.run(deliver(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
