"""The code as the checks see it: files by path, Python among them as syntax trees, and findings in them."""

import ast
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

PACKAGE = "src/foodflow/"
NO_CONTEXTS = frozenset({"cli", "kernel", "numerics"})
CACHES = frozenset({"__pycache__", "build", "dist"})


@dataclass(frozen=True, order=True)
class Finding:
    """One place that breaks a rule; `subject` is what an exception may name there, such as a function."""

    path: str
    line: int
    rule: str
    advice: str
    subject: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.advice}"


@dataclass(frozen=True)
class Module:
    """One Python file: `src/foodflow/plant/usecases/batches.py` is in the room `usecases` of the context `plant`."""

    path: str
    tree: ast.Module

    @property
    def parts(self) -> tuple[str, ...]:
        """The names from the package down: ("plant", "usecases", "batches"); empty outside src/foodflow."""
        if not self.path.startswith(PACKAGE):
            return ()
        names = self.path.removeprefix(PACKAGE).removesuffix(".py").split("/")
        return tuple(name for name in names if name != "__init__")

    @property
    def in_package(self) -> bool:
        return self.path.startswith(PACKAGE)

    @property
    def context(self) -> str | None:
        """The business context this file belongs to, if any."""
        folder, slash, _ = self.path.removeprefix(PACKAGE).partition("/")
        return folder if self.in_package and slash and folder not in NO_CONTEXTS else None

    @property
    def room(self) -> str | None:
        """The role of this file within its context, such as "rules" or "queries"."""
        return self.parts[1] if self.context and len(self.parts) > 1 else None

    def within(self, *places: str) -> bool:
        """Whether this is one of these modules of foodflow, or lies in a package of that name: "kernel/db"."""
        return any(self.parts[: len(names)] == names for names in (tuple(place.split("/")) for place in places))

    def finding(self, node: ast.AST, rule: str, advice: str, *, subject: str = "") -> Finding:
        return Finding(self.path, getattr(node, "lineno", 1), rule, advice, subject)

    @cached_property
    def imported(self) -> dict[str, str]:
        """What each imported name stands for: {"sa": "sqlalchemy", "now": "datetime.datetime.now"}."""
        return dict(pair for node in ast.walk(self.tree) for pair in _imported_by(node))

    def dotted(self, node: ast.AST) -> str:
        """The full dotted name that an expression refers to, its imports resolved; empty for anything but a name."""
        if isinstance(node, ast.Name):
            return self.imported.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            owner = self.dotted(node.value)
            return f"{owner}.{node.attr}" if owner else ""
        return ""

    def calls(self) -> Iterator[ast.Call]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))


def _imported_by(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield (alias.asname, alias.name) if alias.asname else (alias.name.partition(".")[0],) * 2
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name, f"{node.module or ''}.{alias.name}"


@dataclass(frozen=True)
class Project:
    """Every text file of the project by its path from the root."""

    files: Mapping[str, str] = field(repr=False)

    @cached_property
    def modules(self) -> tuple[Module, ...]:
        return tuple(
            Module(path, ast.parse(text, path)) for path, text in sorted(self.files.items()) if path.endswith(".py")
        )

    @property
    def package(self) -> tuple[Module, ...]:
        """The modules of foodflow itself."""
        return tuple(module for module in self.modules if module.in_package)


def read(root: Path) -> Project:
    """The project in this folder: what version control keeps or would keep; without it, all but hidden folders."""
    texts = ((path, _text(root / path)) for path in sorted(set(_kept(root))))
    return Project({path: text for path, text in texts if text is not None})


def _kept(root: Path) -> Iterable[str]:
    command = ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return _found(root)
    return listed.stdout.rstrip("\0").split("\0")


def _found(folder: Path, above: str = "") -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_file():
            yield above + entry.name
        elif entry.is_dir() and (entry.name == ".ci" or entry.name[0] != ".") and entry.name not in CACHES:
            yield from _found(entry, f"{above}{entry.name}/")


def _text(path: Path) -> str | None:
    """The file's text; None for a picture, a link to nowhere, or what was removed but is still listed."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
