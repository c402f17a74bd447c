"""The supervisor: starts the database and the parts of FoodFlow, watches over them, and leaves nothing running."""

import errno
import http.client
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Self
from urllib.parse import urlsplit

from pydantic import SecretStr

from foodflow.kernel import lifeline
from foodflow.kernel.database_check import DatabaseUnusableError, require_usable
from foodflow.kernel.embedded import EmbeddedPostgres, EmbeddedPostgresError
from foodflow.kernel.processes import Part, how_ended, kill_all_that_carry, wait_until
from foodflow.settings import Settings, environment_of_part

STOPPED = 0
FAILED = 1
CANNOT_START = 2

_READY_PATH = "/health/ready"
_SECONDS_TO_READY = 60.0
_TICK = 0.1
_SHORTEST_KEY = 32


class CannotStartError(Exception):
    """FoodFlow cannot be started as it is set up; the text is one line. A `prepare` may raise it too."""


class PartFailedError(Exception):
    """A part has ended by itself or does not answer; `lines` are the last ones it wrote."""

    def __init__(self, message: str, lines: Sequence[str]) -> None:
        super().__init__(message)
        self.lines = lines


class InterruptedBySignal(KeyboardInterrupt):
    """The user asked to stop: Ctrl-C, SIGTERM, or the terminal was closed."""


def say(line: str) -> None:
    """Print one line at once; a terminal that is gone must not keep anything from being stopped."""
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except OSError:
        # What is still in the buffer would fail once more, when the interpreter ends, and change the exit code.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run(
    settings: Settings,
    prepare: Callable[[Settings], Iterable[str]],
    parts: Mapping[str, Sequence[str]],
    *,
    tell: Callable[[str], None] = say,
) -> int:
    """Run FoodFlow until it is interrupted or a part fails, and answer with the exit code.

    `prepare` gets the settings with `database_url` and `secret_key` filled in and the database running; the lines that
    it answers with are printed. `parts` names the command of each part; they are started in this order, stopped in this
    order, and find all settings in their environment, `FOODFLOW_LIFELINE` among them.
    """
    running = ExitStack()
    with _Signals() as signals:
        try:
            _Run(settings, signals, running, tell).go(prepare, parts)
        except (CannotStartError, DatabaseUnusableError, EmbeddedPostgresError, lifeline.LifelineError) as error:
            tell(f"FoodFlow cannot start: {error}")
            return CANNOT_START
        except PartFailedError as error:
            tell(f"FoodFlow stops: {error}")
            for line in error.lines:
                tell(f"  {line}")
            return FAILED
        except InterruptedBySignal:
            tell("Stopping FoodFlow")
        finally:
            running.close()
    return STOPPED


class _Signals:
    """Ctrl-C, SIGTERM and SIGHUP while FoodFlow runs: they interrupt where that is safe, else they are remembered."""

    def __init__(self) -> None:
        self._wanted = False
        self._may_raise = False

    def __enter__(self) -> Self:
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
            numbers.append(signal.SIGHUP)
        self._before = {number: signal.signal(number, self._on_signal) for number in numbers}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Raise InterruptedBySignal in this block, at once if a signal has come before it."""
        self._may_raise = True
        try:
            if self._wanted:
                raise InterruptedBySignal
            yield
        finally:
            self._may_raise = False

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._wanted = True
        if self._may_raise:
            self._may_raise = False
            raise InterruptedBySignal


class _Run:
    """One run of FoodFlow: what has been started so far, and the way to stop it, in `running`."""

    def __init__(self, settings: Settings, signals: _Signals, running: ExitStack, tell: Callable[[str], None]) -> None:
        self.settings = settings
        self.signals = signals
        self.running = running
        self.tell = tell
        self.database: EmbeddedPostgres | None = None
        self.parts: list[Part] = []

    def go(self, prepare: Callable[[Settings], Iterable[str]], parts: Mapping[str, Sequence[str]]) -> None:
        """Start everything in its order and watch over it; ends by an exception alone."""
        self.claim_home()
        _require_free_port(self.settings)
        self.start_database()
        # The parts load while the database is prepared; they wait for it, and are not ready before.
        self.start_parts(parts)
        self.tell("Preparing the database")
        with self.signals.interruptible():
            for line in prepare(self.settings):
                self.tell(line)
            self.await_ready()
            if self.settings.smtp_url is None:
                self.tell(f"Mails are written into {self.settings.mail_folder}")
            self.tell(f"FoodFlow is ready at {self.settings.address}")
            while True:
                time.sleep(_TICK)
                self.require_all_alive()

    def claim_home(self) -> None:
        """Make the home folder this run's own: its lock, and the key that signs what FoodFlow hands out."""
        home = self.settings.home
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self.signals.interruptible():
                hold = lifeline.hold(lifeline.lock_of(home), address=self.settings.address)
            self.running.enter_context(hold)
            key = self.settings.secret_key or SecretStr(_kept_key(home / "secret"))
        except OSError as error:
            message = f"cannot use {error.filename or home}: {error.strerror} (set FOODFLOW_HOME)"
            raise CannotStartError(message) from error
        self.settings = self.settings.model_copy(update={"secret_key": key, "lifeline": hold.path})

    def start_database(self) -> None:
        """Start the embedded PostgreSQL, or see whether the one of DATABASE_URL can be used."""
        if self.settings.database_url:
            with self.signals.interruptible():
                require_usable(self.settings.database_url)
            return
        self.tell("Starting PostgreSQL")
        database = EmbeddedPostgres(self.settings.home)
        self.running.callback(database.stop)
        database.launch()
        with self.signals.interruptible():
            database.await_ready()
        self.database = database
        self.settings = self.settings.model_copy(update={"database_url": database.url})

    def start_parts(self, parts: Mapping[str, Sequence[str]]) -> None:
        """Start the parts, each with a log of its own in the home folder."""
        self.tell(f"Starting {' and '.join(parts)}")
        self.running.callback(self.stop_parts)
        environment = environment_of_part(self.settings)
        for name, argv in parts.items():
            log = self.settings.home / "log" / f"{name}.log"
            try:
                self.parts.append(Part(name, argv, environment=environment, log=log))
            except OSError as error:
                message = f"{name} cannot be started: {error}"
                raise CannotStartError(message) from error

    def stop_parts(self) -> None:
        """Stop the parts in the order in which they were started, and then whatever has slipped out of their groups."""
        for part in self.parts:
            part.stop()
        kill_all_that_carry(str(self.settings.lifeline))

    def await_ready(self) -> None:
        """Wait until the web server says that it is ready."""
        if not wait_until(self._is_ready, _SECONDS_TO_READY):
            message = f"{self.settings.address}{_READY_PATH} did not answer 200 within {_SECONDS_TO_READY:.0f} s"
            raise PartFailedError(
                message, [f"{part.name}: {line}" for part in self.parts for line in part.last_lines()]
            )

    def require_all_alive(self) -> None:
        """Raise PartFailedError for the first that has ended; the database first, since the others fail with it."""
        if self.database and (code := self.database.poll()) is not None:
            message = f"PostgreSQL {how_ended(code)} (log: {self.database.log})"
            raise PartFailedError(message, self.database.last_lines())
        for part in self.parts:
            if (code := part.poll()) is not None:
                message = f"{part.name} {how_ended(code)} (log: {part.log})"
                raise PartFailedError(message, part.last_lines())

    def _is_ready(self) -> bool:
        self.require_all_alive()
        return _answers(self.settings.address)


def _require_free_port(settings: Settings) -> None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            # As a server does: connections of an earlier run that are still closing do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            message = f"port {settings.port} on {settings.host} is taken (set FOODFLOW_PORT)"
        else:
            where = f"{settings.host} port {settings.port}"
            message = f"cannot listen on {where}: {error.strerror} (set FOODFLOW_HOST or FOODFLOW_PORT)"
        raise CannotStartError(message) from error


def _answers(address: str) -> bool:
    where = urlsplit(address)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=2)
    try:
        connection.request("GET", _READY_PATH)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _kept_key(path: Path) -> str:
    """The key that is kept in this file; one of 64 hexadecimal digits is put there if there is none."""
    if not path.exists():
        fresh = path.with_name(f"{path.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        with fresh.open("w", encoding="ascii") as file:
            file.write(f"{secrets.token_hex(32)}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    key = path.read_text(encoding="ascii", errors="replace").strip()
    if len(key) < _SHORTEST_KEY:
        message = f"{path} holds no key of {_SHORTEST_KEY} characters or more (remove it to have one made)"
        raise CannotStartError(message)
    return key
