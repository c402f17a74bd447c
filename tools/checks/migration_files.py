"""Migrations stand still while the code moves on: they import nothing of it, and their names are their order."""

import ast
import re
from collections.abc import Iterator
from datetime import date
from pathlib import PurePosixPath

from tools.checks.project import Finding, Module, Project

FOLDER = "migrations/"
TENANT_FOLDER = "migrations/tenant/"
NAME = re.compile(r"(\d{4})_(\d{2})_(\d{2})_[a-z0-9]+(_[a-z0-9]+)*")
NOT_PER_COMPANY = re.compile(
    r"\bcreate\s+(?:or\s+replace\s+)?(?:constraint\s+)?(trigger|function|procedure|type|domain)\b|\b((?:big|small)?serial)\b",
    re.IGNORECASE,
)


def imports(project: Project) -> Iterator[Finding]:
    """A migration that imports today's code does something else tomorrow."""
    for module in _migrations(project):
        for node in ast.walk(module.tree):
            imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                imported = ["foodflow" if node.level else node.module or ""]
            if any(name.partition(".")[0] == "foodflow" for name in imported):
                yield module.finding(node, "migration-imports", "write out here what is needed: the code will change")


def names(project: Project) -> Iterator[Finding]:
    """`2026_03_01_batches.py`: sorted by name is sorted by time."""
    for module in _migrations(project):
        if not _dated(PurePosixPath(module.path).stem):
            yield Finding(
                module.path, 1, "migration-name", "name it YYYY_MM_DD_what_it_adds.py, with the day it was written"
            )


def per_company(project: Project) -> Iterator[Finding]:
    """What a distributed PostgreSQL refuses in a schema of its own, or what a clone would share with its template."""
    for module in _migrations(project):
        if not module.path.startswith(TENANT_FOLDER):
            continue
        for node in ast.walk(module.tree):
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            found = NOT_PER_COMPANY.search(text)
            if found:
                what = (found[1] or found[2]).lower()
                advice = f"a company's schema holds no {what}: use identity columns, text with a check, and code"
                yield module.finding(node, "tenant-schema", advice, subject=what)


def _migrations(project: Project) -> Iterator[Module]:
    return (module for module in project.modules if module.path.startswith(FOLDER))


def _dated(stem: str) -> bool:
    match = NAME.fullmatch(stem)
    if match is None:
        return False
    try:
        date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return False
    return True
