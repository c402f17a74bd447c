"""Modules say what they are for, and what others call says what it does."""

import pytest

from tests.tools.checks.make import found
from tools.checks import docstrings


@pytest.mark.parametrize(
    "path", ["src/foodflow/plant/rules.py", "tests/test_x.py", "migrations/tenant/2026_01_01_x.py"]
)
def test_a_module_without_a_docstring_is_found(path: str) -> None:
    assert found(docstrings.modules, {path: "x = 1\n"}) == [(path, 1)]


def test_a_module_with_a_docstring_and_an_empty_one_pass() -> None:
    assert not found(docstrings.modules, {"tools/a.py": '"""Says what it is for."""\n', "tests/__init__.py": ""})


@pytest.mark.parametrize(
    "path",
    [
        "src/foodflow/plant/usecases.py",
        "src/foodflow/plant/usecases/batches.py",
        "src/foodflow/identity/public.py",
        "src/foodflow/numerics/oee.py",
    ],
)
@pytest.mark.parametrize("source", ["def deed():\n    pass\n", "async def deed():\n    pass\n"])
def test_a_function_that_owes_a_docstring_is_found(path: str, source: str) -> None:
    assert found(docstrings.functions, {path: source}) == [(path, 1)]


def test_a_method_owes_one_too() -> None:
    path = "src/foodflow/numerics/oee.py"
    assert found(docstrings.functions, {path: "class Loss:\n    def share(self):\n        return 1\n"}) == [(path, 2)]


def test_functions_elsewhere_private_ones_and_those_that_say_what_they_do_pass() -> None:
    files = {
        "src/foodflow/plant/routes.py": "def handler():\n    pass\n",
        "src/foodflow/plant/usecases.py": 'def deed():\n    """Does it."""\n',
        "src/foodflow/numerics/oee.py": "def _step():\n    pass\nclass _Inner:\n    def share(self):\n        pass\n",
    }
    assert not found(docstrings.functions, files)
