"""Long functions and files are found: each that is too long, and too many that are long."""

from tests.tools.checks.make import found
from tools.checks import sizes

PATH = "src/foodflow/plant/rules.py"


def function(lines: int, *, name: str = "f", docstring: int = 0) -> str:
    said = ['    """Say.', *["    more"] * (docstring - 2), '    """'] if docstring else []
    return "\n".join([f"def {name}():", *said, *["    x = 1"] * (lines - 1)]) + "\n"


def test_a_function_past_sixty_lines_is_found_and_one_of_sixty_among_many_short_ones_is_not() -> None:
    short = "".join(function(3, name=f"f{number}") for number in range(40))
    assert not found(sizes.functions, {PATH: short + function(60)})
    assert found(sizes.functions, {PATH: short + function(61)}) == [(PATH, 121)]


def test_a_docstring_does_not_count() -> None:
    assert not found(sizes.functions, {PATH: function(34, docstring=40)})


def test_when_more_than_one_in_twenty_is_long_the_longest_are_found() -> None:
    functions = [function(3, name=f"f{number}") for number in range(18)] + [function(40), function(35)]
    assert found(sizes.functions, {PATH: "".join(functions)}) == [(PATH, 55)]


def test_short_tests_do_not_make_up_for_long_code() -> None:
    tests = "".join(function(3, name=f"test_{number}") for number in range(100))
    assert found(sizes.functions, {PATH: function(40), "tests/test_x.py": tests}) == [(PATH, 1)]


def test_a_file_past_five_hundred_lines_is_found_and_a_short_one_is_not() -> None:
    short = {f"src/foodflow/plant/p{number}.py": "x = 1\n" for number in range(40)}
    assert not found(sizes.files, short | {PATH: "x = 1\n" * 500})
    assert found(sizes.files, short | {PATH: "x = 1\n" * 501}) == [(PATH, 1)]


def test_when_more_than_one_in_twenty_files_is_long_the_longest_are_found() -> None:
    short = {f"src/foodflow/plant/p{number}.py": "x = 1\n" for number in range(18)}
    long = {PATH: "x = 1\n" * 400, "src/foodflow/plant/tables.py": "x = 1\n" * 351}
    assert found(sizes.files, short | long) == [(PATH, 1)]
