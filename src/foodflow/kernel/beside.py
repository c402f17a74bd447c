"""Long arithmetic in a process of its own. One interpreter runs one thread at a time, so what is worked out beside the
web process neither holds up its callers nor waits for them.

Arrays are handed over in memory that both have, and all else through a socket.

It is a server of pure functions and keeps nothing: where it cannot be had, has died, or is not there yet, the caller's
own process does the work, in a thread. It ends when whoever started it is gone, however that went: it reads from a
socket that is closed then.
"""

import asyncio
import atexit
import contextlib
import mmap
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import IO, Any, Final, TypeVar, TypeVarTuple

import structlog

Result = TypeVar("Result")
Given = TypeVarTuple("Given")

_PROCESSORS: Final = 2
_SECONDS_TO_END: Final = 5.0
_LARGE: Final = 32_000_000
_SHARED: Final = 32_000_000
"""Arrays of so many bytes at most are handed over in memory; of more, they are sent like all else."""
_BOUNDARY: Final = 64
_PROTOCOL: Final = 5
_logger = structlog.get_logger()


class Beside:
    """A process beside this one, started when it is first needed; one thing is worked out at a time."""

    def __init__(self) -> None:
        self._line = ThreadPoolExecutor(1, thread_name_prefix="beside")
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection[Any, Any] | None = None
        self._memory: _Memory | None = None
        self._is_ready = False
        atexit.register(self.close)

    def call(self, function: Callable[[*Given], Result], *given: *Given) -> asyncio.Future[Result]:
        """What a function of some module gives; it is begun at once. Arguments and results are sent as copies."""
        return asyncio.get_running_loop().run_in_executor(self._line, self._called, function, given)

    def _called(self, function: Callable[..., Result], given: Sequence[object]) -> Result:
        connection, memory = self._ready_connection(), self._memory
        if connection is None or memory is None:
            return function(*given)
        try:
            connection.send(_handed_over((function, given), memory.there))
            rest, places = connection.recv()
        except (EOFError, OSError):
            _logger.warning("process_beside_gone", pid=self._process.pid if self._process else None)
            self.close()
            return function(*given)
        # Copies, for the next call writes over them.
        fault, result = pickle.loads(rest, buffers=[bytes(memory.back[place]) for place in places])  # noqa: S301 - it is of a process of our own
        if fault is not None:
            raise fault
        found: Result = result
        return found

    def _ready_connection(self) -> "Connection[Any, Any] | None":
        if (os.cpu_count() or 1) < _PROCESSORS:
            return None
        try:
            if self._connection is None:
                self._start()
            if self._connection is not None and not self._is_ready and self._connection.poll():
                self._is_ready = self._connection.recv()
        except (EOFError, OSError):
            self.close()
        return self._connection if self._is_ready else None

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs, _file_in_memory() as file:
            file.truncate(2 * _SHARED)
            self._memory = _Memory.of(file.fileno())
            passed = [theirs.fileno(), file.fileno()]
            command = [sys.executable, "-m", __name__, *map(str, passed)]
            self._process = subprocess.Popen(command, pass_fds=passed, stdin=subprocess.DEVNULL)
        self._connection = Connection(ours.detach())

    def close(self) -> None:
        """End the process; the next call starts another one."""
        connection, process = self._connection, self._process
        self._connection, self._memory, self._process, self._is_ready = None, None, None, False
        if connection is not None:
            connection.close()
        if process is not None:
            try:
                process.wait(_SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _file_in_memory() -> IO[bytes]:
    """A file without a name, which is nowhere but in memory where the system has such files."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("foodflow"), "r+b", buffering=0)
    return tempfile.TemporaryFile(buffering=0)


@dataclass(frozen=True, slots=True)
class _Memory:
    """Memory that both processes have: what is handed over `there`, and what comes `back`."""

    there: memoryview
    back: memoryview

    @classmethod
    def of(cls, file: int) -> "_Memory":
        whole = memoryview(mmap.mmap(file, 2 * _SHARED))
        return cls(whole[:_SHARED], whole[_SHARED:])


def _handed_over(given: object, shared: memoryview) -> tuple[bytes, list[slice]]:
    """Put the arrays of something into shared memory: what to send of it, and where they are."""
    arrays: list[pickle.PickleBuffer] = []
    rest, places, end = pickle.dumps(given, _PROTOCOL, buffer_callback=arrays.append), list[slice](), 0
    for each in arrays:
        content = each.raw()
        start = -(-end // _BOUNDARY) * _BOUNDARY
        end = start + content.nbytes
        if end > len(shared):
            return pickle.dumps(given, _PROTOCOL), []
        shared[start:end] = content
        places.append(slice(start, end))
    return rest, places


def serve(connection: "Connection[Any, Any]", memory: _Memory) -> None:
    """Work out what is asked for until nobody is there to ask."""
    # Once something large was given back, the C library keeps what is given back for the next time; without that, half
    # of the time goes into having the same pages emptied again and again.
    bytes(_LARGE)
    with contextlib.suppress(EOFError, OSError):
        connection.send(True)
        while True:
            rest, places = connection.recv()
            answer = _answer(rest, [memory.there[place] for place in places])
            connection.send(_handed_over(answer, memory.back))


def _answer(rest: bytes, arrays: Sequence[memoryview]) -> tuple[Exception | None, object]:
    try:
        function, given = pickle.loads(rest, buffers=arrays)  # noqa: S301 - it is of the process that started this one
        return None, function(*given)
    except Exception as fault:  # noqa: BLE001 - whoever asked is told, whatever it is
        return fault, None


if __name__ == "__main__":
    # A terminal interrupts all of its processes; this one ends with the one that it works for.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ends, file_in_memory = map(int, sys.argv[1:])
    serve(Connection(ends), _Memory.of(file_in_memory))
