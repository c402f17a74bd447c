"""Runs every check on this checkout: prints `file:line: rule: what to do` and exits 1 if there is anything to do."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.checks import (
    database,
    docstrings,
    exceptions,
    mapping,
    migration_files,
    names,
    sizes,
    surroundings,
    texts,
    wiring,
)
from tools.checks.project import Finding, Project, read

CHECKS: tuple[Callable[[Project], Iterator[Finding]], ...] = (
    database.ends_of_transactions,
    database.sql,
    docstrings.functions,
    docstrings.modules,
    mapping.foreign_keys_to_platform,
    mapping.native_enums,
    mapping.relationships,
    migration_files.imports,
    migration_files.names,
    migration_files.per_company,
    names.modules,
    sizes.files,
    sizes.functions,
    surroundings.clock,
    surroundings.environment,
    surroundings.http_exceptions,
    texts.locks,
    texts.machine_paths,
    texts.registries,
    wiring.contexts,
    wiring.imports,
    wiring.reasons,
)


def findings_in(project: Project, allowed: list[exceptions.Allowed]) -> list[Finding]:
    """What every check finds, less what the list of exceptions covers, in the order of files and lines."""
    found = [finding for check in CHECKS for finding in check(project)]
    return sorted(exceptions.apply(found, allowed))


def main() -> int:
    found = findings_in(read(Path.cwd()), exceptions.parse(exceptions.LIST.read_text(encoding="utf-8")))
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
