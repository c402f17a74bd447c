"""The lifeline: a lock that the supervisor holds as long as it lives, and whose release ends the parts it started.

A lock of the kernel is let go even by a process that is killed with -9, and nobody has to ask for it again and again.
Each run holds a file of its own under a new name, so that a part can never mistake the next supervisor for its own;
the fixed name is a second one of the same file and keeps two supervisors out of one home.
"""

import fcntl
import json
import multiprocessing
import os
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Self

from foodflow.kernel import postmaster
from foodflow.kernel.processes import kill_all_that_carry

_TICK = 0.05


class LifelineError(Exception):
    """The lock cannot be had; the text is one line."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock: the supervisor's process and the address that its web server is reached at."""

    pid: int
    address: str


class AlreadyHeldError(LifelineError):
    """Another supervisor runs on this home."""

    def __init__(self, holder: Holder) -> None:
        super().__init__(f"FoodFlow already runs at {holder.address} (process {holder.pid})")
        self.holder = holder


class Hold:
    """A lock that is held, until it is released or its process ends. `path` is what the parts follow."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go: whoever still follows is told that the supervisor is gone."""
        with suppress(FileNotFoundError):
            self.path.unlink()
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def lock_of(home: Path) -> Path:
    """The lock of a home folder."""
    return home / "run" / "lock"


def hold(path: Path, *, address: str, patience: float = 30.0) -> Hold:
    """Take the lock for this process.

    Raises AlreadyHeldError with the holder's process and address, or LifelineError when parts of a supervisor that is
    gone have not ended within `patience` seconds.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    deadline = time.monotonic() + patience
    while (previous := _take(path)) is None:
        if time.monotonic() >= deadline:
            message = f"parts of an earlier run of FoodFlow have not ended yet (lock {path})"
            raise LifelineError(message)
        time.sleep(_TICK)
    try:
        return _renew(path, Holder(os.getpid(), address))
    finally:
        os.close(previous)


def holder(path: Path) -> Holder | None:
    """Who holds the lock now, or None."""
    with vacant(path) as free:
        return None if free else _read(path)


@contextmanager
def vacant(path: Path) -> Iterator[bool]:
    """Tell whether no supervisor holds the lock; while the block runs, none that does not hold it can take it."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield True
        return
    try:
        yield _lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def follow(path: Path, on_loss: Callable[[], None]) -> threading.Thread:
    """Call `on_loss`, in a thread of its own, as soon as the supervisor is gone; at once when it is gone already."""
    thread = threading.Thread(target=_wait_for_loss, args=(path, on_loss), name="lifeline", daemon=True)
    thread.start()
    return thread


def end_with_supervisor(home: Path, lifeline: Path) -> None:
    """See to it that neither this process nor the embedded database outlives the supervisor, nor any other part of it.

    One process that is left does it for all; so each that may be the last calls it: a part, and each of its workers.
    """
    follow(lifeline, lambda: _leave(home, lifeline))


def end_with_parent() -> None:
    """In a worker of a process pool: end when the pool's owner is gone; by itself it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_outlast, args=(parent,), name="lifeline", daemon=True).start()


def _outlast(parent: BaseProcess) -> None:
    parent.join()
    os.kill(os.getpid(), signal.SIGKILL)


def _leave(home: Path, lifeline: Path) -> None:
    try:
        with vacant(lock_of(home)) as free:
            if free:  # else a new supervisor has taken over, and this would be its database
                postmaster.stop(postmaster.data_directory(home))
    finally:
        kill_all_that_carry(str(lifeline))
        os.kill(os.getpid(), signal.SIGKILL)


def _wait_for_loss(path: Path, on_loss: Callable[[], None]) -> None:
    # The descriptor is never closed: as long as this process lives, no new supervisor gets past its shared lock.
    with suppress(FileNotFoundError):
        fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_SH)
    on_loss()


def _take(path: Path) -> int | None:
    """Lock the file that has this name now; None when followers of a dead supervisor still share it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    if _lock(descriptor, fcntl.LOCK_EX) and _is_named(descriptor, path):
        return descriptor
    supervised = not _lock(descriptor, fcntl.LOCK_SH)
    os.close(descriptor)
    if supervised and (found := _read(path)):
        raise AlreadyHeldError(found)
    return None


def _renew(path: Path, own: Holder) -> Hold:
    """Put a new file, locked and signed by this process, in the place of the one that is locked already."""
    for stale in path.parent.glob(f"{path.name}.*"):
        stale.unlink(missing_ok=True)
    named = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(named, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.write(descriptor, json.dumps(asdict(own)).encode())
    second = path.with_name(f"{named.name}.new")
    second.hardlink_to(named)
    second.replace(path)
    return Hold(named, descriptor)


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_named(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _read(path: Path) -> Holder | None:
    try:
        return Holder(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
