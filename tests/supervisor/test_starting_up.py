"""Starting: everything is made once and found again, and what keeps FoodFlow from starting is one line."""

import json
import re
import signal
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from foodflow.kernel import lifeline
from foodflow.kernel.embedded import temporary_postgres
from tests.supervisor.make import Run, one_line


def test_the_first_start_makes_everything_and_says_where_it_is(run: Run) -> None:
    run.start_and_wait()
    assert run.said.splitlines() == [
        "Starting PostgreSQL",
        "Starting web and jobs",
        "Preparing the database",
        "the pantry is there",
        f"Mails are written into {run.home / 'mail'}",
        f"FoodFlow is ready at {run.address}",
    ]
    assert run.answer()[0] == 200
    assert {found.name for found in run.home.iterdir()} == {"log", "postgres", "run", "secret"}
    assert {found.name for found in (run.home / "log").iterdir()} == {"postgres.log", "web.log", "jobs.log"}
    assert run.stop() == 0
    assert run.said.splitlines()[-1] == "Stopping FoodFlow"
    run.require_nothing_left()


def test_a_second_start_finds_data_and_key_again(run: Run) -> None:
    run.start_and_wait()
    run.put("plum")
    key = (run.home / "secret").read_text()
    run.stop()
    run.start_and_wait()
    assert run.labels() == ["plum"]
    assert (run.home / "secret").read_text() == key


def test_the_key_is_kept_where_only_its_owner_can_read_it(run: Run) -> None:
    run.start_and_wait()
    secret = run.home / "secret"
    assert re.fullmatch(r"[0-9a-f]{64}\n", secret.read_text())
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_the_parts_find_all_settings_in_their_environment(run: Run) -> None:
    run.variables = {"FOODFLOW_ADMIN_PASSWORD": "hidden", "FOODFLOW_LOG_LEVEL": "warning"}
    run.start_and_wait()
    environment = json.loads(run.answer()[1])
    assert environment["DATABASE_URL"] == run.database.url
    assert environment["FOODFLOW_SECRET_KEY"] == (run.home / "secret").read_text().strip()
    assert environment["FOODFLOW_HOME"] == str(run.home)
    assert environment["FOODFLOW_LOG_LEVEL"] == "warning"
    assert Path(environment["FOODFLOW_LIFELINE"]).samefile(lifeline.lock_of(run.home))
    assert "hidden" not in environment.values()


def test_a_key_that_is_given_is_used_and_not_written_down(run: Run) -> None:
    run.variables = {"FOODFLOW_SECRET_KEY": "k" * 32}
    run.start_and_wait()
    assert json.loads(run.answer()[1])["FOODFLOW_SECRET_KEY"] == "k" * 32
    assert not (run.home / "secret").exists()


def test_a_key_file_without_a_key_is_refused(run: Run) -> None:
    run.home.mkdir()
    (run.home / "secret").write_text("short\n")
    assert run.start().end() == 2
    assert one_line(run.said).startswith(f"FoodFlow cannot start: {run.home}/secret holds no key of 32 characters")


def test_a_taken_port_is_one_line_before_anything_is_started(run: Run) -> None:
    with socket.create_server(("127.0.0.1", run.port)):
        assert run.start().end() == 2
    line = f"FoodFlow cannot start: port {run.port} on 127.0.0.1 is taken (set FOODFLOW_PORT)"
    assert one_line(run.said) == line
    assert not (run.home / "postgres").exists()
    run.require_nothing_left()


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_this_machine_s_is_one_line(run: Run, host: str) -> None:
    run.variables = {"FOODFLOW_HOST": host}
    assert run.start().end() == 2
    assert one_line(run.said).startswith(f"FoodFlow cannot start: cannot listen on {host} port {run.port}: ")


def test_a_second_foodflow_on_the_same_home_is_told_where_the_first_one_is(
    run: Run, new_run: Callable[[], Run]
) -> None:
    run.start_and_wait()
    second = new_run()
    second.home = run.home
    assert second.start().end() == 2
    assert run.process
    line = f"FoodFlow cannot start: FoodFlow already runs at {run.address} (process {run.process.pid})"
    assert one_line(second.said) == line
    second.port = run.port
    assert second.start().end() == 2
    assert one_line(second.said) == line
    assert run.answer()[0] == 200


def test_a_home_that_cannot_be_written_is_one_line(run: Run) -> None:
    (run.folder / "home").write_text("a file")
    assert run.start().end() == 2
    assert one_line(run.said) == f"FoodFlow cannot start: cannot use {run.home}: File exists (set FOODFLOW_HOME)"


def test_a_database_that_cannot_be_reached_is_one_line_without_its_password(run: Run) -> None:
    run.variables = {"DATABASE_URL": "postgresql://ff:hidden@127.0.0.1:1/plant"}
    assert run.start().end() == 2
    line = one_line(run.said)
    assert line.startswith(
        "FoodFlow cannot start: the database of DATABASE_URL at 127.0.0.1:1/plant cannot be reached: "
    )
    assert "hidden" not in line
    run.require_nothing_left()


def test_a_database_that_somebody_else_runs_is_used_and_left_running(run: Run) -> None:
    with temporary_postgres() as server:
        run.variables = {"DATABASE_URL": server.url}
        run.start_and_wait()
        assert json.loads(run.answer()[1])["DATABASE_URL"] == server.url
        assert not (run.home / "postgres").exists()
        run.signal(signal.SIGKILL)
        run.end()
        run.require_nothing_left()
        run.start_and_wait()
        assert run.stop() == 0
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT count(*) FROM pantry.jars").fetchone() == (0,)


def test_a_database_role_that_may_not_create_roles_is_one_line(run: Run) -> None:
    with temporary_postgres() as server:
        with psycopg.connect(server.superuser_url, autocommit=True) as connection:
            connection.execute("CREATE ROLE guest LOGIN")
        run.variables = {"DATABASE_URL": server.url.replace("foodflow@", "guest@")}
        assert run.start().end() == 2
    assert "cannot be used: the role guest may not create roles" in one_line(run.said)


def test_a_preparation_that_cannot_be_done_is_one_line_and_leaves_nothing(run: Run) -> None:
    run.change("up", 'def prepare(settings):\n    raise supervisor.CannotStartError("the pantry is locked")')
    assert run.start().end() == 2
    assert run.said.splitlines()[-1] == "FoodFlow cannot start: the pantry is locked"
    run.require_nothing_left()


def test_a_preparation_that_breaks_shows_its_fault_and_leaves_nothing(run: Run) -> None:
    run.change("up", "def prepare(settings):\n    return 1 / 0")
    assert run.start().end() == 1
    assert run.said.splitlines()[-1] == "ZeroDivisionError: division by zero"
    run.require_nothing_left()


def test_a_part_that_breaks_at_once_shows_its_last_lines(run: Run) -> None:
    run.change("web", 'raise RuntimeError("no tablecloth")')
    assert run.start().end() == 1
    assert f"FoodFlow stops: web ended with exit code 1 (log: {run.home}/log/web.log)" in run.said
    assert run.said.splitlines()[-1] == "  RuntimeError: no tablecloth"
    run.require_nothing_left()


def test_a_web_server_that_never_gets_ready_is_given_up(run: Run) -> None:
    run.change("up", "supervisor._SECONDS_TO_READY = 2.0")
    run.programs["web"] = 'print("laying the table", flush=True); __import__("time").sleep(600)'
    assert run.start().end() == 1
    assert f"FoodFlow stops: {run.address}/health/ready did not answer 200 within 2 s" in run.said
    assert "  web: laying the table" in run.said
    run.require_nothing_left()
