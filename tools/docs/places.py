"""The map: every module with its sentence, and the order in which they may call each other."""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator

from tools.checks.project import Module, Project
from tools.docs.markdown import code, page, table

_ROOTS = "The product's own files"
_AROUND = ("migrations/", "tools/", "benchmarks/")
_INTRO = """
Every module in one sentence: the first of its own text. How the parts fit together and why stands in
[architecture.md](../architecture.md).
"""
_ORDER = """
A line may call the lines below it and never looks up; of names on one line, `|` parts those that do not know each other
and `:` those that may. A name in parentheses is to come. `make check` holds the code to it (import-linter), and a
context is entered through its `public` module only.
"""


def make(project: Project) -> str:
    """The page."""
    layers = _layers(project)
    packages = _packages(project, layers)
    return page(
        "The map of the code",
        _INTRO,
        "## The order",
        _ORDER,
        _drawn(layers, project),
        *_section(_ROOTS, "", (module for module in project.package if len(_name(module)) == 1)),
        *(part for package in packages for part in _package(project, package)),
        *_section("Around the product", "", (m for m in project.modules if m.path.startswith(_AROUND))),
    )


def _layers(project: Project) -> list[str]:
    """The lines of import-linter's contract `order`, from the top down."""
    contracts = tomllib.loads(project.files["pyproject.toml"])["tool"]["importlinter"]["contracts"]
    found: list[str] = next(contract["layers"] for contract in contracts if contract["id"] == "order")
    return found


def _drawn(layers: list[str], project: Project) -> str:
    there = {_name(module)[0] for module in project.package if _name(module)}
    lines = (re.sub(r"\((\w+)\)", lambda m: m[1] if m[1] in there else m[0], layer) for layer in layers)
    return "\n".join(("```", *lines, "```"))


def _packages(project: Project, layers: list[str]) -> list[str]:
    """The packages directly in foodflow, in the order of the layers."""
    named = re.findall(r"\w+", " ".join(layers))
    there = {_name(module)[0] for module in project.package if len(_name(module)) > 1}
    return sorted(there, key=lambda name: (named.index(name) if name in named else len(named), name))


def _package(project: Project, package: str) -> Iterator[str]:
    modules = [module for module in project.package if _name(module)[:1] == (package,)]
    sentence = next((_sentence(module) for module in modules if module.parts == (package,)), "")
    yield from _section(package, sentence, (module for module in modules if len(module.parts) > 1))


def _section(title: str, sentence: str, modules: Iterable[Module]) -> Iterator[str]:
    rows = [(code(_called(module)), _sentence(module)) for module in sorted(modules, key=_called)]
    yield f"## {title}"
    yield sentence
    if rows:
        yield table(("module", "what it is for"), rows)


def _name(module: Module) -> tuple[str, ...]:
    """Where a module stands in foodflow: ("plant", "rules"), and ("plant", "__init__") for what a package says."""
    return tuple(module.path.removesuffix(".py").split("/")[2:]) if module.in_package else ()


def _called(module: Module) -> str:
    """The name of a module for people: without its package's, which is the heading; outside foodflow, its path."""
    if not module.in_package:
        return module.path.removesuffix("/__init__.py")
    return ".".join(module.parts[1:] or _name(module))


def _sentence(module: Module) -> str:
    return (ast.get_docstring(module.tree) or "").partition("\n\n")[0]
