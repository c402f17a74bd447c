"""Makes projects of a few lines and tells what a check finds in them."""

from collections.abc import Callable, Iterator
from textwrap import dedent

from tools.checks.project import Finding, Project

Check = Callable[[Project], Iterator[Finding]]


def project(files: dict[str, str]) -> Project:
    """A project of these files alone; each text may be indented as it stands in the test."""
    return Project({path: dedent(text) for path, text in files.items()})


def found(check: Check, files: dict[str, str]) -> list[tuple[str, int]]:
    """The file and line of everything that the check finds in these files."""
    return [(finding.path, finding.line) for finding in check(project(files))]
