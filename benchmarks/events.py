"""Events: telling and relaying, against writing and deleting the same rows in a plain table."""

import json
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import text

from benchmarks.installation import installation
from benchmarks.measuring import Figure, in_turn
from foodflow.kernel import events, relay
from foodflow.kernel.db import platform_transaction, tenant_transaction

EVENTS = 2000


@dataclass(frozen=True, kw_only=True)
class Measured(events.Event):
    """An event of a usual size."""

    type: ClassVar[str] = "benchmark.measured"
    needs: ClassVar[str] = "plant.read"

    number: int
    name: str = "a name of usual length"

    @property
    def subject(self) -> str:
        return f"benchmark/{self.number % 100}"


async def run() -> list[Figure]:
    """Events a second from `tell` through the relay to open pages."""
    async with installation() as place:
        async with platform_transaction(place.database) as session:
            await session.execute(
                text("CREATE TABLE plain (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, data jsonb)")
            )

        async def ours() -> None:
            async with tenant_transaction(place.database, place.actor) as session:
                for number in range(EVENTS):
                    events.tell(session, Measured(number=number))
            while await relay.deliver_once(place.database, (relay.to_live,)):
                pass

        async def plain() -> None:
            rows = json.dumps([{"number": number, "name": "a name of usual length"} for number in range(EVENTS)])
            async with platform_transaction(place.database) as session:
                await session.execute(
                    text("INSERT INTO plain (data) SELECT * FROM jsonb_array_elements(CAST(:rows AS jsonb))"),
                    {"rows": rows},
                )
            async with platform_transaction(place.database) as session:
                await session.execute(text("DELETE FROM plain"))

        took, limit = await in_turn(ours, plain)
    return [Figure("events told, relayed and marked", EVENTS / took, EVENTS / limit, "events/s")]
