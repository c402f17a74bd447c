"""Fixtures: FoodFlows of their own, of which nothing is left when the test is over."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.supervisor.make import Run


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder of the test's own. Not pytest's: that is closed to other users whenever another run of pytest begins,
    and when root runs the tests PostgreSQL is one.
    """
    with tempfile.TemporaryDirectory(prefix="foodflow-") as folder:
        yield Path(folder)


@pytest.fixture
def new_run(place: Path) -> Iterator[Callable[[], Run]]:
    runs: list[Run] = []

    def make() -> Run:
        folder = place / f"run{len(runs)}"
        folder.mkdir()
        runs.append(Run(folder))
        return runs[-1]

    yield make
    for run in runs:
        run.clean_up()


@pytest.fixture
def run(new_run: Callable[[], Run]) -> Run:
    return new_run()
