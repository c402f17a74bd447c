"""Revisions: the order of a tree's migration files, read from the files without running them."""

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import foodflow
from foodflow.kernel.errors import Unavailable
from foodflow.kernel.tenancy import TEMPLATE_SCHEMA

PLATFORM = "platform"


class RevisionUnknown(Unavailable):
    """The database has been brought to a revision that this installation does not have: it is of a newer one."""

    code = "revision.unknown"


class Tree:
    """One tree of revisions, from its base to its single head."""

    def __init__(self, path: Path) -> None:
        self._files = _in_order({file: _links(file) for file in path.glob("*.py")})

    @property
    def head(self) -> str:
        """The last revision."""
        return next(reversed(self._files))

    def awaits(self, revision: str) -> bool:
        """Whether a revision of this tree is still to be followed by others."""
        return revision in self._files and revision != self.head

    def after(self, revision: str | None) -> list[Path]:
        """The files of the revisions still to run, in order."""
        names = list(self._files)
        if revision is not None and revision not in names:
            message = f"this FoodFlow does not know the revision {revision}; the database is of a newer one"
            raise RevisionUnknown(message)
        return [self._files[name] for name in names[names.index(revision) + 1 if revision is not None else 0 :]]


def migrations_path() -> Path:
    """Where the revisions lie: inside the installed package, or beside the sources."""
    package = Path(foodflow.__file__).parent
    packaged = package / "migrations"
    return packaged if packaged.is_dir() else package.parents[1] / "migrations"


@cache
def trees() -> dict[str, Tree]:
    """The trees of this installation, by the name under which the database keeps what it has reached."""
    root = migrations_path()
    return {PLATFORM: Tree(root / "platform"), TEMPLATE_SCHEMA: Tree(root / "tenant")}


def has_reached(reached: Mapping[str, str]) -> bool:
    """Whether a database that stands at these revisions has all that this code expects.

    A revision that is not known here is of a newer version. Migrations keep older code working until its processes
    have been replaced (expand, then contract), so that is well.
    """
    return all(name in reached and not tree.awaits(reached[name]) for name, tree in trees().items())


def _links(file: Path) -> tuple[str, str | None]:
    """A file's `revision` and `down_revision`, which are plain assignments."""
    assigned = {
        target.id: node.value
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return ast.literal_eval(assigned["revision"]), ast.literal_eval(assigned["down_revision"])


def _in_order(links: dict[Path, tuple[str, str | None]]) -> dict[str, Path]:
    """The files by revision, each after the one that it follows; a tree with two heads or a gap is a fault."""
    following = {before: (revision, file) for file, (revision, before) in links.items()}
    ordered: dict[str, Path] = {}
    last: str | None = None
    while last in following:
        last, file = following[last]
        ordered[last] = file
    if len(ordered) != len(links):
        lost = sorted(file.name for file in links if file not in ordered.values())
        message = f"migrations that do not follow one another in one line: {', '.join(lost)}"
        raise ValueError(message)
    return ordered
