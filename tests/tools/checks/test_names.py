"""Names that take in everything are found."""

import pytest

from tests.tools.checks.make import found
from tools.checks import names


@pytest.mark.parametrize(
    "path", ["src/foodflow/plant/services.py", "src/foodflow/utils/arrays.py", "tools/helpers.py", "tests/common.py"]
)
def test_a_module_or_package_named_after_nothing_is_found(path: str) -> None:
    assert found(names.modules, {path: ""}) == [(path, 1)]


def test_a_package_named_after_nothing_is_told_once() -> None:
    assert len(found(names.modules, {"src/foodflow/utils/a.py": "", "src/foodflow/utils/b.py": ""})) == 1


def test_names_of_the_field_pass() -> None:
    assert not found(names.modules, {"src/foodflow/plant/usecases/batches.py": "", "src/foodflow/desk/tickets.py": ""})
