"""The documents agree with the code: generated pages are up to date, links lead somewhere, names are known."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from fastapi import FastAPI

from foodflow.cli import build
from foodflow.identity.public.people import ROLES
from foodflow.kernel.events import Event
from foodflow.kernel.http import guarded_router, needs, open_to_all
from foodflow.settings import Settings, variable_of
from tools.checks.project import Project
from tools.docs import happenings, permissions, places
from tools.docs.__main__ import FOLDER, main, pages, stale, write
from tools.docs.markdown import table

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs/adr").glob("*.md"))
LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")


def test_the_generated_pages_are_what_the_code_says() -> None:
    assert stale(pages(), ROOT / FOLDER) == []


def test_a_page_that_is_missing_changed_or_made_by_nothing_is_named(tmp_path: Path) -> None:
    write({"kept.md": "as made", "changed.md": "as made", "left.md": "as made"}, tmp_path / "pages")
    (tmp_path / "pages/changed.md").write_text("by hand", encoding="utf-8")
    wrong = stale(dict.fromkeys(("kept.md", "changed.md", "missing.md"), "as made"), tmp_path / "pages")
    assert [line.partition(":")[0] for line in wrong] == ["changed.md", "missing.md", "left.md"]


def test_checking_exits_with_1_and_a_line_for_each_page(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tools.docs.__main__.ROOT", tmp_path)
    monkeypatch.setattr("tools.docs.__main__.pages", lambda: {"map.md": "a map"})
    assert main(["check"]) == 1
    assert capsys.readouterr().out.startswith("docs/generated/map.md: ")
    assert main([]) == 0
    assert main(["check"]) == 0
    assert capsys.readouterr().out == ""


def test_an_unknown_word_is_answered_with_the_usage() -> None:
    assert main(["chek"]) == 2


def test_a_bar_or_a_line_in_a_cell_does_not_break_the_table() -> None:
    assert table(("a", "b"), [("x | y", "two\nlines")]).splitlines()[-1] == "| x \\| y | two lines |"


def test_a_route_is_listed_with_its_whole_path_and_what_it_needs() -> None:
    router = guarded_router(prefix="/things")
    router.add_api_route("/{id}", list, methods=["DELETE"], dependencies=[needs("plant.configure")])
    router.add_api_route("", list, dependencies=[open_to_all()])
    app = FastAPI(openapi_url=None)
    app.include_router(router, prefix="/api/v1")
    found, unguarded = permissions.entrances_of(app)
    assert [(entrance.methods, entrance.path, entrance.permission) for entrance in found] == [
        ("DELETE", "/api/v1/things/{id}", "plant.configure"),
        ("GET", "/api/v1/things", ""),
    ]
    assert unguarded == []
    assert permissions.who(found[1]) == "everybody"


def test_a_route_without_a_guard_cannot_be_listed() -> None:
    app = FastAPI()
    app.add_api_route("/open", list)
    with pytest.raises(LookupError, match="/open declares 0 guards"):
        permissions.entrances_of(app)


def test_a_wildcard_holds_what_it_covers() -> None:
    assert permissions.roles_with("something.new") == ["administrator"]
    assert set(permissions.roles_with("identity.read_self")) == set(ROLES)


@dataclass(frozen=True, kw_only=True)
class _Emptied(Event):
    type: ClassVar[str] = "tank.emptied"
    needs: ClassVar[str] = "tank.read"

    tank_id: int

    @property
    def subject(self) -> str:
        return f"tank/{self.tank_id}"


def test_a_subject_is_shown_as_a_pattern() -> None:
    assert happenings.subject_of(_Emptied) == "tank/<tank_id>"


def test_events_of_tests_are_not_on_the_list() -> None:
    assert _Emptied not in happenings.events()
    assert all(event.__module__.startswith("foodflow.") for event in happenings.events())


def test_the_map_has_a_line_for_each_module_and_says_what_is_to_come() -> None:
    contract = '[[tool.importlinter.contracts]]\nid = "order"\nlayers = ["(desk)", "(plant)", "settings"]\n'
    made = places.make(
        Project(
            {
                "pyproject.toml": contract,
                "src/foodflow/settings.py": '"""What a process is told."""',
                "src/foodflow/plant/__init__.py": '"""The plant.\n\nMore of it."""',
                "src/foodflow/plant/queries/lines.py": '"""Lines."""',
            }
        )
    )
    assert "```\n(desk)\nplant\nsettings\n```" in made
    assert "| `settings` | What a process is told. |" in made
    assert "## plant\n\nThe plant.\n\n" in made
    assert "| `queries.lines` | Lines. |" in made


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files_that_are_there(document: Path) -> None:
    links = [link for link in LINK.findall(document.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_variables_in_the_documents_are_settings() -> None:
    known = {variable_of(name) for name in Settings.model_fields}
    named = {name for path in DOCUMENTS for name in re.findall(r"\bFOODFLOW_[A-Z_]+\b", path.read_text("utf-8"))}
    assert named - known == set()


def test_commands_in_the_documents_exist() -> None:
    app = build([])
    known = {each.name or getattr(each.callback, "__name__", "") for each in app.registered_commands}
    known |= {each.name for each in app.registered_groups if isinstance(each.name, str)}
    named = {name for path in DOCUMENTS for name in re.findall(r"(?:bin/|`)foodflow ([a-z]+)", path.read_text("utf-8"))}
    assert named
    assert named - known == set()


def test_each_decision_has_a_number_a_date_a_status_and_four_parts() -> None:
    assert [path.name[:4] for path in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]
    for path in DECISIONS:
        text = path.read_text(encoding="utf-8")
        assert re.match(rf"# {path.name[:4]} .+\n\n\d{{4}}-\d\d-\d\d, (accepted|superseded by \d{{4}})\n", text), (
            path.name
        )
        parts = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert parts == ["Context", "Decision", "Consequences", "Alternatives"], path.name
