"""Ending: asked to, or because something was killed; nothing is left running and nothing is lost."""

import signal

import psutil
import pytest

from foodflow.kernel.processes import wait_until
from tests.supervisor.make import PATIENCE, Run

AT_THE_END = """
import signal
def note(*_):
    with open({path!r}, "a") as file: file.write({name!r} + " ")
    {more}
    sys.exit(0)
signal.signal(signal.SIGTERM, note)
"""
ASK_DATABASE = """
    import psycopg
    psycopg.connect(settings.database_url).close()
    with open({path!r}, "a") as file: file.write("database-answers ")
"""
GRANIAN = """
from granian import Granian

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        lifeline.end_with_supervisor(settings.home, settings.lifeline)
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})

if __name__ == "__main__":
    sys.path.insert(0, str(__import__("pathlib").Path(__file__).parent))
    Granian("web:app", address=settings.host, port=settings.port, interface="asgi", workers=1).serve()
    sys.exit(0)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_being_asked_to_stop_ends_everything_in_order(run: Run, number: int) -> None:
    order = run.folder / "order.txt"
    run.change("web", AT_THE_END.format(path=str(order), name="web", more=""))
    asked = ASK_DATABASE.format(path=str(order)).strip()
    run.change("jobs", AT_THE_END.format(path=str(order), name="jobs", more=asked))
    run.start_and_wait()
    run.put("plum")
    run.signal(number)
    assert run.end() == 0
    assert order.read_text().split() == ["web", "jobs", "database-answers"]
    run.require_nothing_left()
    assert "database system is shut down" in (run.home / "log" / "postgres.log").read_text().splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("web", "web was killed by SIGKILL"),
        ("jobs", "jobs was killed by SIGKILL"),
        ("postgres", "PostgreSQL was killed by SIGKILL"),
    ],
)
def test_a_part_that_is_killed_ends_everything_and_loses_nothing(run: Run, name: str, said: str) -> None:
    run.start_and_wait()
    run.put("plum")
    run.part(name).kill()
    assert run.end() == 1
    line = next(line for line in run.said.splitlines() if line.startswith("FoodFlow stops: "))
    assert line == f"FoodFlow stops: {said} (log: {run.home}/log/{name}.log)"
    run.require_nothing_left()
    run.start_and_wait()
    assert run.labels() == ["plum"]


@pytest.mark.parametrize("also", [[], ["web"], ["web", "jobs"], ["postgres"]])
def test_a_supervisor_that_is_killed_is_outlived_by_nobody(run: Run, also: list[str]) -> None:
    run.start_and_wait()
    run.put("plum")
    victims = [run.part(name) for name in also]
    run.signal(signal.SIGKILL)
    for victim in victims:
        victim.kill()
    run.end()
    run.require_nothing_left()
    run.start_and_wait()
    assert run.labels() == ["plum"]


def test_a_supervisor_that_was_killed_can_be_started_again_at_once(run: Run) -> None:
    run.start_and_wait()
    run.put("plum")
    run.signal(signal.SIGKILL)
    run.end()
    run.start_and_wait()
    assert run.labels() == ["plum"]
    assert run.stop() == 0
    run.require_nothing_left()


def test_a_supervisor_killed_while_it_prepares_leaves_no_database_behind(run: Run) -> None:
    run.change("up", 'def prepare(settings):\n    supervisor.say("busy")\n    __import__("time").sleep(600)')
    run.start()
    run.wait_for("busy")
    database = psutil.Process(run.database.pid)
    assert database in run.seen
    run.signal(signal.SIGKILL)
    run.end()
    run.require_nothing_left()


def test_being_asked_to_stop_while_it_prepares_ends_everything(run: Run) -> None:
    run.change("up", 'def prepare(settings):\n    supervisor.say("busy")\n    __import__("time").sleep(600)')
    run.start()
    run.wait_for("busy")
    assert run.stop() == 0
    run.require_nothing_left()


@pytest.mark.parametrize("line", ["Starting PostgreSQL", "Preparing the database", "Starting web and jobs"])
def test_being_asked_to_stop_at_any_time_of_the_start_ends_everything(run: Run, line: str) -> None:
    run.start()
    run.wait_for(line)
    assert run.stop() == 0
    run.require_nothing_left()


def test_a_worker_of_the_web_server_that_is_killed_ends_everything(run: Run) -> None:
    run.programs["web"] = run.programs["web"].partition("# A worker")[0] + GRANIAN
    run.start_and_wait()
    run.part("web").children()[0].kill()
    assert run.end() == 1
    assert "FoodFlow stops: web ended with exit code 1" in run.said
    assert "worker-1" in run.said
    run.require_nothing_left()


def test_a_web_server_killed_together_with_the_supervisor_does_not_leave_its_workers(run: Run) -> None:
    run.programs["web"] = run.programs["web"].partition("# A worker")[0] + GRANIAN
    run.start_and_wait()
    web = run.part("web")
    run.signal(signal.SIGKILL)
    web.kill()
    run.end()
    run.require_nothing_left()


def test_a_terminal_that_is_gone_keeps_nothing_from_being_stopped(run: Run) -> None:
    run.change("up", "import os; r, w = os.pipe(); os.close(r); os.dup2(w, 1)")
    run.start()
    assert wait_until((run.home / "log" / "jobs.log").exists, PATIENCE)
    run.look()
    assert run.stop() == 0
    run.require_nothing_left()
