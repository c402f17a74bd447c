"""Which database a command works on, and what it says when that cannot be had."""

import asyncio
from pathlib import Path

import psycopg
import pytest

from foodflow.kernel import lifeline
from foodflow.kernel.embedded import EmbeddedPostgres
from tests.cli.make import foodflow, process
from tests.plant import make

UNREACHABLE = "postgresql://nobody:secret@127.0.0.1:1/none"
COMMANDS = [("tenant", "list"), ("audit", "verify"), ("simulate", "--history-only"), ("tenant", "create", "mill")]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "readings.csv"
    path.write_text(f"time,v\n{make.at()},1\n{make.at(1)},2\n")
    return path


def names(command: tuple[str, ...]) -> str:
    return " ".join(command)


@pytest.mark.parametrize("command", COMMANDS, ids=names)
async def test_a_database_that_cannot_be_reached_is_told_in_one_line_without_its_password(
    monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DATABASE_URL", UNREACHABLE)
    said = await foodflow(*command)
    assert "the database cannot do this now: " in said.refusal
    assert "refused" in said.refusal
    assert "secret" not in said.err


@pytest.mark.parametrize("command", COMMANDS, ids=names)
async def test_a_database_that_is_not_prepared_is_told_in_one_line_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, empty_database_url: str, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    assert "`foodflow tenant migrate` prepares it" in (await foodflow(*command)).refusal
    assert (await foodflow("tenant", "migrate")).code == 0
    assert (await foodflow("tenant", "list")).out.startswith("No companies yet")


async def test_a_wrong_setting_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://somewhere")
    assert "DATABASE_URL is not valid" in (await foodflow("tenant", "list")).refusal


async def test_a_command_starts_a_database_of_its_own_in_a_new_home_and_joins_one_that_runs(
    folder: Path, text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = folder / "home"
    first = await process("ingest", text, "--line", "L", environment={"FOODFLOW_HOME": str(home)})
    assert (first.code, first.err) == (0, "")
    assert "Company demo created" in first.out
    assert "2 readings stored, 0 were there already" in first.out
    server = EmbeddedPostgres(home)
    assert server.pid is None
    monkeypatch.setenv("FOODFLOW_HOME", str(home))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with lifeline.hold(lifeline.lock_of(home), address="this test"):  # which has only begun to start the server
        again = asyncio.create_task(foodflow("ingest", text, "--line", "L"))
        try:
            await asyncio.to_thread(server.start)
            assert "0 readings stored, 2 were there already" in (await again).out
            assert server.pid is not None
        finally:
            await asyncio.to_thread(server.stop)


@pytest.mark.usefixtures("on_database")
async def test_a_database_that_goes_away_under_a_command_is_told_in_one_line(
    database_url: str, superuser_url: str, text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the file is stored then, and no line is left over."""
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"

    async def gone(*_: object, **__: object) -> None:
        with psycopg.connect(superuser_url) as connection:
            connection.execute(cut)

    monkeypatch.setattr("foodflow.plant.usecases.imports.sensors_of", gone)
    assert "the database cannot do this now: " in (await foodflow("ingest", text, "--line", "L")).refusal
    with psycopg.connect(superuser_url) as connection:
        assert connection.execute("SELECT count(*) FROM t_demo.production_lines").fetchone() == (0,)


@pytest.mark.usefixtures("on_database")
async def test_the_default_company_is_the_one_that_the_settings_name(
    monkeypatch: pytest.MonkeyPatch, text: Path, superuser_url: str
) -> None:
    monkeypatch.setenv("FOODFLOW_DEFAULT_TENANT", "akron")
    assert (await foodflow("ingest", text, "--line", "L")).code == 0
    with psycopg.connect(superuser_url) as connection:
        assert connection.execute("SELECT line_number FROM t_akron.production_lines").fetchall() == [("L",)]
