"""The operating system's account that PostgreSQL runs under: it refuses root, so root hands it to an ordinary user."""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

ACCOUNT = "foodflow-postgres"


class AccountError(Exception):
    """No account can be had, or a folder cannot be opened to it; the text is one line."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user and group by number; `switch` tells whether this process has to become it."""

    user: int
    group: int
    switch: bool

    def own(self, path: Path) -> None:
        """Give a file or folder to this account."""
        if self.switch:
            os.chown(path, self.user, self.group)

    def open_way_to(self, path: Path) -> None:
        """Let this account pass through every folder above a path: the right to enter, never the right to look."""
        if self.switch:
            for folder in path.absolute().parents:
                self._let_through(folder)

    def open_tree(self, tree: Path) -> None:
        """Let this account read a tree of programs that was installed for root alone."""
        if not self.switch or tree.stat().st_mode & stat.S_IROTH:
            return
        for path in (tree, *tree.rglob("*")):
            mode = path.stat().st_mode
            enter = stat.S_IXOTH if mode & stat.S_IXUSR else 0
            path.chmod(stat.S_IMODE(mode) | stat.S_IROTH | enter)

    def as_arguments(self) -> dict[str, object]:
        """What subprocess takes to start a program under this account."""
        return {"user": self.user, "group": self.group, "extra_groups": []} if self.switch else {}

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
        found = _entry(owner) if owner else _made_account()
        return Account(found.pw_uid, found.pw_gid, switch=True)
    if owner not in (None, os.geteuid()):
        message = f"the database in {data} belongs to {_name(owner)}, and this is {_name(os.geteuid())}"
        raise AccountError(message)
    return Account(os.geteuid(), os.getegid(), switch=False)


def _entry(user: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(user)
    except KeyError:
        message = f"the database belongs to user {user}, who is not known on this machine"
        raise AccountError(message) from None


def _name(user: int | None) -> str:
    try:
        return f"user {pwd.getpwuid(user or 0).pw_name}"
    except KeyError:
        return f"user {user}"


def _made_account() -> pwd.struct_passwd:
    if not _exists(ACCOUNT):
        reason = _make(ACCOUNT)
        if not _exists(ACCOUNT):  # another process may have made it at the same moment
            message = f"PostgreSQL does not run as root, and no user {ACCOUNT} could be made for it ({reason})"
            raise AccountError(message)
    return pwd.getpwnam(ACCOUNT)


def _exists(name: str) -> bool:
    return any(entry.pw_name == name for entry in pwd.getpwall())


def _make(name: str) -> str:
    program = shutil.which("useradd")
    if program is None:
        return "useradd is not installed"
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
    done = subprocess.run([program, *options, name], check=False, capture_output=True, text=True)  # noqa: S603 - fixed
    return " ".join(done.stderr.split())
