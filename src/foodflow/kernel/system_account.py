"""The operating system's account that PostgreSQL runs under: it refuses root, so root hands it to an ordinary user."""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ACCOUNT = "foodflow-postgres"

# Nothing of the caller's environment: a PGDATA or PGOPTIONS that is meant for another server must not reach this one.
_ENVIRONMENT = {"LC_ALL": "C", "PATH": os.defpath}


class AccountError(Exception):
    """No account can be had, or a folder is not its own; the text is one line."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user and group by number; `switch` tells whether this process has to become it."""

    user: int
    group: int
    switch: bool

    def spawn(
        self,
        command: Sequence[str],
        *,
        stdin: int = subprocess.DEVNULL,
        stdout: int | IO[bytes] = subprocess.DEVNULL,
        folder: Path = Path("/"),
    ) -> subprocess.Popen[bytes]:
        """Start a program under this account, in a session of its own, with its errors where its output goes."""
        return subprocess.Popen(
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=_ENVIRONMENT,
            start_new_session=True,
            user=self.user if self.switch else None,
            group=self.group if self.switch else None,
            extra_groups=[] if self.switch else None,
        )

    def own(self, path: Path) -> None:
        """Give a file or folder to this account."""
        if self.switch:
            os.chown(path, self.user, self.group)

    def require_private(self, folder: Path) -> None:
        """Refuse a folder that is not this account's alone: somebody else may have put it there."""
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.user or stat.S_IMODE(found.st_mode) & 0o077:
            message = f"{folder} is not a folder of {_called(self.user)} alone (remove it)"
            raise AccountError(message)

    def open_way_to(self, path: Path) -> None:
        """Let this account pass through every folder above a path: the right to enter, never the right to look."""
        if self.switch:
            for folder in path.absolute().parents:
                self._let_through(folder)

    def open_tree(self, tree: Path) -> None:
        """Let this account read a tree of programs that was installed for root alone."""
        if not self.switch or tree.stat().st_mode & stat.S_IROTH:
            return
        for path in (*tree.rglob("*"), tree):
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))

    def _let_through(self, folder: Path) -> None:
        found = folder.stat()
        if found.st_uid == self.user:
            needed = stat.S_IXUSR
        else:
            needed = stat.S_IXGRP if found.st_gid == self.group else stat.S_IXOTH
        if not found.st_mode & needed:
            folder.chmod(stat.S_IMODE(found.st_mode) | needed)


def account_for(data: Path) -> Account:
    """The account to run PostgreSQL under: this user's own; for root the owner of the data, else one made for it.

    Raises AccountError when the data belong to somebody else, or when no account can be made.
    """
    owner = data.stat().st_uid if data.exists() else None
    if os.geteuid() == 0:
        entry = _entry(owner) if owner else _made_account()
        return Account(entry.pw_uid, entry.pw_gid, switch=True)
    if owner is not None and owner != os.geteuid():
        message = f"the database in {data} belongs to {_called(owner)}: run FoodFlow as that user or as root"
        raise AccountError(message)
    return Account(os.geteuid(), os.getegid(), switch=False)


def _entry(user: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(user)
    except KeyError:
        message = f"the database belongs to user {user}, who is not known on this machine"
        raise AccountError(message) from None


def _called(user: int) -> str:
    try:
        return f"user {pwd.getpwuid(user).pw_name}"
    except KeyError:
        return f"user {user}"


def _made_account() -> pwd.struct_passwd:
    reason = "" if _exists(ACCOUNT) else _make(ACCOUNT)
    try:
        return pwd.getpwnam(ACCOUNT)  # made by this process, or by another at the same moment
    except KeyError:
        message = f"PostgreSQL does not run as root, and no user {ACCOUNT} could be made for it: {reason}"
        raise AccountError(message) from None


def _exists(name: str) -> bool:
    return any(entry.pw_name == name for entry in pwd.getpwall())


def _make(name: str) -> str:
    """Make a user who owns no home and cannot log in; the reason if it fails."""
    program = shutil.which("useradd")
    if program is None:
        return "useradd is not installed"
    nowhere = ["--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
    command = [program, "--system", "--user-group", *nowhere, name]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return " ".join(done.stderr.split())
