"""The lifeline: one supervisor per home, and nobody who outlives it."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from foodflow.kernel import lifeline
from foodflow.kernel.processes import has_ended, wait_until

ADDRESS = "http://127.0.0.1:8000"
Start = Callable[..., "subprocess.Popen[str]"]

HOLD = """
import subprocess, sys
from pathlib import Path
from foodflow.kernel import lifeline
held = lifeline.hold(Path(sys.argv[1]), address="http://there:1")
# more
print(held.path, flush=True)
sys.stdin.read()
"""
CHILD = 'print(subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL).pid, flush=True)'
FOLLOW = """
import sys, time
from pathlib import Path
from foodflow.kernel import lifeline
lifeline.follow(Path(sys.argv[1]), lambda: print("lost", flush=True))
print("following", flush=True)
time.sleep(60)
"""

POOL = """
import multiprocessing, os, sys, time
from concurrent.futures import ProcessPoolExecutor
from foodflow.kernel import lifeline
if __name__ == "__main__":
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn, lifeline.end_with_parent) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(60)
"""


@pytest.fixture
def start() -> Iterator[Start]:
    """Start one of the programs above with an argument; it is killed afterwards if it still runs."""
    started = []

    def run(program: str, path: Path) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.defpath},
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def heard(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def test_a_second_holder_is_told_process_and_address_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "run" / "lock"
    with lifeline.hold(path, address=ADDRESS):
        with pytest.raises(lifeline.AlreadyHeldError, match=f"already runs at {ADDRESS} .process {os.getpid()}"):
            lifeline.hold(path, address="http://other:1")
        assert lifeline.holder(path) == lifeline.Holder(os.getpid(), ADDRESS)
    assert lifeline.holder(path) is None
    lifeline.hold(path, address=ADDRESS).release()


def test_a_follower_is_told_when_the_holder_is_killed(tmp_path: Path, start: Start) -> None:
    path = tmp_path / "lock"
    holder = start(HOLD, path)
    named = Path(heard(holder))
    lost = threading.Event()
    lifeline.follow(named, lost.set)
    assert not lost.wait(0.2)
    holder.kill()
    assert lost.wait(10)


def test_a_follower_that_comes_too_late_is_told_at_once(tmp_path: Path) -> None:
    held = lifeline.hold(tmp_path / "lock", address=ADDRESS)
    held.release()
    lost = threading.Event()
    lifeline.follow(held.path, lost.set)
    assert lost.wait(10)


def test_a_follower_does_not_take_the_next_supervisor_for_its_own(tmp_path: Path, start: Start) -> None:
    path = tmp_path / "lock"
    first = start(HOLD, path)
    named = Path(heard(first))
    first.kill()
    first.wait()
    with lifeline.hold(path, address=ADDRESS):
        lost = threading.Event()
        lifeline.follow(named, lost.set)
        assert lost.wait(10)


def test_a_child_of_the_holder_does_not_keep_the_lock(tmp_path: Path, start: Start) -> None:
    path = tmp_path / "lock"
    holder = start(HOLD.replace("# more", CHILD), path)
    child = int(heard(holder))
    assert heard(holder)
    holder.kill()
    holder.wait()
    try:
        os.kill(child, 0)
        lifeline.hold(path, address=ADDRESS, patience=5).release()
    finally:
        os.kill(child, signal.SIGKILL)


def test_the_next_supervisor_waits_for_the_parts_of_the_last_one(tmp_path: Path, start: Start) -> None:
    path = tmp_path / "lock"
    holder = start(HOLD, path)
    follower = start(FOLLOW, Path(heard(holder)))
    assert heard(follower) == "following"
    holder.kill()
    assert heard(follower) == "lost"
    with pytest.raises(lifeline.LifelineError, match="parts of an earlier run of FoodFlow have not ended"):
        lifeline.hold(path, address=ADDRESS, patience=0.2)
    follower.kill()
    lifeline.hold(path, address=ADDRESS, patience=10).release()


def test_two_who_want_the_lock_at_once_do_not_both_get_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    held: list[lifeline.Hold] = []
    refused: list[lifeline.LifelineError] = []

    def attempt() -> None:
        try:
            held.append(lifeline.hold(path, address=ADDRESS, patience=10))
        except lifeline.LifelineError as error:
            refused.append(error)

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(held), len(refused)) == (1, 7)
    held[0].release()
    assert wait_until(lambda: lifeline.holder(path) is None, 5)


def test_a_worker_of_a_pool_ends_with_the_process_that_owns_the_pool(tmp_path: Path, start: Start) -> None:
    owner = start(POOL, tmp_path)
    worker = psutil.Process(int(heard(owner)))
    owner.kill()
    assert wait_until(lambda: has_ended(worker), 10)


def test_files_of_runs_that_were_killed_do_not_pile_up(tmp_path: Path, start: Start) -> None:
    path = tmp_path / "lock"
    for _ in range(2):
        holder = start(HOLD, path)
        heard(holder)
        holder.kill()
        holder.wait()
    lifeline.hold(path, address=ADDRESS).release()
    assert [found.name for found in tmp_path.iterdir()] == ["lock"]
