"""The outbox under attack: overlapping writers, two relays, and kill -9 in the middle."""

import asyncio
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import events
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction, tenant_transaction, write_consequences
from foodflow.kernel.events import Event
from tests.make import CHANCE, until

COUNTED = ("counted/1",)
SUBJECTS = ("thing/1", "thing/2", *COUNTED)
WRITERS = 10
KILLS = 3
LONGEST_PAUSE = 0.05
TAKE_NUMBER = text("UPDATE numbers SET number = number + 1 WHERE subject = :subject RETURNING number")

Subject = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class ThingHappened(Event):
    type = "thing.happened"
    needs = "thing.read"
    about: str
    mark: str
    number: int = 0

    @property
    def subject(self) -> str:
        return self.about


class ChangedMyMindError(Exception):
    """A writer gives up its transaction."""


@dataclass
class Written:
    """What the writers know: each subject's marks in the order of their commits, and the marks that must not appear."""

    told: dict[Subject, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    taken_back: set[str] = field(default_factory=set)

    def in_order(self) -> dict[Subject, list[str]]:
        return {subject: [mark for _, mark in sorted(marks)] for subject, marks in self.told.items()}


@dataclass
class Writer:
    """Tells of one or two subjects at a time, in any order, with pauses everywhere, and takes some of it back."""

    name: int
    database: Database
    actor: Actor
    written: Written
    turns: Iterator[int]
    count: int = 0

    async def write(self) -> None:
        subjects = CHANCE.sample(SUBJECTS, CHANCE.randint(1, 2))
        self.count += 1
        marks = {subject: f"{self.name}-{self.count}-{subject}" for subject in subjects}
        turn = 0
        try:
            async with tenant_transaction(self.database, self.actor) as session:
                numbers = await take_numbers(session, subjects)
                for subject in subjects:
                    number = numbers.get(subject, 0)
                    events.tell(session, ThingHappened(about=subject, mark=marks[subject], number=number))
                await pause()
                await write_consequences(session)
                # From here to the commit nobody else tells of these subjects, so the turns of one are in commit order.
                turn = next(self.turns)
                await pause()
                sometimes_change_your_mind()
        except ChangedMyMindError:
            self.written.taken_back.update(marks.values())
        else:
            for subject, mark in marks.items():
                self.written.told[self.actor.tenant, subject].append((turn, mark))


async def take_numbers(session: AsyncSession, subjects: list[str]) -> dict[str, int]:
    """As deeds do that lock the row they are about, always in the same order."""
    counted = sorted(set(subjects).intersection(COUNTED))
    return {subject: (await session.scalars(TAKE_NUMBER, {"subject": subject})).one() for subject in counted}


def sometimes_change_your_mind() -> None:
    if CHANCE.random() < 0.25:
        raise ChangedMyMindError


async def pause() -> None:
    await asyncio.sleep(CHANCE.random() * LONGEST_PAUSE)


class Relays:
    """Relays in processes of their own, all at once on one outbox, and the file that they deliver to."""

    def __init__(self, url: str, path: Path, count: int) -> None:
        self.path = path
        path.touch()
        command = [sys.executable, str(Path(__file__).with_name("relay_process.py")), url, str(path), "20"]
        started = [subprocess.Popen(command) for _ in range(count)]
        self.processes = {process.pid: process for process in started}

    async def kill_the_one_at_work(self) -> None:
        """Kill the relay that delivers next, at once, before it marks what it delivered."""
        size = self.path.stat().st_size
        await until(lambda: self.path.stat().st_size > size, seconds=30)
        self.kill(delivered(self.path)[-1]["relay"])

    def kill(self, pid: int) -> None:
        process = self.processes.pop(pid)
        process.kill()
        process.wait()

    def kill_all(self) -> None:
        for pid in list(self.processes):
            self.kill(pid)


async def wait_until_delivered(database: Database) -> None:
    async with asyncio.timeout(30):
        while True:
            async with platform_transaction(database) as session:
                if await session.scalar(text("SELECT count(*) FROM outbox WHERE sequence IS NULL")) == 0:
                    return
            await asyncio.sleep(0.05)


async def attack(database: Database, actors: tuple[Actor, ...], path: Path) -> Written:
    """Write all the time, while one relay after the other is killed."""
    for actor in actors:
        async with tenant_transaction(database, actor) as session:
            await session.execute(text("CREATE TABLE numbers (subject text PRIMARY KEY, number int NOT NULL)"))
            start = text("INSERT INTO numbers SELECT unnest(CAST(:subjects AS text[])), 0")
            await session.execute(start, {"subjects": list(COUNTED)})
    written, turns = Written(), iter(range(1_000_000))
    writers = [Writer(n, database, actors[n % len(actors)], written, turns) for n in range(WRITERS)]
    done = asyncio.Event()

    async def keep_writing(writer: Writer) -> None:
        while not done.is_set():
            await writer.write()

    relays = Relays(database.url, path, KILLS + 1)
    try:
        async with asyncio.TaskGroup() as tasks:
            for writer in writers:
                tasks.create_task(keep_writing(writer))
            for _ in range(KILLS):
                await relays.kill_the_one_at_work()
                await asyncio.sleep(0.3)
            done.set()
        await wait_until_delivered(database)
    finally:
        relays.kill_all()
    return written


def delivered(path: Path) -> list[dict[str, Any]]:
    """What the relays wrote; a line that the kill cut off was not delivered."""
    lines = []
    for line in path.read_bytes().split(b"\n"):
        try:
            lines.append(json.loads(line))
        except ValueError:
            continue
    return lines


def first_deliveries(lines: list[dict[str, Any]]) -> dict[Subject, list[str]]:
    firsts: dict[Subject, dict[str, None]] = defaultdict(dict)
    for line in lines:
        firsts[line["tenant"], line["subject"]].setdefault(line["data"]["mark"])
    return {subject: list(marks) for subject, marks in firsts.items()}


@pytest.fixture(scope="module")
async def aftermath(
    database_url: str, demo: Actor, akron: Actor, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Written, list[dict[str, Any]]]:
    """What was written and what was delivered in one attack."""
    path = tmp_path_factory.mktemp("relay") / "delivered"
    database = Database(database_url, pool_size=WRITERS + 1)
    try:
        written = await attack(database, (demo, akron), path)
    finally:
        await database.close()
    return written, delivered(path)


async def test_every_committed_event_is_delivered_and_none_that_was_taken_back(
    aftermath: tuple[Written, list[dict[str, Any]]],
) -> None:
    written, lines = aftermath
    marks = {mark for marks in written.in_order().values() for mark in marks}
    assert len(marks) > 5 * WRITERS
    assert {line["data"]["mark"] for line in lines} == marks
    assert written.taken_back
    assert not marks & written.taken_back


async def test_each_subjects_events_are_first_delivered_in_the_order_of_their_commits(
    aftermath: tuple[Written, list[dict[str, Any]]],
) -> None:
    written, lines = aftermath
    assert first_deliveries(lines) == written.in_order()


async def test_the_numbers_that_deeds_took_under_a_row_lock_arrive_without_gap_and_in_order(
    aftermath: tuple[Written, list[dict[str, Any]]],
) -> None:
    _, lines = aftermath
    numbers: dict[Subject, dict[int, None]] = defaultdict(dict)
    for line in lines:
        if line["subject"] in COUNTED:
            numbers[line["tenant"], line["subject"]].setdefault(line["data"]["number"])
    assert len(numbers) == 2 * len(COUNTED)
    assert all(list(each) == list(range(1, len(each) + 1)) for each in numbers.values())


async def test_an_event_that_is_delivered_again_has_the_same_id(
    aftermath: tuple[Written, list[dict[str, Any]]],
) -> None:
    _, lines = aftermath
    ids: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        ids[line["data"]["mark"]].add(line["id"])
    assert all(len(each) == 1 for each in ids.values())
    assert len({id for each in ids.values() for id in each}) == len(ids)
    assert len(lines) > len(ids), "no relay was killed between delivery and mark, so nothing was proven"


async def test_sequence_numbers_have_no_gaps_and_no_twins_and_follow_each_subjects_order(
    aftermath: tuple[Written, list[dict[str, Any]]], database: Database
) -> None:
    written, _ = aftermath
    async with platform_transaction(database) as session:
        query = "SELECT sequence, tenant, subject, data ->> 'mark' AS mark FROM outbox ORDER BY sequence"
        rows = (await session.execute(text(query))).all()
        assert await session.scalar(text("SELECT sequence FROM relay")) == len(rows)
    assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))
    in_sequence: dict[Subject, list[str]] = defaultdict(list)
    for row in rows:
        in_sequence[row.tenant, row.subject].append(row.mark)
    assert in_sequence == written.in_order()
