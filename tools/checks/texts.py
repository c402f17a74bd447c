"""Nothing in the project names the machine it was written on, or the place its dependencies came from."""

import re
from collections.abc import Iterator

from tools.checks.project import Finding, Project

# Put together from pieces, so that this file passes its own check.
REGISTRIES = tuple(
    ".".join(pieces)
    for pieces in (
        ("pypi", "org"),
        ("pypi", "python", "org"),
        ("pythonhosted", "org"),
        ("debian", "org"),
        ("archive", "ubuntu", "com"),
        ("security", "ubuntu", "com"),
        ("ports", "ubuntu", "com"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("registry", "docker", "io"),
        ("conda", "anaconda", "org"),
    )
)
HOST = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in REGISTRIES), re.IGNORECASE)
MACHINE_FOLDERS = ("work", "farm", "root", "tmp", "home", "Users")
# A folder directly below the root, not one further down a path or an address: "site/work/x" is nobody's machine.
MACHINE_PATH = re.compile(rf"(?<![\w.~*}}\])>-])/({'|'.join(MACHINE_FOLDERS)})/[\w.<{{-]")
LOCK_OPTION = re.compile(r"^\s*-(?!-hash=)|://|\s@\s|^\s*#.*\s-{1,2}(?:find-links|index-url|extra-index-url)")


def registries(project: Project) -> Iterator[Finding]:
    """Whoever installs brings an index of their own."""
    for path, number, line in _lines(project):
        found = HOST.search(line)
        if found:
            advice = f"do not name {found[0]}: whoever installs brings an index of their own"
            yield Finding(path, number, "registry-host", advice, found[0])


def machine_paths(project: Project) -> Iterator[Finding]:
    """A path of one machine means nothing on another."""
    for path, number, line in _lines(project):
        found = MACHINE_PATH.search(line)
        if found:
            yield Finding(path, number, "machine-path", f"say it relative to the checkout: {found[0]}…", found[0])


def locks(project: Project) -> Iterator[Finding]:
    """Locked requirements hold versions and hashes, no options and no addresses."""
    for path, number, line in _lines(project):
        if path.startswith("requirements/") and path.endswith(".txt") and LOCK_OPTION.search(line):
            yield Finding(
                path, number, "lock-names-a-place", "make the lock with `make lock`: versions and hashes alone"
            )


def _lines(project: Project) -> Iterator[tuple[str, int, str]]:
    for path, text in sorted(project.files.items()):
        for number, line in enumerate(text.splitlines(), start=1):
            yield path, number, line
