"""Events: telling and relaying, against writing and deleting the same rows in a plain table."""

import json
import shutil
import socket
import statistics
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from sqlalchemy import text

from benchmarks.installation import Installation, installation
from benchmarks.measuring import RUNS, Figure, in_turn
from foodflow.kernel import carrying, events, relay
from foodflow.kernel.brokers import Publication, broker_of, relaying
from foodflow.kernel.db import platform_transaction, tenant_transaction

EVENTS = 2000

Work = Callable[[], Awaitable[object]]


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
        return [
            Figure("events told, relayed and marked", EVENTS / took, EVENTS / limit, "events/s"),
            await _kept(place, ours),
            *[figure for kind in ("nats", "redis") if (figure := await _published(place, kind))],
        ]


async def _kept(place: Installation, tell: Work) -> Figure:
    """Taking events into the log, against telling and relaying them."""
    async with platform_transaction(place.database) as session:
        await session.execute(text("INSERT INTO event_carriers (tenant, sequence) VALUES ('demo', 0)"))

    async def keep() -> None:
        while await carrying.keep_once(place.database, place.actor.tenant):
            pass

    await keep()
    kept, told = [], []
    for _ in range(RUNS):
        told.append(await timed(tell))
        kept.append(await timed(keep))
    took, limit = statistics.median(kept), statistics.median(told)
    return Figure("events kept in the log", EVENTS / took, EVENTS / limit, "events/s, limit: telling them")


async def _published(place: Installation, kind: str) -> Figure | None:
    """From the outbox to a broker, against a loop that publishes the same bodies and keeps no place."""
    with TemporaryDirectory() as folder, serving(kind, Path(folder)) as url:
        if url is None:
            return None
        broker = broker_of(url)
        await relaying.enrol(place.database, broker)
        await broker.connect()
        async with platform_transaction(place.database) as session:
            envelopes = await relay.since(session, "demo", 0, limit=EVENTS)
        bodies = [Publication.of(each, "") for each in envelopes]
        bare = [replace(each, id=f"bare-{each.id}") for each in bodies]
        again = text("UPDATE broker_cursors SET sequence = 0")

        async def ours() -> None:
            async with platform_transaction(place.database) as session:
                await session.execute(again)
            done = 0
            while done < EVENTS:
                done += await relaying.publish_once(place.database, broker, address="")

        async def loop() -> None:
            for start in range(0, EVENTS, relaying.BATCH):
                await broker.publish(bare[start : start + relaying.BATCH])

        took, limit = await in_turn(ours, loop)
        await broker.close()
    return Figure(f"events relayed to {kind}", EVENTS / took, EVENTS / limit, "events/s, limit: a bare loop")


async def timed(work: Work) -> float:
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


@contextmanager
def serving(kind: str, folder: Path) -> Iterator[str | None]:
    """A broker of this benchmark's own, or None where its program is not installed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    commands = {
        "nats": ["nats-server", "-a", "127.0.0.1", "-p", port, "-js", "-sd", str(folder)],
        "redis": ["redis-server", "--bind", "127.0.0.1", "--port", port, "--dir", str(folder), "--appendonly", "yes"],
    }
    program = shutil.which(commands[kind][0], path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin")
    if program is None:
        yield None
        return
    with subprocess.Popen([program, *commands[kind][1:]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        try:
            for _ in range(200):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", int(port))) == 0:
                        break
                time.sleep(0.05)
            yield f"{kind}://127.0.0.1:{port}"
        finally:
            run.kill()
