"""What a deed may not take from its surroundings: the environment, the clock, and the web framework's errors."""

import ast
import re
from collections.abc import Iterator

from tools.checks.project import Finding, Project

ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv", "os.unsetenv"}
CLOCKS = {
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "time.time",
    "time.time_ns",
}
HTTP_EXCEPTION = re.compile(r"(fastapi|starlette)\.(.*\.)?HTTPException")


def environment(project: Project) -> Iterator[Finding]:
    """The environment is read by settings and by nobody else."""
    for module in project.package:
        if module.within("settings"):
            continue
        for node in _references(module.tree):
            name = module.dotted(node)
            if name in ENVIRONMENT:
                advice = f"ask settings for it: {name} belongs to settings.py alone"
                yield module.finding(node, "environment", advice, subject=name)


def clock(project: Project) -> Iterator[Finding]:
    """There is one clock, so that a test can set it; monotonic timers measure and are no clocks."""
    for module in project.package:
        if module.within("kernel/clock"):
            continue
        for node in _references(module.tree):
            name = module.dotted(node)
            if name in CLOCKS:
                yield module.finding(node, "clock", f"ask kernel.clock instead of {name}", subject=name)


def http_exceptions(project: Project) -> Iterator[Finding]:
    """A no is a Refusal; the kernel may know the framework's own exception in order to answer it."""
    advice = "raise a Refusal of the context's rules; kernel.http renders it"
    for module in project.package:
        used = module.calls() if module.within("kernel") else _references(module.tree)
        for node in used:
            name = module.dotted(node.func if isinstance(node, ast.Call) else node)
            if HTTP_EXCEPTION.fullmatch(name):
                yield module.finding(node, "http-exception", advice)


def _references(tree: ast.Module) -> Iterator[ast.expr]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name))
