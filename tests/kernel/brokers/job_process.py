"""The parts of the job process that carry events, as a process of its own, made to be killed.

Arguments: the database's address and the brokers' addresses.
"""

import asyncio
import sys
from datetime import timedelta

from foodflow.kernel import carrying, relay
from foodflow.kernel.brokers import broker_of, relaying
from foodflow.kernel.carrying import Carrier
from foodflow.kernel.db import Database
from foodflow.kernel.webhooks import sending
from tests.kernel.webhooks.make import LOCAL, SEALER


async def work(url: str, brokers: list[str]) -> None:
    """Relay, carry and publish until killed."""
    sending.LEASE = timedelta(seconds=2)  # so that nobody waits long for what a killed process had taken
    database = Database(url, pool_size=8)
    await asyncio.gather(
        relay.run(database, [carrying.to_carrier]),
        Carrier(database, sealer=SEALER, post=LOCAL).run(),
        *(relaying.run(database, broker_of(each), address=LOCAL.address) for each in brokers),
    )


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2:]))
