"""Tells the build backend what FoodFlow depends on, so that requirements/base.in stays the only list."""

import tomllib
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface


def runtime_dependencies(root: Path) -> list[str]:
    """The lines of requirements/base.in, without comments and without what only builds the package."""
    with (root / "pyproject.toml").open("rb") as file:
        needed_to_build = set(tomllib.load(file)["build-system"]["requires"])
    lines = (line.partition("#")[0].strip() for line in (root / "requirements/base.in").read_text().splitlines())
    return [line for line in lines if line and line not in needed_to_build]


class Dependencies(MetadataHookInterface):
    def update(self, metadata: dict[str, object]) -> None:
        metadata["dependencies"] = runtime_dependencies(Path(self.root))
