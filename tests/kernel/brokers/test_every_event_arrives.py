"""The ledger of events under kill -9: the job process and every receiver are killed, and each event still arrives."""

import asyncio
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import nats.errors

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database
from tests.kernel.brokers.inboxes import taken_by
from tests.kernel.brokers.servers import Server, serving
from tests.kernel.webhooks.make import Noted, row, tell
from tests.kernel.webhooks.receiver import Receiver, start
from tests.make import until

ROOT = Path(__file__).parents[3]
SUBJECTS, TURNS, EACH = 4, 5, 10
PATIENCE = 90

Arrived = dict[str, dict[str, list[int]]]
"""By receiver, of each subject the numbers in the order in which they first arrived."""


class JobProcess:
    """What carries events, which is killed and begun again."""

    def __init__(self, *arguments: str) -> None:
        self.command = [sys.executable, "-m", "tests.kernel.brokers.job_process", *arguments]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, cwd=ROOT, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def in_order(events: Iterable[dict[str, Any]], run: str) -> dict[str, list[int]]:
    """Of each subject the numbers in the order in which they first arrived; one id stands for one number."""
    numbers: dict[str, dict[int, None]] = {}
    ids: dict[tuple[str, int], str] = {}
    for event in events:
        subject, number = event["subject"], event["data"].get("number")
        if run in subject:
            numbers.setdefault(subject, {}).setdefault(number)
            assert ids.setdefault((subject, number), event["id"]) == event["id"]
    return {subject: list(found) for subject, found in numbers.items()}


class Stage:
    """The receivers, and the job process between them and the outbox; each can be killed and begun again."""

    def __init__(self, database: Database, nats: Server, redis: Server) -> None:
        self.receiver, self.nats, self.redis = Receiver(seconds=0.02), nats, redis
        self.web = start(self.receiver)
        self.jobs = JobProcess(database.url, nats.url, redis.url)

    def hang_up(self) -> None:
        self.web.shutdown()
        self.web.server_close()

    async def kill_at_work(self) -> None:
        """Kill the job process in the middle of its work, and begin another."""
        before = len(self.receiver.got)
        await until(lambda: len(self.receiver.got) > before + SUBJECTS, seconds=PATIENCE)
        self.jobs.kill()

    async def kill_a_receiver(self, turn: int) -> None:
        """Have one of the receivers away for a while, one after the other."""
        away, back = {
            1: (self.nats.kill, self.nats.start),
            2: (self.redis.kill, self.redis.start),
            3: (self.hang_up, self.serve_again),
        }.get(turn, (int, int))
        away()
        self.jobs.start()
        await asyncio.sleep(3 if turn in {1, 2, 3} else 0)
        back()

    def serve_again(self) -> None:
        self.web = start(self.receiver)

    async def arrived(self, run: str) -> Arrived:
        found = {"webhook": in_order([got.event for got in list(self.receiver.got)], run)}
        for server in (self.nats, self.redis):
            with suppress(OSError, TimeoutError, nats.errors.Error):
                found[server.kind] = in_order([event for _, event in await taken_by(server, "demo")], run)
        return found

    async def arrived_at_last(self, run: str, wanted: Arrived) -> Arrived:
        """What has arrived when everything has, or when patience ends."""
        found = await self.arrived(run)
        for _ in range(PATIENCE):
            if found == wanted:
                break
            await asyncio.sleep(1)
            found = await self.arrived(run)
        return found


async def test_each_event_arrives_everywhere_in_order_whoever_is_killed(
    database: Database, demo: Actor, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    run = uuid4().hex
    for kind in ("nats", "redis"):
        (tmp_path / kind).mkdir()
    with serving("nats", tmp_path / "nats") as stream, serving("redis", tmp_path / "redis") as redis:
        stage = Stage(database, stream, redis)
        url = {"url": stage.receiver.url, "types": ["plant.note.*"]}
        assert (await client.post("/api/v1/webhooks", json=url)).status_code == 201
        try:
            for turn in range(TURNS):
                for number in range(turn * EACH, (turn + 1) * EACH):
                    await tell(database, demo, *(Noted(thing=f"{run}-{s}", number=number) for s in range(SUBJECTS)))
                await stage.kill_at_work()
                await stage.kill_a_receiver(turn)
            each = {f"note/{run}-{subject}": list(range(TURNS * EACH)) for subject in range(SUBJECTS)}
            wanted = dict.fromkeys(("webhook", "nats", "redis"), each)
            found = await stage.arrived_at_last(run, wanted)
        finally:
            stage.jobs.kill()
            stage.hang_up()
    assert found == wanted
    assert len({got.event["id"] for got in stage.receiver.got}) == TURNS * EACH * SUBJECTS
    count = "SELECT count(*), count(DISTINCT id) FROM kept_events WHERE subject LIKE :run"
    assert tuple(await row(database, demo, count, run=f"note/{run}%")) == (TURNS * EACH * SUBJECTS,) * 2
