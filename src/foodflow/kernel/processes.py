"""Operating system processes: start one as a group of its own, say how it ended, and leave nothing of it behind."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import psutil

LOG_CAP = 10 * 1024 * 1024
_TICK = 0.02
_SECONDS_TO_KILL = 10.0
_LAST_BYTES = 16 * 1024


def wait_until(done: Callable[[], bool], seconds: float) -> bool:
    """Ask again and again until it is so, or until the time is up; tells which of the two."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_TICK)
    return True


def has_ended(process: psutil.Process) -> bool:
    """Whether it runs no more; one that only waits to be reaped by its parent has ended."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def how_ended(code: int) -> str:
    """An exit code as Python gives it, in words: negative is the number of a signal."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


def open_log(path: Path) -> BinaryIO:
    """Open a log to append to; one that has grown past 10 MB is first set aside as `.1`, in place of an older one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        if path.stat().st_size > LOG_CAP:
            path.replace(path.with_name(f"{path.name}.1"))
    return path.open("ab")


def lines_since(path: Path, offset: int) -> list[str]:
    """The last lines of a log that were written after `offset`, at most 16 KB of them; none when it cannot be read."""
    try:
        with path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(offset, size - _LAST_BYTES))
            return log.read().decode(errors="replace").splitlines()
    except OSError:
        return []


class Part:
    """One part of FoodFlow as a running process: leader of its own session and group, with its own log."""

    def __init__(self, name: str, argv: Sequence[str], *, environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        with open_log(log) as output:
            self._offset = output.tell()
            self._process = subprocess.Popen(
                argv,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process, its group and its session: one number."""
        return self._process.pid

    def poll(self) -> int | None:
        """The exit code (negative: the signal), or None while it runs."""
        return self._process.poll()

    def last_lines(self, count: int = 15) -> list[str]:
        """What it said last since it was started."""
        return lines_since(self.log, self._offset)[-count:]

    def stop(self, grace: float = 10.0) -> None:
        """End it and all it started: ask the group (SIGTERM), wait up to `grace` seconds, then kill what is left."""
        _signal_group(self.pid, signal.SIGTERM)
        if not wait_until(self._is_gone, grace):
            _signal_group(self.pid, signal.SIGKILL)
            wait_until(self._is_gone, grace)

    def _is_gone(self) -> bool:
        return self._process.poll() is not None and not _group_lives(self.pid)


def kill_all_that_carry(token: str) -> None:
    """Kill all other processes that have a variable of this value in their environment, until there is none.

    A child inherits its parent's environment, so this finds what a part has started whatever became of its parents.
    """
    wait_until(lambda: _killed(_carriers(token)) == 0, _SECONDS_TO_KILL)


def _killed(processes: Sequence[psutil.Process]) -> int:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    return len(processes)


def _carriers(token: str) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if process.pid != os.getpid() and _carries(process, token)]


def _carries(process: psutil.Process, token: str) -> bool:
    try:
        return token in process.environ().values() and not has_ended(process)
    except (psutil.Error, OSError):  # somebody else's, or gone in this moment
        return False


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
        os.killpg(group, number)


def _group_lives(group: int) -> bool:
    """Whether a group has a member that is more than a zombie, which its adopted parent may never reap."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return any(_group_of(process.pid) == group and not has_ended(process) for process in psutil.process_iter())


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except OSError:
        return None
