"""Fixtures: FoodFlows of their own, of which nothing is left when the test is over."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.supervisor.make import Run


@pytest.fixture
def new_run(tmp_path: Path) -> Iterator[Callable[[], Run]]:
    runs: list[Run] = []

    def make() -> Run:
        folder = tmp_path / f"run{len(runs)}"
        folder.mkdir()
        runs.append(Run(folder))
        return runs[-1]

    yield make
    for run in runs:
        run.clean_up()


@pytest.fixture
def run(new_run: Callable[[], Run]) -> Run:
    return new_run()
