"""Writes the generated pages; with `check`, prints a line for each that is not what the code says and exits 1."""

import sys
from collections.abc import Sequence
from pathlib import Path

from tools.checks.project import read
from tools.docs import happenings, permissions, places, variables

ROOT = Path(__file__).parents[2]
FOLDER = Path("docs/generated")


def pages() -> dict[str, str]:
    """The text of each page by its file name."""
    project = read(ROOT)
    return {
        "events.md": happenings.make(project),
        "map.md": places.make(project),
        "permissions.md": permissions.make(),
        "settings.md": variables.make(),
    }


def stale(wanted: dict[str, str], folder: Path) -> list[str]:
    """What is wrong with a folder of generated pages, a line for each file."""
    kept = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*")}
    lines = [f"{name}: not what the code says; write it with `python -m tools.docs`" for name in wanted]
    wrong = [line for name, line in zip(wanted, lines, strict=True) if kept.get(name) != wanted[name]]
    return wrong + [f"{name}: nothing makes this page any more; remove it" for name in sorted(kept.keys() - wanted)]


def write(wanted: dict[str, str], folder: Path) -> None:
    """Put the pages into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Write, or check; returns the exit code."""
    if arguments not in ([], ["check"]):
        print("usage: python -m tools.docs [check]")
        return 2
    if not arguments:
        write(pages(), ROOT / FOLDER)
        return 0
    wrong = stale(pages(), ROOT / FOLDER)
    for line in wrong:
        print(f"{FOLDER.as_posix()}/{line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
