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
TAKEN = """
import socket
taken = socket.create_server((settings.host, 0))
served = taken.getsockname()[1]
"""
SERVED = """
import asyncio, time
from foodflow.kernel.http import serving

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown": return
    if scope["path"] == "/stuck":
        await asyncio.to_thread(time.sleep, 600)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/endless":
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        await asyncio.sleep(600)
    await send({"type": "http.response.body", "body": b""})

# limits
serving.serve(app, host=settings.host, port=settings.port, end=lambda: print("told to end", flush=True))
print("served to the end", flush=True)
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


@pytest.fixture
def served(run: Run) -> Run:
    """A run whose web part is the server that FoodFlow has, with a worker of its own beside."""
    run.programs["web"] = run.programs["web"].partition("class Answer")[0] + SERVED
    return run


def test_a_web_server_ends_with_a_stream_that_does_not(served: Run) -> None:
    served.start_and_wait()
    with served.begun("/endless"):
        assert served.stop() == 0
    assert served.log("web")[-1] == "served to the end"
    assert "told to end" in served.log("web")
    served.require_nothing_left()


def test_a_web_server_leaves_behind_what_cannot_be_called_back(served: Run) -> None:
    served.programs["web"] = served.programs["web"].replace("# limits", "serving.SECONDS_TO_LEAVE = 5.5")
    served.start_and_wait()
    with served.begun("/stuck"):
        assert served.stop() == 0
    assert "told to end" in served.log("web")
    served.require_nothing_left()


@pytest.mark.parametrize("path", ["/", "/endless", "/stuck"])
def test_a_web_server_does_not_outlive_a_supervisor_that_is_killed(served: Run, path: str) -> None:
    served.start_and_wait()
    with served.begun(path):
        served.signal(signal.SIGKILL)
        served.end()
        served.require_nothing_left()


def test_a_web_server_killed_together_with_the_supervisor_does_not_leave_its_workers(served: Run) -> None:
    served.start_and_wait()
    web = served.part("web")
    with served.begun("/endless"):
        served.signal(signal.SIGKILL)
        web.kill()
        served.end()
        served.require_nothing_left()


def test_a_web_server_that_cannot_listen_says_why_and_ends_everything(served: Run) -> None:
    served.programs["web"] = served.programs["web"].replace("port=settings.port", "port=served")
    served.programs["web"] = served.programs["web"].replace("# limits", TAKEN)
    served.start()
    assert served.end() == 1
    assert "FoodFlow stops: web ended with exit code 3" in served.said
    assert "address already in use" in served.said
    served.require_nothing_left()


def test_a_terminal_that_is_gone_keeps_nothing_from_being_stopped(run: Run) -> None:
    run.change("up", "import os; r, w = os.pipe(); os.close(r); os.dup2(w, 1)")
    run.start()
    assert wait_until((run.home / "log" / "jobs.log").exists, PATIENCE)
    run.look()
    assert run.stop() == 0
    run.require_nothing_left()
