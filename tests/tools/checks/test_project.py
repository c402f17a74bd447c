"""Names are resolved through imports, places are told from paths, and a checkout is read without its leftovers."""

import ast
import subprocess
from pathlib import Path

import pytest

from tests.tools.checks.make import project
from tools.checks.__main__ import CHECKS, findings_in
from tools.checks.exceptions import Allowed
from tools.checks.project import Finding, Module, Project, read


def module(path: str, source: str = "") -> Module:
    return Module(path, ast.parse(source))


@pytest.mark.parametrize(
    ("path", "context", "room"),
    [
        ("src/foodflow/plant/usecases.py", "plant", "usecases"),
        ("src/foodflow/plant/usecases/batches.py", "plant", "usecases"),
        ("src/foodflow/plant/__init__.py", "plant", None),
        ("src/foodflow/kernel/db.py", None, None),
        ("src/foodflow/numerics/oee.py", None, None),
        ("src/foodflow/main.py", None, None),
        ("tests/plant/test_rules.py", None, None),
    ],
)
def test_a_path_tells_context_and_room(path: str, context: str | None, room: str | None) -> None:
    assert (module(path).context, module(path).room) == (context, room)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import datetime as dt\ndt.datetime.now", "datetime.datetime.now"),
        ("import os.path\nos.environ", "os.environ"),
        ("from time import time as moment\nmoment", "time.time"),
        ("own.name", "own.name"),
        ("call().name", ""),
    ],
)
def test_a_name_is_resolved_through_its_import(source: str, name: str) -> None:
    parsed = module("tools/x.py", source)
    expression = parsed.tree.body[-1]
    assert isinstance(expression, ast.Expr)
    assert parsed.dotted(expression.value) == name


def test_a_finding_is_one_line_that_an_editor_can_follow() -> None:
    assert str(Finding("src/foodflow/cli.py", 7, "clock", "ask kernel.clock")) == (
        "src/foodflow/cli.py:7: clock: ask kernel.clock"
    )


def test_every_check_passes_on_an_empty_project() -> None:
    assert [finding for check in CHECKS for finding in check(Project({}))] == []


def test_findings_come_sorted_and_without_what_is_allowed() -> None:
    source = '"""Says what it is for."""\nimport os\nimport time\ntime.time()\nos.environ\n'
    files = {"src/foodflow/main.py": source, "src/foodflow/cli.py": source}
    allowed = [Allowed("environment", "src/foodflow/cli.py", reason="a test's")]
    assert [(finding.path, finding.rule) for finding in findings_in(project(files), allowed)] == [
        ("src/foodflow/cli.py", "clock"),
        ("src/foodflow/main.py", "clock"),
        ("src/foodflow/main.py", "environment"),
    ]


def test_a_checkout_is_read_without_what_is_ignored_and_without_pictures(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("data/\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/rows.csv").write_text("1")
    (tmp_path / "page.png").write_bytes(b"\x89PNG\xff")
    (tmp_path / "main.py").write_text("x = 1\n")
    assert set(read(tmp_path).files) == {".gitignore", "main.py"}


def test_without_version_control_hidden_folders_and_caches_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    for name in (".venv/a.py", ".ci/run", "src/__pycache__/b.pyc", "src/c.py", "Makefile"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text("")
    assert set(read(tmp_path).files) == {".ci/run", "src/c.py", "Makefile"}
