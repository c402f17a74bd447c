"""What has to be said in a second place is said there: a context's contracts, a dependency's reason."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import packages_distributions
from typing import Any

from tools.checks.project import Finding, Project

ROOMLESS = frozenset({"console", "gateway"})  # has pages instead of rooms; is a program of its own
INPUTS = ("requirements/base.in", "requirements/dev.in")
REASONS = "docs/dependencies.md"
REQUIREMENT = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)")
ROW = re.compile(r"^\| `?([A-Za-z0-9][A-Za-z0-9._-]*)")


def contexts(project: Project) -> Iterator[Finding]:
    """A new context gets its rooms in order and its door closed with its first file."""
    contracts = _contracts(project)
    ordered = {
        name for contract in contracts if contract["type"] == "layers" for name in contract.get("containers", ())
    }
    closed = {
        name for contract in contracts if contract["type"] == "protected" for name in contract["protected_modules"]
    }
    for context in sorted({module.context for module in project.package if module.context}):
        name = f"foodflow.{context}"
        if name not in ordered and context not in ROOMLESS:
            yield _missing(f"add {name} to the containers of “Inside a context, calls go one way”", context)
        if name not in closed:
            yield _missing(f"add a protected contract for {name}, as the other contexts have it", context)


def reasons(project: Project) -> Iterator[Finding]:
    """Each dependency asked for has its line in docs/dependencies.md, and nothing else has one."""
    given = {_canonical(match[1]) for line in _lines(project, REASONS) if (match := ROW.match(line))} - {"package"}
    asked = set()
    for path in INPUTS:
        for number, line in enumerate(_lines(project, path), start=1):
            match = REQUIREMENT.match(line)
            name = _canonical(match[1]) if match else ""
            asked.add(name)
            if name and name not in given:
                yield Finding(path, number, "dependency-reason", f"say in {REASONS} why {name} and not another", name)
    for name in sorted(given - asked):
        yield Finding(REASONS, 1, "dependency-reason", f"{name} is not in requirements/*.in any more", name)


def imports(project: Project, packages: Mapping[str, list[str]] | None = None) -> Iterator[Finding]:
    """What the product imports it also asks for: what another package brought along may leave with that one.

    `packages` tells which distributions an import name comes from; without it, the environment is asked.
    """
    known = packages_distributions() if packages is None else packages
    matches = (REQUIREMENT.match(line) for line in _lines(project, INPUTS[0]))
    asked = {_canonical(match[1]) for match in matches if match}
    for module in project.modules:
        if module.path.startswith(("src/", "migrations/")):
            for node, name in _imported(module.tree):
                if not asked.intersection(map(_canonical, known.get(name, [name]))):
                    yield module.finding(node, "dependency-not-asked-for", f"add {name} to {INPUTS[0]}", subject=name)


def _imported(tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    """Each import of something that is neither ours nor Python's own, by its top-level name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        else:
            continue
        tops = {name.partition(".")[0] for name in names}
        yield from ((node, name) for name in sorted(tops - sys.stdlib_module_names - {"foodflow"}))


def _contracts(project: Project) -> list[dict[str, Any]]:
    configuration = tomllib.loads(project.files.get("pyproject.toml", ""))
    contracts: list[dict[str, Any]] = configuration.get("tool", {}).get("importlinter", {}).get("contracts", [])
    return contracts


def _missing(advice: str, context: str) -> Finding:
    return Finding("pyproject.toml", 1, "context-without-contract", advice, context)


def _lines(project: Project, path: str) -> list[str]:
    return project.files.get(path, "").splitlines()


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
