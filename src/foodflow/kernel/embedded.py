"""The embedded PostgreSQL: its programs come as a Python package, its data and socket stay in the home folder."""

import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE, Popen
from urllib.parse import quote

import psycopg
from psycopg import sql

from foodflow.kernel import cluster, postmaster
from foodflow.kernel.processes import lines_since, open_log, wait_until
from foodflow.kernel.system_account import Account, AccountError, account_for

ROLE = "foodflow"
DATABASE = "foodflow"

_PORT = 5432
_SOCKET = f".s.PGSQL.{_PORT}"
# sockaddr_un.sun_path holds 108 bytes (macOS: 104) with the closing zero.
_LONGEST_SOCKET_PATH = 103 if sys.platform == "darwin" else 107
_LONGEST_RECOVERY = 300.0

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

# When the process that started the server is killed, this one's pipe is closed, and it tells the server to shut down.
# It was given the server's process id through the pipe, and acts only if postmaster.pid names the same.
_KEEPER = 'read -r pid && ! read -r _ && read -r now < postmaster.pid && [ "$pid" = "$now" ] && kill -INT "$pid"'


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot run; the text is one line that says why."""


class EmbeddedPostgres:
    """The PostgreSQL of a home folder; only who holds the home's lock starts it, for one that runs there is stopped."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = home.absolute()
        self.data = postmaster.data_directory(self.home)
        self.log = self.home / "log" / "postgres.log"
        self._durable = durable
        self._process: Popen[bytes] | None = None
        self._keeper: Popen[bytes] | None = None
        self._log_offset = 0

    @property
    def url(self) -> str:
        """Where FoodFlow connects: its own role and database, through a socket in a folder that nobody else enters."""
        return self._url(ROLE, DATABASE)

    @property
    def superuser_url(self) -> str:
        """The same server as its superuser, in the database `postgres`."""
        return self._url("postgres", "postgres")

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while it runs, whoever started it."""
        if self._process and self._process.poll() is None:
            return self._process.pid
        found = postmaster.running(self.data)
        return found.pid if found else None

    def poll(self) -> int | None:
        """The exit code of the server that was launched here, or None while it runs."""
        return self._process.poll() if self._process else None

    def last_lines(self, count: int = 15) -> list[str]:
        """What the server has written to its log since it was launched."""
        return lines_since(self.log, self._log_offset)[-count:]

    def start(self) -> None:
        """Start the server, with its data directory, role and database where they are missing; return when it accepts.

        Raises EmbeddedPostgresError.
        """
        self.launch()
        self.await_ready()

    def launch(self) -> None:
        """Start the server's process, on a new data directory if there is none; an abandoned server is stopped first.

        Raises EmbeddedPostgresError: programs missing, folder not writable, data of another version or user.
        """
        try:
            self._launch()
        except (AccountError, cluster.ClusterError) as error:
            raise EmbeddedPostgresError(str(error)) from error
        except OSError as error:
            message = f"cannot use {error.filename or self.home}: {error.strerror} (set FOODFLOW_HOME)"
            raise EmbeddedPostgresError(message) from error

    def await_ready(self, patience: float = _LONGEST_RECOVERY) -> None:
        """Wait until the launched server accepts connections; make FoodFlow's role and database if they are missing.

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
        """Shut the server down and wait until none of its processes is left; harmless when none runs."""
        process, self._process = self._process, None
        postmaster.stop(self.data, process.pid if process and process.poll() is None else None)
        if process:
            process.wait()
        keeper, self._keeper = self._keeper, None
        if keeper:
            keeper.communicate()
        folder = self._socket_directory()
        if self.home not in folder.parents:
            with suppress(OSError):
                folder.rmdir()

    def _launch(self) -> None:
        programs = cluster.programs()
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        account = account_for(self.data)
        account.open_tree(programs.parent)
        for path in (programs / "postgres", self.data):
            account.open_way_to(path)
        self.stop()
        if not self.data.exists():
            cluster.initialise(self.data, account, durable=self._durable)
        cluster.require_version(self.data)
        self._run(programs, account, self._make_socket_directory(account))

    def _run(self, programs: Path, account: Account, sockets: Path) -> None:
        settings = _SERVER | {"unix_socket_directories": f'"{sockets}"'} | ({} if self._durable else _NOT_DURABLE)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        keeper = account.spawn(["/bin/sh", "-c", _KEEPER], stdin=PIPE, folder=self.data)
        self._keeper = keeper
        with open_log(self.log) as log:
            self._log_offset = log.tell()
            self._process = account.spawn([str(programs / "postgres"), "-D", str(self.data), *options], stdout=log)
        if keeper.stdin:
            keeper.stdin.write(b"%d\n" % self._process.pid)
            keeper.stdin.flush()

    def _await_postmaster(self, patience: float) -> None:
        process = self._process
        if process is None:
            message = "PostgreSQL was not launched"
            raise EmbeddedPostgresError(message)
        settled = wait_until(
            lambda: process.poll() is not None or postmaster.is_ready(self.data, process.pid), patience
        )
        if process.poll() is not None:
            raise self._failure(cluster.reason(self.last_lines(), process.returncode))
        if not settled:
            late = f"it accepted no connections within {patience:.0f} s"
            raise self._failure(late)

    def _failure(self, reason: str) -> EmbeddedPostgresError:
        return EmbeddedPostgresError(f"PostgreSQL did not start: {reason} (log: {self.log})")

    def _url(self, role: str, database: str) -> str:
        # The port is named because PGPORT would otherwise be asked for it.
        return f"postgresql://{role}@:{_PORT}/{database}?host={quote(str(self._socket_directory()), safe='/')}"

    def _socket_directory(self) -> Path:
        """In the home folder; where that makes too long an address, a folder for this home under the temporary one."""
        near = self.home / "run" / "postgres"
        if len(os.fsencode(near / _SOCKET)) <= _LONGEST_SOCKET_PATH and not set(str(near)) & set(',"'):
            return near
        return Path(tempfile.gettempdir()) / f"foodflow-{hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]}"

    def _make_socket_directory(self, account: Account) -> Path:
        folder = self._socket_directory()
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        account.open_way_to(folder)
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            account.own(folder)
        account.require_private(folder)
        for left in (_SOCKET, f"{_SOCKET}.lock"):  # for the same reason as a postmaster.pid that was left
            (folder / left).unlink(missing_ok=True)
        return folder


@contextmanager
def temporary_postgres(*, durable: bool = False) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL in a temporary folder, for tests, checks and benchmarks; gone with its data afterwards."""
    with tempfile.TemporaryDirectory(prefix="foodflow-") as home:
        server = EmbeddedPostgres(Path(home), durable=durable)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _make_role_and_database(superuser_url: str) -> None:
    role, database = sql.Identifier(ROLE), sql.Identifier(DATABASE)
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        with connection.transaction():
            if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE]).rowcount:
                rights = sql.SQL("CREATE ROLE {} LOGIN CREATEROLE NOINHERIT NOSUPERUSER")
                connection.execute(rights.format(role))
                connection.execute(sql.SQL("ALTER ROLE {} SET search_path = ''").format(role))
        if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).rowcount:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
