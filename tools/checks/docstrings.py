"""Each module says in a sentence what it is for; what others call says what it takes and gives."""

import ast
from collections.abc import Iterator

from tools.checks.project import Finding, Module, Project

ROOMS_THAT_OWE = {"usecases", "public"}


def modules(project: Project) -> Iterator[Finding]:
    """Every Python file that is not empty."""
    for module in project.modules:
        if module.tree.body and ast.get_docstring(module.tree) is None:
            yield Finding(module.path, 1, "module-docstring", "say in one sentence what this module is for")


def functions(project: Project) -> Iterator[Finding]:
    """Every function and method of use cases, public modules and numerics that is not private to its file."""
    for module in project.package:
        if not (module.room in ROOMS_THAT_OWE or module.within("numerics")):
            continue
        for node in _offered(module):
            if ast.get_docstring(node) is None:
                advice = f"say what {node.name} does, with units, shapes and errors that its signature does not tell"
                yield module.finding(node, "function-docstring", advice, subject=node.name)


def _offered(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    classes = [node for node in module.tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    for body in (module.tree.body, *(node.body for node in classes)):
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
                yield node
