"""The PostgreSQL that runs on a data directory: find it, whoever started it, and stop it with all its processes."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil

from foodflow.kernel.processes import has_ended, wait_until

_NAME = "postgres"
_STATUS_LINE = 7
# Fast shutdown, then immediate (the next start recovers from the log), then by force; seconds to wait after each.
_WAYS_TO_STOP = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))
# A server process notices by itself that its postmaster is gone, unless it is in the middle of a long computation.
_NOTICE = 2.0


def data_directory(home: Path) -> Path:
    """Where the database of a home folder lies."""
    return home / "postgres"


def running(data: Path) -> psutil.Process | None:
    """The postmaster of this data directory, or None; a stale postmaster.pid names a process that is not one."""
    lines = _pid_file(data)
    if not lines or not lines[0].strip().isdigit():
        return None
    try:
        process = psutil.Process(int(lines[0]))
    except psutil.NoSuchProcess:
        return None
    return process if _works_in(process, data) else None


def is_ready(data: Path, pid: int) -> bool:
    """Whether the postmaster with this process id has said in its postmaster.pid that it accepts connections."""
    lines = _pid_file(data)
    return len(lines) > _STATUS_LINE and lines[0].strip() == str(pid) and lines[_STATUS_LINE].strip() == "ready"


def stop(data: Path, pid: int | None = None) -> None:
    """Stop the server of a data directory and wait for its end; harmless when none runs or it is stopping already.

    `pid` is its postmaster's where the caller knows it: one that has just started is not in postmaster.pid yet.
    """
    postmaster = running(data)
    if postmaster is None and pid is not None:
        with suppress(psutil.NoSuchProcess):
            postmaster = psutil.Process(pid)
    if postmaster is not None:
        _stop_postmaster(postmaster)
    if _end_orphans(data):
        # Left by a server that was killed. Should its process id have been given to another process of the same user,
        # PostgreSQL would take that one for a server that still runs, and refuse to start.
        with suppress(OSError):
            (data / "postmaster.pid").unlink()


def _stop_postmaster(postmaster: psutil.Process) -> None:
    for number, patience in _WAYS_TO_STOP:
        with suppress(psutil.NoSuchProcess):
            postmaster.send_signal(number)
        if wait_until(lambda: has_ended(postmaster), patience):
            return


def _end_orphans(data: Path) -> bool:
    """End server processes whose postmaster was killed: while one lives, no other server can start here."""
    if wait_until(lambda: not _processes(data), _NOTICE):
        return True
    for process in _processes(data):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    return wait_until(lambda: not _processes(data), _NOTICE)


def _processes(data: Path) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _works_in(process, data)]


def _works_in(process: psutil.Process, data: Path) -> bool:
    """Whether this is a PostgreSQL process of this data directory: the directory is where all of them work."""
    try:
        return process.name() == _NAME and process.cwd() == os.path.realpath(data) and not has_ended(process)
    except psutil.Error:
        return False


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []
