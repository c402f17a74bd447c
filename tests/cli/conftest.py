"""Fixtures of the command line: its settings name the module's database."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> dict[str, str]:
    """The settings of a command that works on the module's database."""
    return {"DATABASE_URL": database_url, "FOODFLOW_HOME": str(tmp_path / "home")}


@pytest.fixture
def on_database(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands called in this process work on the module's database."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder for an embedded PostgreSQL; not pytest's, which its next run closes to PostgreSQL's own user."""
    with tempfile.TemporaryDirectory(prefix="foodflow-") as path:
        yield Path(path)
