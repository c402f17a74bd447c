"""A process beside this one: what it works out is what this one would, and it is never left behind."""

import math
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import psutil
import pytest

from foodflow.kernel.beside import Beside
from foodflow.kernel.processes import has_ended, wait_until

START_AND_WAIT = """
import asyncio, os, sys, time
from foodflow.kernel.beside import Beside
beside, own = Beside(), os.getpid()
async def elsewhere():
    while (found := await beside.call(os.getpid)) == own:
        await asyncio.sleep(0.01)
    return found
print(asyncio.run(elsewhere()), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def beside() -> Iterator[Beside]:
    found = Beside()
    yield found
    found.close()


async def process_of(beside: Beside) -> int:
    """The process in which things are worked out, once it is another one than this."""
    while (found := await beside.call(os.getpid)) == os.getpid():
        pass
    return found


async def test_before_the_process_is_there_the_work_is_done_here(beside: Beside) -> None:
    assert await beside.call(os.getpid) == os.getpid()


async def test_work_is_done_in_another_process_and_stays_in_the_same_one(beside: Beside) -> None:
    elsewhere = await process_of(beside)
    assert await beside.call(os.getpid) == elsewhere
    assert await beside.call(math.gcd, 12, 18) == 6


@pytest.mark.parametrize("count", [0, 1, 100_000, 5_000_000])
async def test_arrays_arrive_as_they_are_however_large(beside: Beside, count: int) -> None:
    """Also those that are more than the memory that both have, and those that lie scattered."""
    await process_of(beside)
    whole, rows = np.arange(count) + 0.5, np.arange(3 * count, dtype=np.int32).reshape(-1, 3)
    assert np.array_equal(await beside.call(np.negative, whole), -whole)
    assert np.array_equal(await beside.call(np.negative, rows[:, 1]), -rows[:, 1])
    first, second = await beside.call(np.broadcast_arrays, whole, np.ones(count, np.bool_))
    assert np.array_equal(first, whole)
    assert second.all()


async def test_what_was_given_back_is_not_changed_by_the_next_call(beside: Beside) -> None:
    await process_of(beside)
    given = [np.full(1000, number) for number in range(3)]
    found = [await beside.call(np.asarray, each) for each in given]
    assert all(np.array_equal(*each) for each in zip(found, given, strict=True))


async def test_a_fault_is_raised_where_the_work_was_asked_for(beside: Beside) -> None:
    await process_of(beside)
    with pytest.raises(ValueError, match="math domain error"):
        await beside.call(math.sqrt, -1.0)
    assert await beside.call(math.sqrt, 4.0) == 2


async def test_when_the_process_is_killed_the_work_is_done_all_the_same(beside: Beside) -> None:
    gone = await process_of(beside)
    os.kill(gone, signal.SIGKILL)
    assert await beside.call(math.sqrt, 9.0) == 3
    assert await process_of(beside) != gone


async def test_closing_ends_the_process(beside: Beside) -> None:
    process = psutil.Process(await process_of(beside))
    beside.close()
    assert has_ended(process)


def test_the_process_ends_when_the_one_that_it_works_for_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        process = psutil.Process(int(owner.stdout.readline()))
        owner.kill()
    assert wait_until(lambda: has_ended(process), seconds=10)
