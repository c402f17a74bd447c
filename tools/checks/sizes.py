"""Functions that fit on a screen and files that fit in a head."""

import ast
from collections.abc import Iterator

from tools.checks.project import PACKAGE, Finding, Project

FUNCTION_MOST, FUNCTION_USUAL = 60, 35
FILE_MOST, FILE_USUAL = 500, 350
MAY_EXCEED_USUAL = 0.05

Sized = tuple[int, Finding]


def functions(project: Project) -> Iterator[Finding]:
    """Lines from `def` to the end without the docstring: explaining at length is not punished."""
    measured = []
    for module in project.modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = _length(node)
                advice = f"{node.name} has {length} lines without its docstring; give the parts names of their own"
                measured.append((length, module.finding(node, "function-length", advice, subject=node.name)))
    yield from _too_long(measured, most=FUNCTION_MOST, usual=FUNCTION_USUAL)


def files(project: Project) -> Iterator[Finding]:
    """A file past the usual becomes a package of the same name, one module per noun."""
    measured = []
    for module in project.modules:
        length = len(project.files[module.path].splitlines())
        advice = f"{length} lines; make it a package of the same name with one module per noun"
        measured.append((length, Finding(module.path, 1, "file-length", advice)))
    yield from _too_long(measured, most=FILE_MOST, usual=FILE_USUAL)


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node, clean=False) is None:
        return lines
    docstring = node.body[0]
    return lines - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


def _too_long(measured: list[Sized], *, most: int, usual: int) -> Iterator[Finding]:
    """Whatever exceeds the most; and the longest, where more than 5 % of the product or of what surrounds it do not
    stay under the usual.
    """
    product = [sized for sized in measured if sized[1].path.startswith(PACKAGE)]
    around = [sized for sized in measured if not sized[1].path.startswith(PACKAGE)]
    for part in (product, around):
        longest_first = sorted((sized for sized in part if sized[0] >= usual), reverse=True)
        too_many = len(longest_first) - int(len(part) * MAY_EXCEED_USUAL)
        for rank, (length, finding) in enumerate(longest_first):
            if length > most or rank < too_many:
                yield finding
