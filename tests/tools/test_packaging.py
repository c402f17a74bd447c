"""The package asks for what requirements/base.in lists, and not for what only builds it."""

from pathlib import Path

from tools.packaging import runtime_dependencies

ROOT = Path(__file__).parents[2]


def test_comments_and_what_builds_the_package_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "pyproject.toml").write_text('[build-system]\nrequires = ["hatchling"]\n')
    (tmp_path / "requirements/base.in").write_text(
        "# the web\nfastapi # and Starlette\n\npsycopg[pool]>=3\nhatchling\n"
    )
    assert runtime_dependencies(tmp_path) == ["fastapi", "psycopg[pool]>=3"]


def test_everything_the_package_asks_for_is_locked() -> None:
    locked = (ROOT / "requirements/base.txt").read_text(encoding="utf-8")
    names = [dependency.partition("[")[0].partition(">")[0] for dependency in runtime_dependencies(ROOT)]
    assert names
    assert [name for name in names if f"\n{name}==" not in locked] == []
