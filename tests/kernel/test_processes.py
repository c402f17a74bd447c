"""Processes as groups: how they ended, in words, and that nothing of them is left."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from foodflow.kernel import processes
from foodflow.kernel.processes import Part, has_ended, how_ended, kill_all_that_carry, wait_until

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "60"], start_new_session={apart})
print("child", child.pid, flush=True)
time.sleep(60)
"""
Start = Callable[..., Part]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a program as a part; it is killed afterwards if it still runs."""
    parts: list[Part] = []

    def begin(program: str, **environment: str) -> Part:
        argv = [sys.executable, "-c", program]
        part = Part("part", argv, environment={"PATH": os.defpath} | environment, log=tmp_path / "log" / "part.log")
        parts.append(part)
        return part

    yield begin
    for part in parts:
        part.stop(grace=0.1)


def child_of(part: Part) -> psutil.Process:
    """The child that a stubborn part says it has."""
    assert wait_until(lambda: bool(part.last_lines()), 10)
    return psutil.Process(int(part.last_lines()[-1].removeprefix("child ")))


def wait_for(part: Part) -> None:
    assert wait_until(lambda: part.poll() is not None, 10)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "ended with exit code 0"),
        (3, "ended with exit code 3"),
        (-9, "was killed by SIGKILL"),
        (-63, "was killed by signal 63"),
    ],
)
def test_an_exit_code_is_said_in_words(code: int, words: str) -> None:
    assert how_ended(code) == words


def test_a_part_that_ignores_the_request_is_killed_with_its_children(start: Start) -> None:
    part = start(STUBBORN.format(apart=False))
    child = child_of(part)
    part.stop(grace=0.2)
    assert part.poll() == -9
    assert has_ended(child)


def test_children_of_a_part_that_was_killed_are_stopped_with_it(start: Start) -> None:
    part = start(STUBBORN.format(apart=False))
    child = child_of(part)
    psutil.Process(part.pid).kill()
    wait_for(part)
    assert not has_ended(child)
    part.stop(grace=5)
    assert has_ended(child)


def test_what_has_left_the_group_is_found_by_its_environment(start: Start) -> None:
    part = start(STUBBORN.format(apart=True), MARK="of this very run")
    child = child_of(part)
    part.stop(grace=0.2)
    assert not has_ended(child)
    with subprocess.Popen(["sleep", "60"], env={"PATH": os.defpath, "MARK": "of another run"}) as bystander:
        kill_all_that_carry("of this very run")
        assert has_ended(child)
        assert bystander.poll() is None
        bystander.kill()


def test_the_last_lines_are_those_of_this_start(start: Start, tmp_path: Path) -> None:
    for word in ("first", "second"):
        part = start(f"print('{word}')")
        wait_for(part)
        assert part.last_lines() == [word]
    assert (tmp_path / "log" / "part.log").read_text() == "first\nsecond\n"


def test_a_log_that_has_grown_too_long_is_set_aside(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "LOG_CAP", 3)
    for word in ("first", "second", "third"):
        part = start(f"print('{word}')")
        wait_for(part)
    assert (tmp_path / "log" / "part.log").read_text() == "third\n"
    assert (tmp_path / "log" / "part.log.1").read_text() == "second\n"


def test_waiting_ends_when_the_time_is_up() -> None:
    assert not wait_until(lambda: False, 0.05)
    assert wait_until(lambda: True, 0)
