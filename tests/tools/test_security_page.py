"""The security page holds FoodFlow against every requirement of the standard, once, and names proofs that are there."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs/security.md"
VERDICTS: Final = {"met", "not met", "not applicable"}
REQUIRED: Final = dict(
    line.split() for line in (ROOT / "tests/tools/asvs.txt").read_text(encoding="utf-8").splitlines()
)
LINE: Final = re.compile(r"\| (\d+\.\d+\.\d+) \| (\d) \| (.+?) \| (.+?) \| (.+) \|")
PROOF: Final = re.compile(r"`((?:src|tests|docs|tools|requirements|deploy)/[^`:]+|pyproject\.toml)(?:::([a-z0-9_]+))?`")

Verdicts = list[tuple[str, ...]]


@pytest.fixture(scope="module")
def verdicts() -> Verdicts:
    """Requirement, level, subject, verdict and why, of each line."""
    return [found.groups() for found in map(LINE.fullmatch, PAGE.read_text(encoding="utf-8").splitlines()) if found]


@cache
def defined_in(path: Path) -> frozenset[str]:
    """The tests that a file defines."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return frozenset(node.name for node in body if isinstance(node, kinds) and node.name.startswith("test_"))


def missing(why: str) -> list[str]:
    """The proofs that a text names and that are not there."""
    return [
        f"{path}::{test}" if test else path
        for path, test in PROOF.findall(why)
        if not (ROOT / path).is_file() or (test and test not in defined_in(ROOT / path))
    ]


def test_every_requirement_of_both_levels_has_its_line_once_and_in_order(verdicts: Verdicts) -> None:
    assert [(id, level) for id, level, *_ in verdicts] == list(REQUIRED.items())


def test_each_line_says_what_it_is_about_a_verdict_and_why(verdicts: Verdicts) -> None:
    assert {verdict for *_, verdict, _ in verdicts} == VERDICTS
    assert [id for id, _, subject, _, why in verdicts if not subject.strip() or not why.strip()] == []


def test_whatever_is_met_names_what_shows_it(verdicts: Verdicts) -> None:
    assert [id for id, *_, verdict, why in verdicts if verdict == "met" and not PROOF.search(why)] == []


def test_every_proof_that_is_named_is_there(verdicts: Verdicts) -> None:
    assert {id: missing(why) for id, *_, why in verdicts if missing(why)} == {}


def test_the_page_counts_its_own_verdicts_right(verdicts: Verdicts) -> None:
    counts = [sum(each[3] == verdict for each in verdicts) for verdict in ("met", "not met", "not applicable")]
    text = PAGE.read_text(encoding="utf-8")
    told = re.search(r"Of (\d+) requirements (\d+) are met, (\d+) are not, and (\d+) do not apply", text)
    assert told is not None
    assert [int(number) for number in told.groups()] == [len(verdicts), *counts]


def test_a_proof_that_is_not_there_is_found_out() -> None:
    here = "tests/tools/test_security_page.py"
    assert missing(f"`{here}::test_a_proof_that_is_not_there_is_found_out`, `docs/security.md`") == []
    assert missing(f"`{here}::test_of_nothing`, `docs/nothing.md`") == [f"{here}::test_of_nothing", "docs/nothing.md"]
