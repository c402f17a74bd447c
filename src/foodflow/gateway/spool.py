"""The spool: what was taken and not yet forwarded, in an SQLite database that is written through to the disk.

A measurement is in it before its sender is told that it was taken, and leaves it after FoodFlow has acknowledged it, so
neither a killed gateway nor a FoodFlow that is away loses any; what was sent and not acknowledged is sent again, which
FoodFlow takes for a repeat.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from foodflow.gateway.measurements import Measurement
from foodflow.kernel.errors import Unavailable

_TABLES = """
CREATE TABLE IF NOT EXISTS outgoing (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sensor TEXT NOT NULL, time INTEGER NOT NULL, value REAL, status INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS aside (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sensor TEXT NOT NULL, time INTEGER NOT NULL, value REAL, status INTEGER NOT NULL, reason TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_aside_sensor ON aside (sensor);
CREATE TABLE IF NOT EXISTS seen (name TEXT PRIMARY KEY, time INTEGER NOT NULL) WITHOUT ROWID;
"""
_ADD = "INSERT INTO outgoing (sensor, time, value, status) VALUES (?, ?, ?, ?)"
_SEEN = "INSERT INTO seen VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET time = max(time, excluded.time)"
_OLDEST = "SELECT sensor, time, value, status, id FROM outgoing ORDER BY id LIMIT ?"
_SET_ASIDE = "INSERT INTO aside (sensor, time, value, status, reason) VALUES (?, ?, ?, ?, ?)"
_RETRY = "INSERT INTO outgoing (sensor, time, value, status) SELECT sensor, time, value, status FROM aside ORDER BY id"
_ASIDE = "SELECT sensor, count(*), min(time), max(time), reason FROM aside GROUP BY sensor, reason ORDER BY sensor"


@dataclass(frozen=True, slots=True)
class Waiting:
    """The oldest measurements that wait, and the id up to which they are."""

    measurements: Sequence[Measurement]
    last: int


@dataclass(frozen=True, slots=True)
class Aside:
    """Measurements of a sensor that FoodFlow refused, how many, from when to when, and why."""

    sensor: str
    readings: int
    first: int
    last: int
    reason: str


class Spool:
    """The spool of one gateway; used by one process, from any of its threads."""

    def __init__(self, folder: Path, *, most: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.most = most
        self._lock = threading.Lock()
        self._database = sqlite3.connect(
            folder / "spool.sqlite", check_same_thread=False, isolation_level=None, timeout=1
        )
        try:
            for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL"):
                self._database.execute(f"PRAGMA {pragma}")
            self._database.executescript(_TABLES)
        except sqlite3.OperationalError as error:
            self._database.close()
            raise Unavailable(
                f"the spool in {folder} cannot be used, is another gateway running there? ({error})"
            ) from error
        self.waiting = self._count("outgoing")
        self.set_aside = self._count("aside")

    def close(self) -> None:
        """Close the database; what waits is kept."""
        self._database.close()

    @property
    def is_full(self) -> bool:
        """Whether no more may be taken until something was forwarded."""
        return self.waiting >= self.most

    def add(self, measurements: Sequence[Measurement], *, seen: Iterable[tuple[str, int]] = ()) -> None:
        """Keep measurements; on the disk when this returns. `seen` remembers up to when something is known."""
        rows = [(m.sensor, m.time, m.value, m.status) for m in measurements]
        with self._transaction():
            self._database.executemany(_ADD, rows)
            self._database.executemany(_SEEN, seen)
        self.waiting += len(rows)

    def oldest(self, limit: int) -> Waiting:
        """The measurements that wait longest."""
        with self._lock:
            rows = self._database.execute(_OLDEST, (limit,)).fetchall()
        return Waiting([Measurement(*row[:4]) for row in rows], rows[-1][4] if rows else 0)

    def done(self, waiting: Waiting, *, refused: Sequence[tuple[Measurement, str]] = ()) -> None:
        """Forget measurements that were acknowledged; those that were refused are set aside with the reason."""
        aside = [(m.sensor, m.time, m.value, m.status, reason) for m, reason in refused]
        with self._transaction():
            self._database.executemany(_SET_ASIDE, aside)
            self._database.execute("DELETE FROM outgoing WHERE id <= ?", (waiting.last,))
        self.waiting -= len(waiting.measurements)
        self.set_aside += len(aside)

    def seen(self, name: str) -> int | None:
        """Up to when something is known."""
        with self._lock:
            row = self._database.execute("SELECT time FROM seen WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def aside(self) -> list[Aside]:
        """What was set aside, by sensor and reason."""
        with self._lock:
            return [Aside(*row) for row in self._database.execute(_ASIDE)]

    def retry(self) -> int:
        """Let all that was set aside wait again; returns how many."""
        with self._transaction():
            self._database.execute(_RETRY)
            moved = self._database.execute("DELETE FROM aside").rowcount
        self.waiting += moved
        self.set_aside -= moved
        return moved

    def discard(self, sensor: str) -> int:
        """Forget what was set aside of a sensor; returns how many."""
        with self._transaction():
            gone = self._database.execute("DELETE FROM aside WHERE sensor = ?", (sensor,)).rowcount
        self.set_aside -= gone
        return gone

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, self._database:  # which commits, or rolls back on any exception
            self._database.execute("BEGIN IMMEDIATE")
            yield

    def _count(self, table: str) -> int:
        count: int = self._database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - a constant
        return count
