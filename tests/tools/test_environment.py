"""tools/environment installs once, installs again when something changed, and says in one line what it cannot do."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# A Python that is new enough, and that makes environments whose pip writes down what it is asked for.
STUB = """#!/bin/sh
case "$*" in
    *"-m venv"*)
        mkdir -p .venv/bin
        cp "$0" .venv/bin/python
        echo "#!$PWD/.venv/bin/python" >.venv/bin/pip
        echo made >>asked ;;
    *"-m pip"*) echo "${*##* install }" >>asked ;;
esac
"""
EDITABLE = "--no-build-isolation --no-deps --editable ."


@dataclass
class Checkout:
    """A checkout with nothing but what tools/environment reads, and a folder of commands as its PATH."""

    folder: Path
    commands: Path

    def environment(self, kind: str) -> subprocess.CompletedProcess[str]:
        script = str(self.folder / "tools/environment")
        path = {"PATH": str(self.commands)}
        return subprocess.run([script, kind], env=path, capture_output=True, text=True, check=False)

    def asked(self, kind: str) -> list[str]:
        """What was done when this kind of environment was asked for, line by line."""
        written = self.folder / "asked"
        written.unlink(missing_ok=True)
        assert self.environment(kind).returncode == 0
        return written.read_text().splitlines() if written.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    folder, commands = tmp_path / "checkout", tmp_path / "commands"
    for name in ("tools/environment", "pyproject.toml", "requirements/base.txt", "requirements/dev.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    commands.mkdir()
    for name in ("sh", "awk", "cat", "cksum", "cp", "dirname", "grep", "mkdir", "rm"):
        found = shutil.which(name)
        assert found
        (commands / name).symlink_to(found)
    return Checkout(folder, commands)


@pytest.fixture
def ready(checkout: Checkout) -> Checkout:
    """The same with a Python on the PATH."""
    python = checkout.commands / "python3"
    python.write_text(STUB)
    python.chmod(0o755)
    return checkout


def test_the_second_call_installs_nothing(ready: Checkout) -> None:
    assert ready.asked("base") == ["made", "--require-hashes -r requirements/base.txt", EDITABLE]
    assert ready.asked("base") == []


def test_an_environment_to_work_in_serves_to_run_as_well_and_is_kept_up_to_date(ready: Checkout) -> None:
    everything = ["--require-hashes -r requirements/dev.txt", EDITABLE]
    ready.asked("base")
    assert ready.asked("dev") == everything
    assert ready.asked("base") == []
    (ready.folder / "requirements/dev.txt").write_text("numpy==1\n")
    assert ready.asked("base") == everything


def test_what_configures_the_linters_is_no_reason_to_install_again(ready: Checkout) -> None:
    project = ready.folder / "pyproject.toml"
    ready.asked("base")
    project.write_text(project.read_text() + '\n[tool.other]\nkey = "value"\n')
    assert ready.asked("base") == []
    project.write_text(project.read_text().replace("foodflow.cli:main", "foodflow.cli:other"))
    assert ready.asked("base") != []


def test_a_checkout_that_was_moved_gets_a_new_environment(ready: Checkout) -> None:
    ready.asked("base")
    moved = Checkout(ready.folder.rename(ready.folder.with_name("moved")), ready.commands)
    assert moved.asked("base")[0] == "made"


def test_without_python_one_line_says_so(checkout: Checkout) -> None:
    result = checkout.environment("base")
    assert result.returncode == 2
    assert result.stderr == "FoodFlow needs Python 3.11 or newer, and no python3 on the PATH is.\n"


def test_an_old_python_is_passed_over_for_a_newer_one(checkout: Checkout) -> None:
    for name, text in (("python3", "#!/bin/sh\nexit 1\n"), ("python3.12", STUB)):
        (checkout.commands / name).write_text(text)
        (checkout.commands / name).chmod(0o755)
    assert checkout.asked("base")[0] == "made"


def test_a_python_without_the_means_to_make_environments_is_named(ready: Checkout) -> None:
    cannot = '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; esac\n'
    (ready.commands / "python3").write_text(cannot)
    result = ready.environment("base")
    assert result.returncode == 2
    assert "python3-venv" in result.stderr
