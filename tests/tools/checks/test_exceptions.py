"""An exception covers what it names and nothing else, and one that covers nothing is reported."""

import pytest

from tools.checks import exceptions
from tools.checks.exceptions import LISTED_AT, Allowed, apply, parse
from tools.checks.project import Finding

FINDING = Finding("src/foodflow/numerics/oee.py", 12, "function-length", "shorten it", "solve")
REASON = "one published algorithm"


def listed(**other: str) -> Allowed:
    return Allowed(**{"rule": FINDING.rule, "path": FINDING.path, "reason": REASON, **other})


@pytest.mark.parametrize("exception", [listed(), listed(subject="solve")])
def test_an_exception_covers_its_rule_in_its_file(exception: Allowed) -> None:
    assert not list(apply([FINDING], [exception]))


@pytest.mark.parametrize(
    "exception", [listed(subject="other"), listed(rule="clock"), listed(path="src/foodflow/cli.py")]
)
def test_an_exception_for_something_else_covers_nothing_and_is_reported(exception: Allowed) -> None:
    left = list(apply([FINDING], [exception]))
    assert [finding.rule for finding in left] == ["function-length", "exception-not-needed"]


def test_an_exception_that_is_no_longer_needed_is_reported() -> None:
    (finding,) = apply([], [listed(subject="solve")])
    assert (finding.path, finding.rule) == (LISTED_AT, "exception-not-needed")
    assert "function-length src/foodflow/numerics/oee.py solve" in finding.advice


def test_an_exception_without_a_reason_is_reported() -> None:
    assert [finding.rule for finding in apply([FINDING], [listed(reason=" ")])] == ["exception-without-reason"]


def test_the_list_is_read_from_toml_and_refuses_fields_it_does_not_know() -> None:
    entry = f'[[exception]]\nrule = "{FINDING.rule}"\npath = "{FINDING.path}"\nreason = "{REASON}"\n'
    assert parse(entry) == [listed()]
    assert parse("") == []
    with pytest.raises(TypeError):
        parse(entry + 'because = "misspelt"\n')


def test_the_list_of_this_project_can_be_read() -> None:
    assert all(exception.reason for exception in parse(exceptions.LIST.read_text(encoding="utf-8")))
